"""A simulated sales organisation whose truth is known."""
