"""Detect values that were never filled in: macros that were not replaced, and words for no value."""

import re
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import unquote

from macroengine.intake.tables import table

_PLACEHOLDERS = Path(__file__).with_name("placeholders.toml")
_NAME = "NAME"
# No macro is longer. A GUID in braces is a value.
_MAX_LENGTH = 128
_guid = r"(?!\{?[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-)"


class Placeholder(Enum):
    """The kind of text that is in the place of a value."""

    MACRO = "a macro that was not replaced"
    NOTHING = "a word for no value, in place of a macro that was not replaced"


def placeholder(value: str, *, identifier: bool) -> Placeholder | None:
    """Return the kind of placeholder that the whole value is, or None. An encoded macro counts as well.

    With `identifier`, text in parentheses or after a colon counts too: an identifier never looks like that.

    >>> placeholder("%7Bclick_id%7D", identifier=False).name, placeholder("NULL", identifier=False).name
    ('MACRO', 'NOTHING')
    >>> placeholder("(direct)", identifier=False), placeholder("(clickid)", identifier=True)
    (None, <Placeholder.MACRO: 'a macro that was not replaced'>)
    """
    for text in dict.fromkeys((value, unquote(value))):
        word = text.strip().lower()
        if len(word) > _MAX_LENGTH:
            return None
        if word in table(_PLACEHOLDERS)["words"]["nothing"]:
            return Placeholder.NOTHING
        if word in table(_PLACEHOLDERS)["words"]["nameless"] or _whole(identifier).fullmatch(text.strip()):
            return Placeholder.MACRO
    return None


def holds_macro(identifier: str) -> bool:
    """Say whether a part of an identifier is a macro.

    >>> holds_macro("install-{click_id}"), holds_macro("{8e4dd44b-82ec-43d0-a5de-321f3c0b9a71}")
    (True, False)
    """
    return any(_inside().search(text) for text in (identifier, unquote(identifier)))


@lru_cache(maxsize=2)
def _whole(identifier: bool) -> re.Pattern[str]:
    forms = [*_patterns("forms"), *table(_PLACEHOLDERS)["words"]["forms"]]
    return re.compile("|".join([*forms, *_patterns("of_identifiers")] if identifier else forms))


@cache
def _inside() -> re.Pattern[str]:
    return re.compile("|".join(_patterns("inside")))


def _patterns(key: str) -> list[str]:
    rules = table(_PLACEHOLDERS)["macros"]
    return [_guid + re.escape(form).replace(_NAME, rules["name"]) for form in rules[key]]
