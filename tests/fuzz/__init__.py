"""Coverage-guided fuzzers: `python -m tests.fuzz` lists them, docs/fuzzing.md is their page."""
