"""From text to the text that a URL may hold: encoders and hashes."""
