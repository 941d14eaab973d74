"""The commands of `macroengine` that messages tell people to run, right for the dialect that is in use."""

import shlex

from macroengine.catalogue import DEFAULT_DIALECT, Dialect


def macros_command(dialect: Dialect, *names: str) -> str:
    """Return the command that lists the macros of a dialect, or shows one of them.

    >>> from macroengine import dialect
    >>> macros_command(dialect("appsflyer")), macros_command(dialect("adjust"), "idfa")
    ('`macroengine macros`', '`macroengine macros idfa --dialect adjust`')
    """
    option = () if dialect.cli_name == DEFAULT_DIALECT else ("--dialect", dialect.cli_name)
    return f"`{shlex.join(['macroengine', 'macros', *names, *option])}`"
