"""Texts, names and choices in SQL. The only place where what somebody else wrote becomes SQL."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from macroengine.errors import UnsupportedError


def literal(text: str) -> str:
    """Return a text as SQL.

    >>> print(literal("it's"))
    'it''s'
    """
    quoted = "'" + text.replace("'", "''") + "'"
    # What stands behind a NUL would be cut off.
    return quoted if "\0" not in text else "(" + quoted.replace("\0", "' || chr(0) || '") + ")"


def name(identifier: str) -> str:
    """Return a name as SQL.

    Raises:
        UnsupportedError: it has a NUL.
    """
    if "\0" in identifier:
        raise UnsupportedError(f"cannot read a column with a NUL in its name, {identifier!r}; rename it")
    return '"' + identifier.replace('"', '""') + '"'


def choose(cases: Sequence[tuple[str, str]], otherwise: str) -> str:
    """Return the result of the first condition that holds."""
    if not cases:
        return otherwise
    return (
        "CASE" + "".join(f" WHEN {condition} THEN {result}" for condition, result in cases) + f" ELSE {otherwise} END"
    )


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
