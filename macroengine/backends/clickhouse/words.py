"""String literals and names in ClickHouse SQL, where backslashes escape."""

from macroengine.backends.ansi import Literal, Name, without_nul


def literal(text: str) -> Literal:
    r"""Return a text as an SQL literal.

    >>> print(literal("it's \\"))
    'it\'s \\'
    """
    return Literal("'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\0", "\\0") + "'")


def name(identifier: str) -> Name:
    """Return a name as a quoted SQL identifier.

    Raises:
        UnsupportedError: the name contains a NUL.
    """
    return Name("`" + without_nul(identifier).replace("\\", "\\\\").replace("`", "\\`") + "`")
