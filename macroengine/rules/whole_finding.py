"""The finding about a text as a whole, and how a message quotes the text."""

import re
from typing import NamedTuple

from macroengine.caching import late_pattern
from macroengine.diagnostics import Span

SERVER = late_pattern(r"(?:https?:)?//(?:[^/?#@\s]*@)?([^/?#:\s]+)(?::\d+)?([^?#\s]*)", re.IGNORECASE)


class Whole(NamedTuple):
    """A finding about a text as a whole, instead of its characters. `rule` is the rule that reports it."""

    rule: str
    span: Span
    message: str
    hint: str | None = None
    inner: str | None = None
    """The template without the text around it; None if there is none, or if it is unclear."""
    offset: int | None = None
    """Where `inner` is in the text; None if the text contains it only in an encoded form."""
    safe: bool = True


def span_of(core: str) -> Span:
    """Return the span of a whole text."""
    return Span(0, len(core))


def short(text: str) -> str:
    """Return a text, shortened for a message."""
    return repr(text if len(text) <= 40 else f"{text[:39]}…")
