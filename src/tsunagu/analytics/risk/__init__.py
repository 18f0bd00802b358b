"""Competing-risk model: fit, calibrate, score, explain."""
