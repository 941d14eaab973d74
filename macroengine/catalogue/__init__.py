"""The documented macros of each dialect, from one TOML file per dialect."""

import os
from functools import cache
from os import PathLike
from pathlib import Path

from macroengine.arguments import text_of, wrong_type
from macroengine.catalogue.dialects import Dialect, Spelling
from macroengine.catalogue.reader import read_text
from macroengine.catalogue.spec import MacroSpec
from macroengine.errors import CatalogueError
from macroengine.limits import Limits
from macroengine.suggest import did_you_mean

__all__ = ["DEFAULT_DIALECT", "Dialect", "MacroSpec", "Spelling", "dialect", "dialect_names", "dialect_of"]

DEFAULT_DIALECT = "appsflyer"

_DATA = Path(__file__).resolve().parent / "data"


def dialect_names() -> list[str]:
    """Return the names of the built-in dialects, sorted, without loading any of them.

    >>> dialect_names()[:3]
    ['adcp', 'adjust', 'adobe-dsp']
    """
    return sorted(path.stem for path in _DATA.glob("*.toml"))


def dialect_file(name: str) -> Path:
    """Return the file of a built-in dialect."""
    return _DATA / f"{name}.toml"


def dialect(name: str) -> Dialect:
    """Return the dialect `name`.

    >>> dialect("appmetrica").syntax.write("click_id")
    '{click_id}'

    Raises:
        CatalogueError: the dialect does not exist. Read a custom dialect with `Dialect.from_toml`.
    """
    return _read(text_of("name", name))


@cache
def _read(name: str) -> Dialect:
    names = dialect_names()
    if name.lower().endswith(".toml") and name not in names:
        raise CatalogueError(f"unknown dialect {name!r}; read a file with Dialect.from_toml({name!r})")
    if name not in names and os.path.isfile(f"{name}.toml"):  # noqa: PTH113 - a name may be too long for a Path
        raise CatalogueError(f"unknown dialect {name!r}; read the file with Dialect.from_toml({f'{name}.toml'!r})")
    if name not in names:
        raise CatalogueError(f"unknown dialect {name!r}{did_you_mean(name, names)} (known: {', '.join(names)})")
    # The process that unpickles it has the same file.
    path = dialect_file(name)
    return Dialect._from_text(read_text(path, Limits().catalogue), str(path), (dialect, name))


def dialect_of(given: str | Dialect, argument: str = "dialect") -> Dialect:
    """Return the dialect for the `argument` of that name, which is a name or a dialect."""
    if isinstance(given, Dialect):
        return given
    if isinstance(given, str):
        return dialect(given)
    of_file = " (read a file with Dialect.from_toml)" if isinstance(given, PathLike) else ""
    raise wrong_type(argument, f"the name of a dialect, or a Dialect{of_file}", given)
