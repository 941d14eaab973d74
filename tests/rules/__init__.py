"""The rules: what check finds, and what fix makes of it."""
