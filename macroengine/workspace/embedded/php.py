"""Strings in PHP source code, and the texts of the HTML around it."""

import re
from collections.abc import Iterator

from macroengine.workspace.embedded import markup
from macroengine.workspace.embedded.languages import Language
from macroengine.workspace.embedded.literal import Literal
from macroengine.workspace.embedded.strings import joined, tokens

_OPEN = re.compile(r"<\?(?:php\b|=)?", re.IGNORECASE)
_CLOSE = "?>"


def literals(text: str, language: Language) -> Iterator[Literal]:
    """Yield the literals of a text."""
    begin = _OPEN.search(text)
    first = len(text) if begin is None else begin.start()
    yield from markup.literals(text, language, 0, first)
    if begin is None:
        return
    between: list[tuple[int, int]] = []
    found = tokens(text, language, begin.end(), skip=lambda start, end: between.append((start, end)))
    yield from joined(text, language, found)
    for start, end in between:
        if text.startswith(_CLOSE, start):
            yield from markup.literals(text, language, start + len(_CLOSE), end)
