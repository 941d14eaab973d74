"""Rendering: values, functions, encodings and consent, and the code that is made of a plan."""
