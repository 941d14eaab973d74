"""Helpers for tests, and tools that write test data."""
