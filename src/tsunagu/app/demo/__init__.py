"""Brings a simulated organisation into an empty database, for the demo and for load tests."""
