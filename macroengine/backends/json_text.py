"""Differences between the JSON of database engines and that of Python."""

STRING = r'"(?:[^"\\]|\\.)*"'
"""A JSON string, as a regular expression that all engines support."""

# Numbers are sent in plain digits, but some engines write exponents. NaN and Infinity are rejected.
FOREIGN_NUMBER = "[0-9][eE]|[NI]"
"""Matches, outside strings, a number that Python would write differently."""

_UPPER = [rf"\u{code:04X}" for code in (0x0B, 0x0E, 0x0F, *range(0x1A, 0x20))]

# Protect an escaped backslash from the other replacements by something that cannot occur in JSON.
ESCAPES = (("\\\\", "\\ "), *((escape, escape.lower()) for escape in _UPPER), ("\\ ", "\\\\"))
"""Replacements, in order, that write the escapes of control characters in lower case, like Python."""
