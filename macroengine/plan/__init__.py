"""Resolve the macros of a template, and plan what is sent for which event."""
