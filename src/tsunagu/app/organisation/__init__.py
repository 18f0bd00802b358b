"""Settings: what an organisation decides about itself, and what it keeps about people."""
