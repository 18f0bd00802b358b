"""Playbooks: ordered answers to an interruption, run as dated tasks of people."""
