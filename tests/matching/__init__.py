"""Matching: the values in URLs that were sent."""
