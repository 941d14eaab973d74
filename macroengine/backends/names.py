"""Column names: look-ups that ignore case, and new names that differ from all others."""

from collections.abc import Iterable


def folded(name: str) -> str:
    """Return a name in folded case, without the spaces and byte order mark that exports add around it.

    >>> folded(" Attributed") == folded("ATTRIBUTED")
    True
    """
    return name.strip("\ufeff \t\r\n\xa0").casefold()


def find_column(name: str, table: Iterable[str]) -> str | None:
    """Return the column of a table with this name in any case, or None.

    Raises:
        ValueError: there are several, which engines do not distinguish.
    """
    wanted = folded(name)
    found = [column for column in table if folded(column) == wanted]
    if len(found) > 1:
        raise ValueError(_ambiguous(found))
    return found[0] if found else None


def check_distinct(table: Iterable[str]) -> None:
    """Check that no two columns of a table have the same name in different case.

    Raises:
        ValueError: two columns do.
    """
    seen: dict[str, str] = {}
    for column in table:
        key = folded(column)
        if key in seen:
            raise ValueError(_ambiguous([seen[key], column]))
        seen[key] = column


def unused(name: str, table: Iterable[str]) -> str:
    """Return a name that no column of a table has in any case."""
    taken = set(map(folded, table))
    while folded(name) in taken:
        name += "_"
    return name


def _ambiguous(columns: list[str]) -> str:
    if len(set(columns)) == 1:
        return f"column {columns[0]!r} is repeated; rename one of them"
    return f"columns {' and '.join(map(repr, columns))} differ only in case or surrounding space; rename one of them"
