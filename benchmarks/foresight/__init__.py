"""How good is the foresight?  Public logs, time-ordered, beside the field's own methods.

Each module is one command, run from the repository's root: ``python -m benchmarks.foresight.NAME``.
"""
