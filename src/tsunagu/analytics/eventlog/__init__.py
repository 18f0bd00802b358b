"""Event logs: reading them from files, checking them, keeping them on disk."""
