"""Translation: what becomes of each macro in another dialect."""
