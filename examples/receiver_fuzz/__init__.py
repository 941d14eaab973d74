"""A test in another package: a receiver of postbacks, fuzzed with macroengine.testing."""
