"""Detect the dialect that a template is written in."""
