"""String literals of a language that its table describes completely."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from macroengine.workspace.embedded.languages import Kind, Language
from macroengine.workspace.embedded.literal import Literal, Part
from macroengine.workspace.embedded.notation import HOLE

# White space between an operator and a literal is no longer.
NEAR = 80


class Token(NamedTuple):
    """A string literal, or a part of a joined one: its span with the quotes, and the span of its content."""

    start: int
    end: int
    part: Part
    kind: Kind


def literals(text: str, language: Language) -> Iterator[Literal]:
    """Yield the literals of a text. Unterminated ones are omitted."""
    return joined(text, language, tokens(text, language))


def tokens(
    text: str,
    language: Language,
    start: int = 0,
    stop: int | None = None,
    *,
    skip: Callable[[int, int], object] | None = None,
) -> Iterator[Token]:
    """Yield the string literals of `text[start:stop]`. `skip` gets text without strings, such as comments."""
    stop = len(text) if stop is None else stop
    # Up to here, nothing closes such a literal.
    open_until: dict[tuple[str, str], int] = {}
    patterns: dict[tuple[str, str], re.Pattern[str]] = {}
    position = start
    while match := language.lexer.search(text, position, stop):
        position = max(match.end(), match.start() + 1)
        name = match.lastgroup
        if name is None:
            if skip is not None:
                skip(*match.span())
            continue
        kind, closing = language.kinds[name]
        close = kind.close if closing is None else match[closing]
        if match.end() < open_until.get((name, close), 0):
            continue
        pattern = patterns.get((name, close))
        if pattern is None:
            pattern = patterns[name, close] = kind.pattern(close)
        content = pattern.match(text, match.end(), stop)
        end = match.end() if content is None else content.end()
        if content is None or (not kind.content and not text.startswith(close, end, stop)):
            open_until[name, close] = stop if content is None else end
            continue
        position = end if kind.content else end + len(close)
        yield Token(match.start(), position, part_of(kind, close, match.end(), end, pattern), kind)


def part_of(kind: Kind, close: str, start: int, end: int, pattern: re.Pattern[str]) -> Part:
    """Return the part of a literal of this kind whose content, of this pattern, is between `start` and `end`."""
    return Part(start, end, kind.notation, "" if kind.content else close[0], pattern, kind.hole)


def joined(text: str, language: Language, found: Iterator[Token]) -> Iterator[Literal]:
    """Yield the literals of these tokens. Tokens with only a joining operator between them form one literal."""
    group: list[Token] = []
    for token in found:
        if group and not language.between.fullmatch(text, group[-1].end, token.start):
            yield literal_of(text, language, group)
            group = []
        group.append(token)
    if group:
        yield literal_of(text, language, group)


def literal_of(text: str, language: Language, group: list[Token]) -> Literal:
    """Return the literal of these tokens, with the reason if the code around it changes the text of its URL."""
    parts = tuple(token.part for token in group)
    found = Literal(text, parts)
    if not found.may_have_url:
        return found
    reason = next((token.kind.holes for token in group if token.part.hole and _has_hole(text, token.part)), None)
    if reason is None:
        before = text[max(0, group[0].start - NEAR) : group[0].start]
        if language.after.match(text, group[-1].end) or language.before.search(before):
            reason = "a string that the code around it changes"
    return found if reason is None else Literal(text, parts, reason)


def _has_hole(text: str, part: Part) -> bool:
    pieces = part.notation.pieces(text, part.start, part.end, part.hole)
    return any(piece.text == HOLE and piece.end - piece.start > 1 for piece in pieces)
