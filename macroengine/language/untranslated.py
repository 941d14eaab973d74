"""What a translated template has in place of a macro that the other dialect does not have."""

import re

_MARK = "UNTRANSLATED"
# Letters, digits and hyphens alone: whatever encodes or escapes a template leaves them unchanged.
_not_plain = re.compile(r"[^A-Za-z0-9]+")
PLACEHOLDER = re.compile(rf"{_MARK}(?:-[A-Za-z0-9]+)+")


def placeholder(inside: str) -> str:
    """Return the text that stands for a macro, of which `inside` is what is between its delimiters.

    >>> placeholder("sha1-idfa"), placeholder("user_data.~idfa")
    ('UNTRANSLATED-sha1-idfa', 'UNTRANSLATED-user-data-idfa')
    """
    words = list(filter(None, _not_plain.split(inside)))
    return "-".join([_MARK, *(words or ["macro"])])
