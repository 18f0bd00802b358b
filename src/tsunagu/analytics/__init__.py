"""The analytical library: event log in, risk and reasons out.  Knows nothing of Django."""
