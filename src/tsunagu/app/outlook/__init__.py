"""Outlook: what is to be won in a month, and what is expected of it."""
