"""Paths in SQL, and lists of words for messages."""

import re
from collections.abc import Iterable
from pathlib import Path

from macroengine.backends.ansi import literal


def either(words: Iterable[str]) -> str:
    """Return words as a choice, for a message.

    >>> either([".csv", ".tsv", ".txt"])
    '.csv, .tsv or .txt'
    """
    *most, last = words
    return f"{', '.join(most)} or {last}"


def path_literal(path: Path) -> str:
    """Return the path of a file as an SQL literal, with the special characters of patterns escaped.

    >>> print(path_literal(Path("/logs/[1]*.csv")))
    '/logs/[[]1][*].csv'

    Raises:
        ValueError: the name cannot be distinguished from a pattern.
    """
    text = path.absolute().as_posix()
    plain = re.sub(r"[*?\[]", r"[\g<0>]", text)
    if plain != text and "\\" in text:
        raise ValueError(f"cannot read {str(path)!r}: its path has a backslash and one of * ? [; rename it")
    return literal(plain)
