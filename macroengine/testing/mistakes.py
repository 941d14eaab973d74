"""Describe what a receiver did wrong with a parameter."""

import json
from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import unquote, unquote_plus

from macroengine.testing.parameters import EARLIER, OTHER_CASE, Place, Sent

_DELIMITERS = ';&=#?/ ,"\\\n'


def is_right(found: object, value: object) -> bool:
    """Say whether the receiver understood the value. A number may be a Decimal, but not a boolean."""
    if isinstance(found, bool) or isinstance(value, bool):
        return found is value
    if isinstance(found, Decimal) and isinstance(value, float):
        return float(found) == value
    return found == value


def mistake(found: object, sent: Sent) -> str:
    """Return a description of the mistake."""
    value = sent.value
    if found is None:
        return "is empty and taken for missing" if value == "" else "is taken for missing"
    if value is None:
        return f"is {'null' if sent.raw else 'not sent'} and read as {type(found).__name__}"
    if isinstance(value, str) and isinstance(found, str):
        return _with_text(found, value, sent)
    both_numbers = isinstance(value, int | float) and isinstance(found, int | float | Decimal)
    return "is another number" if both_numbers else f"is read as {type(found).__name__}"


def _with_text(found: str, value: str, sent: Sent) -> str:
    known = _of_json(value, sent.raw) if sent.place is Place.JSON else _of_pair(value, sent)
    for text, words in (*known, *_of_any(value)):
        if found == text:
            return words
    for whole in (value, sent.raw):
        if whole.startswith(found) and found != whole and whole[len(found)] in _DELIMITERS:
            return f"is cut at {whole[len(found)]!r}"
    return "has lost characters" if set(found) <= set(value) and len(found) < len(value) else "is misread"


def _of_pair(value: str, sent: Sent) -> Iterator[tuple[str, str]]:
    if sent.is_form:
        yield unquote(sent.raw), "has a plus for a space"
    yield sent.raw, "is not decoded"
    yield unquote(value), "is decoded twice"
    yield unquote(sent.raw.replace("+", " " if sent.is_form else "+"), "latin-1"), "is read as Latin-1"
    yield unquote_plus(sent.raw), "is decoded as a form"


def _of_json(value: str, raw: str) -> Iterator[tuple[str, str]]:
    yield raw, "is not decoded"
    yield _unescaped(value), "is decoded twice"
    yield unquote(value), "is decoded as in a URL"
    yield value.encode().decode("latin-1"), "is read as Latin-1"


def _of_any(value: str) -> Iterator[tuple[str, str]]:
    yield value.replace("+", " "), "has a space for a plus"
    yield EARLIER, "has the wrong one of two values"
    yield OTHER_CASE, "has the value of a parameter in another case"
    yield value.strip(), "has lost spaces"
    yield value.lower(), "is in lower case"
    yield value.upper(), "is in upper case"


def _unescaped(text: str) -> str:
    """Return the decoded content of a JSON string, or the text itself if it is not valid."""
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text
