"""Translate a template to another dialect, so that it sends the same values, and report what is lost."""
