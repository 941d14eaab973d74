"""What other platforms call their values: their macro, our fields, the macro of a dialect."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from macroengine.catalogue import Dialect, MacroSpec, dialect, dialect_names
from macroengine.catalogue.folding import fold

_TABLE = Path(__file__).resolve().parent / "elsewhere.toml"
_NO_FIELD = "*"


def called_elsewhere(
    name: str, home: Dialect, among: tuple[str, ...] | None = None
) -> tuple[tuple[MacroSpec, str], ...]:
    """Return the macros of `home` for what other platforms call `name`, each with the first of those platforms.

    The name is theirs to the letter: what differs in a letter or in case is another name. `among` limits the
    platforms.

    >>> from macroengine import dialect
    >>> [(spec.name, platform) for spec, platform in called_elsewhere("gps_adid", dialect("appsflyer"))]
    [('advertising_id', 'Adjust')]
    """
    by_field: dict[str, MacroSpec] = {}
    for spec in home.macros.values():
        by_field.setdefault(spec.field, spec)
    found: dict[str, tuple[MacroSpec, str]] = {}
    for platform, names in _of(among):
        for field in names.get(name, ()):
            if field in by_field and platform != home.title:
                found.setdefault(field, (by_field[field], platform))
    return tuple(found.values())


def documented_by(name: str, among: tuple[str, ...]) -> str | None:
    """Return the first of these platforms that has a macro of this name.

    >>> documented_by("CALLBACK_URL", ("VAST", "TikTok"))
    'TikTok'
    """
    return next((platform for platform, names in _of(among) if name in names), None)


def _of(among: tuple[str, ...] | None) -> Iterable[tuple[str, Mapping[str, tuple[str, ...]]]]:
    tables = platforms()
    return tables.items() if among is None else [(platform, tables[platform]) for platform in among]


@cache
def fields_elsewhere() -> dict[str, set[str]]:
    """Return the fields that any platform has a macro for, by the folded name of the macro."""
    found: dict[str, set[str]] = {}
    for names in platforms().values():
        for name, fields in names.items():
            found.setdefault(fold(name), set()).update(fields)
    return found


@cache
def platforms() -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the macros of each platform, each with its fields: none where we have no field for the value."""
    import tomllib  # noqa: PLC0415 - good names need no suggestions

    tables: dict[str, dict[str, tuple[str, ...]]] = {}
    for own in map(dialect, dialect_names()):
        tables[own.title] = {
            name: (spec.field,) for spec in own.macros.values() for name in (spec.name, *spec.spellings, *spec.legacy)
        }
    for platform, names in tomllib.loads(_TABLE.read_text(encoding="utf-8")).items():
        others: dict[str, tuple[str, ...]] = dict.fromkeys(names.pop(_NO_FIELD, "").split(), ())
        fields = {name: (given,) if isinstance(given, str) else tuple(given) for name, given in names.items()}
        tables[platform] = others | fields
    return tables
