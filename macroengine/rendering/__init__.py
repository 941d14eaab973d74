"""Compile a render plan into a function that renders events."""
