"""The strings of a Python source, by the tokens of the standard library; where it is unfinished, by its table."""

import io
import tokenize
from collections.abc import Iterator
from itertools import accumulate

from macroengine.workspace.embedded.languages import Language
from macroengine.workspace.embedded.literal import Literal
from macroengine.workspace.embedded.strings import Token, joined, literal_of, part_of, tokens

# From Python 3.12 on, a literal with holes is several tokens.
_STARTS = {getattr(tokenize, name, None) for name in ("FSTRING_START", "TSTRING_START")} - {None}
_ENDS = {getattr(tokenize, name, None) for name in ("FSTRING_END", "TSTRING_END")} - {None}
# Of Python 3.11, the tokenizer takes the square of the length of a line.
_LONGEST_LINE = 10_000
_BETWEEN = {tokenize.NL, tokenize.COMMENT}


def literals(text: str, language: Language) -> Iterator[Literal]:
    """Yield the literals of a text; adjacent ones are one."""
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
        pass  # the rest is unfinished
    if group:
        yield literal_of(text, language, group)
    yield from joined(text, language, tokens(text, language, read))


def _tokens(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield each token: its type, its start and its end; a literal with holes is one string.

    Raises:
        tokenize.TokenError, SyntaxError, ValueError, IndexError: from here on, the text is not Python.
    """
    lines = text.split("\n")
    if "\0" in text or max(map(len, lines)) > _LONGEST_LINE:  # Python 3.12 fails in its own way at a null character
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
