"""What the readers of a text as a whole share: their finding, and how they quote the text."""

import re
from typing import NamedTuple

from macroengine.diagnostics import Span

SERVER = re.compile(r"(?:https?:)?//(?:[^/?#@\s]*@)?([^/?#:\s]+)(?::\d+)?([^?#\s]*)", re.IGNORECASE)


class Whole(NamedTuple):
    """What is to be said of a text as a whole, instead of its characters; `rule` is the one that says it."""

    rule: str
    span: Span
    message: str
    hint: str | None = None
    inner: str | None = None
    """The text without what surrounds it. None: it cannot be told, or there is none."""
    offset: int | None = None
    """Where `inner` is in the text; None where it is written otherwise there."""
    safe: bool = True


def span_of(core: str) -> Span:
    """Return the span of a whole text."""
    return Span(0, len(core))


def short(text: str) -> str:
    """Return a text as a message quotes it."""
    return repr(text if len(text) <= 40 else f"{text[:39]}…")
