"""Encoders and hashes: convert text to text that is allowed in a URL."""
