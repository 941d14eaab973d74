"""Where the JSON that engines write differs from that of Python."""

STRING = r'"(?:[^"\\]|\\.)*"'
"""A string, as a regular expression of all engines."""

# Numbers are sent in plain digits, where others write exponents; NaN and Infinity are refused.
FOREIGN_NUMBER = "[0-9][eE]|[NI]"
"""What is outside strings where a number is not written as Python writes it."""

_UPPER = [rf"\u{code:04X}" for code in (0x0B, 0x0E, 0x0F, *range(0x1A, 0x20))]

# An escaped backslash must not be read with what follows it, and becomes meanwhile what no JSON has.
ESCAPES = (("\\\\", "\\ "), *((escape, escape.lower()) for escape in _UPPER), ("\\ ", "\\\\"))
"""What to replace, in order, to have the escapes of control characters in lower case, as Python writes them."""
