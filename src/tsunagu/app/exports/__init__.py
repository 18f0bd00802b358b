"""What leaves the house as files: lists, the event log, and the whole organisation."""
