"""What other platforms call a value: their macro, our field, the macro of a dialect."""

from functools import cache, lru_cache
from pathlib import Path

from macroengine.catalogue import Dialect, MacroSpec, dialect, dialect_names
from macroengine.suggest import fold

_TABLE = Path(__file__).resolve().parent / "elsewhere.toml"


@lru_cache(maxsize=4096)
def called_elsewhere(name: str, home: Dialect) -> tuple[tuple[MacroSpec, str], ...]:
    """Return the macros of `home` for what other platforms call `name`, each with the first of those platforms.

    >>> from macroengine import dialect
    >>> [(spec.name, platform) for spec, platform in called_elsewhere("gps_adid", dialect("appsflyer"))]
    [('advertising_id', 'Adjust')]
    """
    by_field: dict[str, MacroSpec] = {}
    for spec in home.macros.values():
        by_field.setdefault(spec.field, spec)
    fields = {field: platform for platform, field in reversed(platforms().get(fold(name), []))}
    found = [(by_field[field], platform) for field, platform in reversed(fields.items()) if field in by_field]
    return tuple((spec, platform) for spec, platform in found if platform != home.title)


@cache
def platforms() -> dict[str, list[tuple[str, str]]]:
    """Return, by folded name, the platforms that have a macro of that name, each with the field."""
    import tomllib  # noqa: PLC0415 - good names need no suggestions

    table: dict[str, list[tuple[str, str]]] = {}
    for own in map(dialect, dialect_names()):
        for spec in own.macros.values():
            for name in (spec.name, *spec.spellings, *spec.legacy):
                table.setdefault(fold(name), []).append((own.title, spec.field))
    for platform, names in tomllib.loads(_TABLE.read_text(encoding="utf-8")).items():
        for name, fields in names.items():
            for field in [fields] if isinstance(fields, str) else fields:
                table.setdefault(fold(name), []).append((platform, field))
    return table
