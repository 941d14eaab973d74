"""Other platforms' names for values: from their macro to our fields, to the macro of a dialect."""

import re
from collections.abc import Collection, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, cast

from macroengine.caching import late_pattern
from macroengine.catalogue import Dialect, MacroSpec, dialect_file, dialect_names
from macroengine.catalogue.folding import fold

_RELATED = Path(__file__).resolve().parent / "fields.toml"
_TABLE = Path(__file__).resolve().parent / "aliases.toml"
_NO_FIELD = "*"


def named_by_others(
    name: str, home: Dialect, among: tuple[str, ...] | None = None
) -> tuple[tuple[MacroSpec, str], ...]:
    """Return the macros of `home` for what other platforms call `name`, each with the first such platform.

    The name must match exactly, including case. `among` limits the platforms.

    >>> from macroengine import dialect
    >>> [(spec.name, platform) for spec, platform in named_by_others("gps_adid", dialect("appsflyer"))]
    [('advertising_id', 'Adjust')]
    """
    by_field = _by_field(home)
    found: dict[str, tuple[MacroSpec, str]] = {}
    for platform, fields in _named(among).get(name, ()):
        for field in fields:
            if field in by_field and platform != home.title:
                found.setdefault(field, (by_field[field], platform))
    return tuple(found.values())


@lru_cache(maxsize=8)
def _by_field(home: Dialect) -> dict[str, MacroSpec]:
    by_field: dict[str, MacroSpec] = {}
    for spec in home.macros.values():
        by_field.setdefault(spec.field, spec)
    return by_field


def documented_by(name: str, among: tuple[str, ...]) -> str | None:
    """Return the first of these platforms that has a macro with this name.

    >>> documented_by("CALLBACK_URL", ("VAST", "TikTok"))
    'TikTok'
    """
    found = _named(among).get(name)
    return found[0][0] if found else None


@lru_cache(maxsize=64)
def _named(among: tuple[str, ...] | None) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """Return, by name, the platforms that have a macro with this name, in order, each with its fields."""
    tables = platforms()
    found: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for platform in tables if among is None else among:
        for name, fields in tables[platform].items():
            found.setdefault(name, []).append((platform, fields))
    return found


@cache
def forms() -> dict[str, tuple[str, ...]]:
    """Return, by field, the fields whose values it may contain, in the same form or another one."""
    return {field: tuple(others) for field, others in _related()["forms"].items()}


@cache
def units() -> dict[str, str]:
    """Return, by field, the field with the same value in the unit that most platforms use."""
    return {field: unit["of"] for field, unit in _related()["units"].items()}


@cache
def conversions() -> dict[str, tuple[str, int]]:
    """Return, by field, the field with the same value in a larger unit, and how many of its own units that is."""
    return {field: (unit["of"], unit["times"]) for field, unit in _related()["units"].items()}


@cache
def _related() -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - good names need no suggestions

    return tomllib.loads(_RELATED.read_text(encoding="utf-8"))


def documented_names() -> Iterator[tuple[str, str, str]]:
    """Yield every name in the built-in dialects: title of the dialect, name and field.

    The files are read line by line, since each macro is on its own line; parsing all of them would take 0.1 s.
    """
    yield from ((title, name, field) for _, title, name, field in _documented())


def documented_in(names: Collection[str]) -> dict[str, str]:
    """Return the built-in dialects with a macro of one of these names: the title of each by its name.

    >>> documented_in(["gps_adid"])
    {'adjust': 'Adjust'}
    """
    return {dialect: title for dialect, title, name, _ in _documented() if name in names}


def _documented() -> Iterator[tuple[str, str, str, str]]:
    for dialect in dialect_names():
        text = dialect_file(dialect).read_text(encoding="utf-8")
        title = cast("re.Match[str]", _TITLE.search(text))[1]
        for row in _ROW.finditer(text):
            for names in (row["name"], row["spellings"] or "", row["legacy"] or ""):
                yield from ((dialect, title, one, row["field"]) for one in _NAME.findall(names))


def documented_families() -> Iterator[tuple[str, str]]:
    """Yield the prefix of each family of names in the built-in dialects, after the dialect's title."""
    for name in dialect_names():
        text = dialect_file(name).read_text(encoding="utf-8")
        title = cast("re.Match[str]", _TITLE.search(text))[1]
        yield from ((title, beginning) for beginning in _FAMILY.findall(text))


_FAMILY = late_pattern(r'^[^\s#=]+ *= \{ field = "[^"]+", .*?\bfamily = "([^"]+)"', re.MULTILINE)
_TITLE = late_pattern('^title *= "(.+)"', re.MULTILINE)
_NAME = late_pattern('[^", ]+')
_ROW = late_pattern(
    r'^(?P<name>[^\s#=]+) *= \{ field = "(?P<field>[^"]+)"'
    r"(?:.*?, spellings = \[(?P<spellings>.*?)\])?(?:.*?, legacy = \[(?P<legacy>.*?)\])?",
    re.MULTILINE,
)


@cache
def fields_of_others() -> dict[str, set[str]]:
    """Return the fields that any platform has a macro for, by the folded name of the macro."""
    found: dict[str, set[str]] = {}
    for names in platforms().values():
        for name, fields in names.items():
            found.setdefault(fold(name), set()).update(fields)
    return found


@cache
def platforms() -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the macros of each platform with their fields; empty if we have no field for the value."""
    import tomllib  # noqa: PLC0415 - good names need no suggestions

    tables: dict[str, dict[str, tuple[str, ...]]] = {}
    for title, name, field in documented_names():
        several = (field, *forms().get(field, ()))
        # If a name is the name of one of its fields, it means that one: {IDFA}, even if it may also contain another.
        meant = tuple(other for other in several if fold(other) == fold(name))
        tables.setdefault(title, {})[name] = meant if meant and meant != (field,) else several
    for platform, names in tomllib.loads(_TABLE.read_text(encoding="utf-8")).items():
        others: dict[str, tuple[str, ...]] = dict.fromkeys(names.pop(_NO_FIELD, "").split(), ())
        fields = {name: (given,) if isinstance(given, str) else tuple(given) for name, given in names.items()}
        # For a built-in dialect, the table here adds names that its catalogue does not have.
        tables[platform] = others | fields | tables.get(platform, {})
    return tables
