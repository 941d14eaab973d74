"""What other platforms call a value, for findings: their macro, our field, the macro of a dialect."""

from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

from macroengine.catalogue import Dialect, MacroSpec, dialect, dialect_names

_TABLE = Path(__file__).resolve().parent / "elsewhere.toml"
_NO_FIELD = "*"


@lru_cache(maxsize=4096)
def called_elsewhere(
    name: str, home: Dialect, platforms: tuple[str, ...] | None = None
) -> tuple[tuple[MacroSpec, str], ...]:
    """Return the macros of `home` for what other platforms call `name`, each with the first of those platforms.

    The name is theirs to the letter: what differs in a letter or in case is another name. `platforms` are those that
    come into question, None all.

    >>> from macroengine import dialect
    >>> [(spec.name, platform) for spec, platform in called_elsewhere("gps_adid", dialect("appsflyer"))]
    [('advertising_id', 'Adjust')]
    """
    by_field: dict[str, MacroSpec] = {}
    for spec in home.macros.values():
        by_field.setdefault(spec.field, spec)
    found: dict[str, tuple[MacroSpec, str]] = {}
    for platform, names in _of(platforms):
        field = names.get(name)
        if field in by_field and platform != home.title:
            found.setdefault(field, (by_field[field], platform))
    return tuple(found.values())


@lru_cache(maxsize=4096)
def documented_by(name: str, platforms: tuple[str, ...]) -> str | None:
    """Return the first of these platforms that has a macro of this name.

    >>> documented_by("CALLBACK_URL", ("VAST", "TikTok"))
    'TikTok'
    """
    return next((platform for platform, names in _of(platforms) if name in names), None)


def _of(platforms: tuple[str, ...] | None) -> Iterable[tuple[str, dict[str, str | None]]]:
    tables = _platforms()
    return tables.items() if platforms is None else [(platform, tables[platform]) for platform in platforms]


@cache
def _platforms() -> dict[str, dict[str, str | None]]:
    """Return the macros of each platform, each with its field, None where we have none."""
    import tomllib  # noqa: PLC0415 - good names need no suggestions

    tables: dict[str, dict[str, str | None]] = {}
    for own in map(dialect, dialect_names()):
        tables[own.title] = {
            name: spec.field for spec in own.macros.values() for name in (spec.name, *spec.spellings, *spec.legacy)
        }
    for platform, names in tomllib.loads(_TABLE.read_text(encoding="utf-8")).items():
        others = dict.fromkeys(names.pop(_NO_FIELD, "").split())
        tables[platform] = {**others, **names}
    return tables
