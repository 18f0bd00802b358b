"""Honest evaluation on a time-ordered split, with baselines beside it."""
