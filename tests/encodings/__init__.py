"""The encoders, in Python and in C."""
