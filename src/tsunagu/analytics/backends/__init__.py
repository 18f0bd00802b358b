"""Connections to the engines that run Ibis expressions."""
