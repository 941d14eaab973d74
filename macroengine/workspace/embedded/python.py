"""Strings in Python source code, found by `tokenize`; after a syntax error, by the table of the language."""

import io
import tokenize
from collections.abc import Iterator
from itertools import accumulate

from macroengine.workspace.embedded.languages import Language
from macroengine.workspace.embedded.literal import Literal
from macroengine.workspace.embedded.strings import Token, joined, literal_of, part_of, tokens

# From Python 3.12 on, a literal with holes consists of several tokens.
_STARTS = {getattr(tokenize, name, None) for name in ("FSTRING_START", "TSTRING_START")} - {None}
_ENDS = {getattr(tokenize, name, None) for name in ("FSTRING_END", "TSTRING_END")} - {None}
# In Python 3.11, the tokenizer's time grows with the square of the line length.
_LONGEST_LINE = 10_000
_BETWEEN = {tokenize.NL, tokenize.COMMENT}


def literals(text: str, language: Language) -> Iterator[Literal]:
    """Yield the literals of a text. Adjacent literals are joined."""
    group: list[Token] = []
    read = 0
    try:
        for kind, start, end in _tokens(text):
            read = end
            token = _string(text, language, start, end) if kind == tokenize.STRING else None
            if token is not None:
                group.append(token)
            elif group and kind not in _BETWEEN and text[start:end] != "+":
                yield literal_of(text, language, group)
                group = []
        read = len(text)
    except (tokenize.TokenError, SyntaxError, ValueError, IndexError):
        pass  # the rest has a syntax error
    if group:
        yield literal_of(text, language, group)
    yield from joined(text, language, tokens(text, language, read))


def _tokens(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield the type, start and end of each token. A literal with holes counts as one string.

    Raises:
        tokenize.TokenError, SyntaxError, ValueError, IndexError: the text from here on is not valid Python.
    """
    lines = text.split("\n")
    if "\0" in text or max(map(len, lines)) > _LONGEST_LINE:  # Python 3.12 raises other errors for a null character
        raise ValueError("null character, or long line")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    begun: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(text, newline="\n").readline):
        kind = token.type
        start, end = starts[token.start[0] - 1] + token.start[1], starts[token.end[0] - 1] + token.end[1]
        if kind in _STARTS:
            begun.append(start)
        elif kind in _ENDS:
            kind, start = tokenize.STRING, begun.pop()
        if not begun:
            yield kind, start, end


def _string(text: str, language: Language, start: int, end: int) -> Token | None:
    for kind in language.strings:
        match = kind.opening.match(text, start, end)
        if match is not None:
            close = match["close"]
            inside_end = end - len(close)
            if inside_end >= match.end() and text.startswith(close, inside_end):
                return Token(start, end, part_of(kind, close, match.end(), inside_end), kind)
    return None
