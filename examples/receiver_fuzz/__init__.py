"""Another package's test: a receiver of postbacks, fuzzed with macroengine.testing."""
