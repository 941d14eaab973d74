"""What other platforms call a value, for suggestions: their macro, our field, the macro of a dialect."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import cast

from macroengine.catalogue import Dialect, MacroSpec, dialect_file, dialect_names
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
    meanings = _platforms().get(fold(name), [])
    fields = {field: platform for platform, field in reversed(meanings)}
    # The field that most of them mean comes first.
    likely = dict(Counter(field for _, field in meanings).most_common())
    found = [(by_field[field], fields[field]) for field in likely if field in by_field]
    return tuple((spec, platform) for spec, platform in found if platform != home.title)


def documented_names() -> Iterator[tuple[str, str, str]]:
    """Yield every name in the dialects that come with the library: title of the dialect, name and field.

    Their files are read line by line, which a macro fills alone: to parse all of them would take a tenth of a second.
    """
    for name in dialect_names():
        text = dialect_file(name).read_text(encoding="utf-8")
        title = cast("re.Match[str]", _TITLE.search(text))[1]
        for row in _ROW.finditer(text):
            for names in (row["name"], row["spellings"] or "", row["legacy"] or ""):
                yield from ((title, one, row["field"]) for one in _NAME.findall(names))


_TITLE = re.compile('^title *= "(.+)"', re.MULTILINE)
_NAME = re.compile('[^", ]+')
_ROW = re.compile(
    r'^(?P<name>[^\s#=]+) *= \{ field = "(?P<field>[^"]+)"'
    r"(?:.*?, spellings = \[(?P<spellings>.*?)\])?(?:.*?, legacy = \[(?P<legacy>.*?)\])?",
    re.MULTILINE,
)


@cache
def _platforms() -> dict[str, list[tuple[str, str]]]:
    """Return, by folded name, the platforms that have a macro of that name, each with the field."""
    import tomllib  # noqa: PLC0415 - good names need no suggestions

    table: dict[str, list[tuple[str, str]]] = {}
    for title, name, field in documented_names():
        table.setdefault(fold(name), []).append((title, field))
    for platform, names in tomllib.loads(_TABLE.read_text(encoding="utf-8")).items():
        for name, field in names.items():
            table.setdefault(fold(name), []).append((platform, field))
    return table
