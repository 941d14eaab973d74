"""What macroengine costs, beside what else one could take. `python -m benchmarks --help`."""
