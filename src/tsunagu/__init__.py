"""Tsunagu (つなぐ): software for sales teams against interrupted sales (営業中途)."""

__version__ = "0.1.0"
