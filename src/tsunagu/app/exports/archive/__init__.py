"""A whole organisation as one file, and back: from SQLite to PostgreSQL, or the other way."""
