"""The placeholder in a translated template for a macro that the other dialect does not have."""

from macroengine.caching import late_pattern

_MARK = "UNTRANSLATED"
# Only letters, digits and hyphens, which every encoding leaves unchanged.
_not_plain = late_pattern(r"[^A-Za-z0-9]+")
PLACEHOLDER = late_pattern(rf"{_MARK}(?:-[A-Za-z0-9]+)+")


def placeholder(inside: str) -> str:
    """Return the placeholder for a macro; `inside` is the text between its delimiters.

    >>> placeholder("sha1-idfa"), placeholder("user_data.~idfa")
    ('UNTRANSLATED-sha1-idfa', 'UNTRANSLATED-user-data-idfa')
    """
    words = list(filter(None, _not_plain.split(inside)))
    return "-".join([_MARK, *(words or ["macro"])])
