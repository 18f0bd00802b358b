"""Features as of a snapshot time, as Ibis expressions."""
