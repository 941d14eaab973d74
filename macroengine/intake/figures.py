"""Amounts of money as the platforms want them: only digits, a point and a minus sign."""

import re

is_figure = re.compile(r"-?[0-9]+(\.[0-9]+)?").fullmatch

# One run of digits and separators, and around it anything except digits and parentheses: (5) is a way to write -5.
_amount = re.compile(
    r"[^0-9.,()+\-\u2212]*([+\-\u2212]?)[^0-9.,()+\-\u2212]*([.,]?[0-9][0-9.,'\u2019\s_]*)[^0-9()+\-\u2212]*"
).fullmatch
_is_grouped = re.compile(r"[0-9]{1,3}(?:([.,])(?:[0-9]{2,3}\1)*[0-9]{3})?").fullmatch
_MAX_LENGTH = 64


def clean_figure(text: str) -> str | None:
    """Return the plain number for a formatted amount, or None if it is ambiguous.

    >>> clean_figure("$1,234.56"), clean_figure("1.234,56 EUR"), clean_figure("1e3")
    ('1234.56', '1234.56', None)
    """
    found = _amount(text) if len(text) <= _MAX_LENGTH else None
    if found is None:
        return None
    sign, digits = found[1], re.sub(r"['\u2019\s_]", "", found[2])
    whole, fraction = _split(digits)
    if not _is_grouped(whole or "0") and not whole.isdecimal():
        return None
    figure = ("" if sign in ("", "+") else "-") + (re.sub("[.,]", "", whole) or "0") + (fraction and f".{fraction}")
    return figure if is_figure(figure) else None


def _split(digits: str) -> tuple[str, str]:
    """Return the digits before and after the decimal mark: the last separator, unless it groups thousands."""
    place = max(digits.rfind("."), digits.rfind(","))
    whole, mark, fraction = digits[: max(place, 0)], digits[place : place + 1], digits[place + 1 :]
    other = "," if mark == "." else "."
    if place < 0 or mark in whole or (mark == "," and len(fraction) == 3 and other not in whole):
        return digits, ""
    return whole, fraction
