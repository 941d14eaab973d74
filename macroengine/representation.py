"""How values are shown at a prompt: short, and as a reader would write them."""

from dataclasses import fields
from enum import StrEnum
from typing import Any


def brief(shown: Any, usual: Any, *always: str) -> str:
    """Return the call that makes a dataclass, with the values that are not those of `usual`, and some `always`.

    >>> from macroengine import Policy
    >>> brief(Policy("in-app", sources={"Link"}), Policy())
    "Policy(postback='in-app', sources={'Link'})"
    """
    values = {one.name: getattr(shown, one.name) for one in fields(shown)}
    named = [
        f"{name}={_word(value)}" for name, value in values.items() if name in always or value != getattr(usual, name)
    ]
    return f"{type(shown).__name__}({', '.join(named)})"


def _word(value: Any) -> str:
    if isinstance(value, StrEnum):
        return repr(value.value)
    if isinstance(value, frozenset) and value:
        return f"{{{', '.join(sorted(map(_word, value)))}}}"
    return repr(value)


def listed(names: tuple[str, ...], at_most: int = 5) -> str:
    """Return some names, and how many more there are.

    >>> listed(("a", "b", "c"), 2)
    'a, b and 1 more'
    """
    more = len(names) - at_most
    return ", ".join(names[:at_most]) + (f" and {more:,} more" if more > 0 else "")
