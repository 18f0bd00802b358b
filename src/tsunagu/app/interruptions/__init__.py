"""Interruptions (営業中途): their signals, what people decided about them, and their state."""
