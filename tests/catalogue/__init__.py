"""The catalogue: dialect files, the facts in them, and the names of other platforms."""
