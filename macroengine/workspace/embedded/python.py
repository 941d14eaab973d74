"""Strings in Python source code, found by `tokenize`; after a syntax error, by the table of the language.

Reading can start at a later line: the tokenizer first gets lines that open the same blocks and brackets.
"""

import io
import tokenize
from collections.abc import Iterator
from itertools import accumulate

from macroengine.workspace.embedded.languages import Language
from macroengine.workspace.embedded.literal import Literal
from macroengine.workspace.embedded.reuse import Mark
from macroengine.workspace.embedded.strings import Token, joined, literal_of, part_of, tokens

# From Python 3.12 on, a literal with holes consists of several tokens.
_STARTS = {getattr(tokenize, name, None) for name in ("FSTRING_START", "TSTRING_START")} - {None}
_ENDS = {getattr(tokenize, name, None) for name in ("FSTRING_END", "TSTRING_END")} - {None}
# In Python 3.11, the tokenizer's time grows with the square of the line length.
_LONGEST_LINE = 10_000
_BETWEEN = {tokenize.NL, tokenize.COMMENT}
_LINE_ENDS = {tokenize.NL, tokenize.NEWLINE}
_OPENING = frozenset("([{")
_BRACKETS = _OPENING | frozenset(")]}")
# Deeper than this, there are no marks.
_MAX_DEPTH = 50


def literals(text: str, language: Language) -> Iterator[Literal]:
    """Yield the literals of a text. Adjacent literals are joined."""
    return (step for step in steps(text, language, Mark()) if isinstance(step, Literal))


def steps(text: str, language: Language, begin: Mark) -> Iterator[Literal | Mark]:
    """Yield the literals of a text from a mark on, and the marks between them."""
    group: list[Token] = []
    read = begin.at
    place = _Place(begin)
    try:
        for kind, start, end in _tokens(text, begin.at, place.opening()):
            read = end
            token = _string(text, language, start, end) if kind == tokenize.STRING else None
            if token is not None:
                group.append(token)
            elif group and kind not in _BETWEEN and text[start:end] != "+":
                yield literal_of(text, language, group)
                group = []
            place.follow(kind, text[start:end])
            if kind in _LINE_ENDS and not group:
                yield from place.mark(text, start)
        read = len(text)
    except (tokenize.TokenError, SyntaxError, ValueError, IndexError):
        pass  # the rest has a syntax error
    if group:
        yield literal_of(text, language, group)
    yield from joined(text, language, tokens(text, language, read))


class _Place:
    """The open blocks and brackets, which are the whole state of the tokenizer between lines."""

    def __init__(self, mark: Mark) -> None:
        indents, brackets = mark.state or ((), ())
        self._indents = [*indents]
        self._brackets = [*brackets]

    def opening(self) -> str:
        """Return lines that open the same blocks and brackets."""
        lines = [f"{indent}x\n" for indent in ("", *self._indents)]
        if self._brackets:
            lines.append(f"{lines.pop()[:-2]}{''.join(self._brackets)}\n")
        return "".join(lines) if self._indents or self._brackets else ""

    def follow(self, kind: int, written: str) -> None:
        """Take a token into account."""
        if kind == tokenize.INDENT:
            self._indents.append(written)
        elif kind == tokenize.DEDENT:
            self._indents.pop()
        elif kind == tokenize.OP and written in _BRACKETS:
            # A bracket that closes nothing counts too, since some tokenizers do not stop at it.
            if self._brackets and (self._brackets[-1] in _OPENING) != (written in _OPENING):
                self._brackets.pop()
            else:
                self._brackets.append(written)

    def mark(self, text: str, end: int) -> Iterator[Mark]:
        """Yield the mark of the line after `end`; none if too much is open, or there is no such line."""
        end = end + 1 if text.startswith("\r", end) else end
        if text.startswith("\n", end) and len(self._indents) + len(self._brackets) <= _MAX_DEPTH:
            yield Mark(end + 1, (tuple(self._indents), tuple(self._brackets)))


def _tokens(text: str, at: int, opening: str) -> Iterator[tuple[int, int, int]]:
    """Yield the type, start and end of each token from a line on. A literal with holes counts as one string.

    Raises:
        tokenize.TokenError, SyntaxError, ValueError, IndexError: the text from here on is not valid Python.
    """
    lines = (opening + text[at:]).split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=at - len(opening)))
    unread = _unreadable(lines)
    source = "\n".join(lines if unread is None else [*lines[:unread], ""])
    begun: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(source, newline="\n").readline):
        kind = token.type
        start, end = starts[token.start[0] - 1] + token.start[1], starts[token.end[0] - 1] + token.end[1]
        if kind == tokenize.ERRORTOKEN and token.start[0] < token.end[0]:  # Python 3.11 would misread what follows
            raise ValueError("unfinished string")
        if kind in _STARTS:
            begun.append(start)
        elif kind in _ENDS:
            kind, start = tokenize.STRING, begun.pop()
        if not begun and start >= at:
            yield kind, start, end
    if unread is not None:
        raise ValueError("null character, or long line")


def _unreadable(lines: list[str]) -> int | None:
    """Return the index of the first line that the tokenizer would not read, or would read for too long."""
    if max(map(len, lines)) <= _LONGEST_LINE and not any("\0" in line for line in lines):
        return None
    return next(index for index, line in enumerate(lines) if len(line) > _LONGEST_LINE or "\0" in line)


def _string(text: str, language: Language, start: int, end: int) -> Token | None:
    for kind in language.strings:
        match = kind.opening.match(text, start, end)
        if match is not None:
            close = match["close"]
            inside_end = end - len(close)
            if inside_end >= match.end() and text.startswith(close, inside_end):
                return Token(start, end, part_of(kind, close, match.end(), inside_end, kind.pattern(close)), kind)
    return None
