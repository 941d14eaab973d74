"""Paths in SQL, and words for readers."""

import re
from collections.abc import Iterable
from pathlib import Path

from macroengine.backends.ansi import literal


def either(words: Iterable[str]) -> str:
    """Return words as a choice for a reader.

    >>> either([".csv", ".tsv", ".txt"])
    '.csv, .tsv or .txt'
    """
    *most, last = words
    return f"{', '.join(most)} or {last}"


def path_literal(path: Path) -> str:
    """Return the path of a file as SQL, in which no character is a pattern.

    >>> print(path_literal(Path("/logs/[1]*.csv")))
    '/logs/[[]1][*].csv'

    Raises:
        ValueError: its name cannot be told from a pattern.
    """
    text = path.absolute().as_posix()
    plain = re.sub(r"[*?\[]", r"[\g<0>]", text)
    if plain != text and "\\" in text:
        raise ValueError(f"cannot read {str(path)!r}: its path has a backslash and one of * ? [; rename it")
    return literal(plain)
