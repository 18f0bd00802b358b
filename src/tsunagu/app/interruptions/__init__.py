"""Interruptions: their signals, what people decided about them, and their state."""
