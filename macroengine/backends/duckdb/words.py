"""Texts, names and choices in SQL. The only place where what somebody else wrote becomes SQL."""

from collections.abc import Sequence

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
