"""Benchmarks of macroengine and its alternatives. `python -m benchmarks --help`."""
