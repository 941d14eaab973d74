"""Texts and names in ClickHouse's SQL, in which a backslash escapes."""

from macroengine.backends.ansi import Literal, Name, without_nul


def literal(text: str) -> Literal:
    r"""Return a text as SQL.

    >>> print(literal("it's \\"))
    'it\'s \\'
    """
    return Literal("'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\0", "\\0") + "'")


def name(identifier: str) -> Name:
    """Return a name as SQL.

    Raises:
        UnsupportedError: it has a NUL.
    """
    return Name("`" + without_nul(identifier).replace("\\", "\\\\").replace("`", "\\`") + "`")
