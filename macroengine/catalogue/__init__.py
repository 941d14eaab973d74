"""The documented macros of each dialect, read from one TOML file a dialect."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from macroengine.catalogue.dialects import Dialect, Spelling
from macroengine.catalogue.spec import MacroSpec
from macroengine.errors import CatalogueError
from macroengine.suggest import did_you_mean

__all__ = ["DEFAULT_DIALECT", "Dialect", "MacroSpec", "Spelling", "dialect", "dialect_names", "dialect_of"]

DEFAULT_DIALECT = "appsflyer"

_DATA = Path(__file__).resolve().parent / "data"


def dialect_names() -> list[str]:
    """Return the names of the dialects that come with the library, sorted; none of them is read.

    >>> dialect_names()[:3]
    ['adcp', 'adjust', 'adobe-dsp']
    """
    return sorted(path.stem for path in _DATA.glob("*.toml"))


def dialect_file(name: str) -> Path:
    """Return the file of a dialect that comes with the library."""
    return _DATA / f"{name}.toml"


@cache
def dialect(name: str) -> Dialect:
    """Return the dialect `name`.

    >>> dialect("appmetrica").syntax.write("click_id")
    '{click_id}'

    Raises:
        CatalogueError: there is no such dialect; a dialect of one's own is read by `Dialect.from_toml`.
    """
    names = dialect_names()
    if name not in names:
        raise CatalogueError(f"unknown dialect {name!r}{did_you_mean(name, names)} (there are: {', '.join(names)})")
    # Whoever unpickles it has the file.
    return replace(Dialect.from_toml(dialect_file(name)), _recall=(dialect, (name,)))


def dialect_of(given: str | Dialect) -> Dialect:
    """Return the dialect that a caller means by a name, or by the dialect itself."""
    return given if isinstance(given, Dialect) else dialect(given)
