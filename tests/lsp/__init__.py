"""The language server, as editors use it."""
