"""The placeholder in a translated template for a macro that the other dialect does not have."""

import re

_MARK = "UNTRANSLATED"
# Only letters, digits and hyphens, which every encoding leaves unchanged.
_not_plain = re.compile(r"[^A-Za-z0-9]+")
PLACEHOLDER = re.compile(rf"{_MARK}(?:-[A-Za-z0-9]+)+")


def placeholder(inside: str) -> str:
    """Return the placeholder for a macro; `inside` is the text between its delimiters.

    >>> placeholder("sha1-idfa"), placeholder("user_data.~idfa")
    ('UNTRANSLATED-sha1-idfa', 'UNTRANSLATED-user-data-idfa')
    """
    words = list(filter(None, _not_plain.split(inside)))
    return "-".join([_MARK, *(words or ["macro"])])
