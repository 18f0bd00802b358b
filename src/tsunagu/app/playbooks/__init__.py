"""Playbooks (対応手順): ordered answers to an interruption, run as dated tasks of people."""
