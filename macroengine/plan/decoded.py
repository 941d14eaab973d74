"""Decode the text of a component as its receivers do, one layer per receiver."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from macroengine.caching import late_pattern
from macroengine.diagnostics import Span
from macroengine.language.nodes import Literal, Pieces

# A character with a special meaning, encoded or not, or a run of other characters.
_TOKEN = late_pattern(r"%((?:25)*)([0-9A-Fa-f]{2})|[^%:;/?#&=\\\"{}\[\]]+|.", re.DOTALL)


class Token(NamedTuple):
    """A decoded character, a run of ordinary ones, or a macro, whose text is empty."""

    text: str
    level: int
    span: Span
    digits: str = ""
    """Its hex digits, as they are written, if it is encoded."""

    @property
    def is_macro(self) -> bool:
        """Whether it is a macro."""
        return not self.text


Tokens = Sequence[Token]


def tokens_of(pieces: Pieces) -> Iterator[Token]:
    """Yield the pieces, with each character of their text decoded as often as it is encoded."""
    for piece in pieces:
        if not isinstance(piece, Literal):
            yield Token("", 0, piece.span)
            continue
        for match in _TOKEN.finditer(piece.text):
            span = Span(piece.start + match.start(), piece.start + match.end())
            digits = match[2]
            if digits is None:
                yield Token(match[0], 0, span)
            else:
                yield Token(chr(int(digits, 16)), 1 + len(match[1]) // len("25"), span, digits)


def strings_of_json(tokens: Tokens, level: int) -> list[Tokens] | None:
    """Return the unescaped text of each string in the JSON; None if the text is not JSON."""
    texts: list[str] = []
    strings: list[Tokens] = []
    start: int | None = None
    escaped = False
    for index, token in enumerate(tokens):
        if token.is_macro:
            # In a string, one letter stands for the macro. Elsewhere, spaces separate the digit from its neighbours.
            texts.append(" 0 " if start is None else "n")
        else:
            texts.append(token.text if token.level <= level else "%")
        if start is None:
            start = index + 1 if texts[-1] == '"' else None
        elif escaped:
            escaped = False
        elif texts[-1] == "\\":
            escaped = True
        elif texts[-1] == '"':
            strings.append(unescaped(tokens[start:index], level))
            start = None
    return strings if is_json("".join(texts)) else None


def unescaped(tokens: Tokens, level: int) -> Tokens:
    """Return the text of a JSON string at a level, unescaped."""
    found: list[Token] = []
    escaped = False
    for token in tokens:
        if not escaped and token.text == "\\" and token.level <= level:
            escaped = True
            continue
        if escaped and not token.is_macro:
            found += _unescaped_run(token)
        else:
            found.append(token)
        escaped = False
    return found


_UNICODE = late_pattern("u([0-9A-Fa-f]{4})", re.ASCII)


def _unescaped_run(token: Token) -> Iterator[Token]:
    """Yield the character that an escape stands for, and the rest of the run after it."""
    match = _UNICODE.match(token.text)
    if match is None:
        yield token
        return
    yield token._replace(text=chr(int(match[1], 16)))
    if rest := token.text[match.end() :]:
        yield token._replace(text=rest)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


@cache
def _decoder() -> Any:
    import json  # noqa: PLC0415 - few templates contain any

    return json.JSONDecoder(parse_constant=_refuse)


def is_json(text: str) -> bool:
    """Say whether a text is JSON (RFC 8259)."""
    try:
        _decoder().decode(text)
    except (ValueError, RecursionError):
        return False
    return True
