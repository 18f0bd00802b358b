"""Deals: the process, its stages, the running sales, and every fact about them."""
