"""Find the lines of keys in a TOML file for messages, since tomllib only returns the values."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

Keys = tuple[str, ...]
_HEADER = re.compile(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")


@dataclass(frozen=True, slots=True)
class Place:
    """A table of a file, and its name in messages."""

    path: Path
    lines: Mapping[Keys, int] = field(repr=False)
    keys: Keys = ()
    words: str = ""

    @classmethod
    def of(cls, path: Path, text: str) -> "Place":
        return cls(path, _lines(text))

    def inside(self, words: str, *keys: str) -> "Place":
        """Return the place of a table inside this one."""
        return replace(self, keys=(*self.keys, *keys), words=f"{self.words}, {words}" if self.words else words)

    def at(self, key: str) -> "Place":
        """Return the place of a key, named after its table."""
        return replace(self, keys=(*self.keys, key))

    def __str__(self) -> str:
        known = (self.lines.get(self.keys[:length]) for length in range(len(self.keys), 0, -1))
        line = next((number for number in known if number is not None), 1)
        return f"{self.path}:{line}" + (f": {self.words}" if self.words else "")


def _lines(text: str) -> dict[Keys, int]:
    """Return the lines of tables and their keys. A line inside a string that looks like a key also counts."""
    lines: dict[Keys, int] = {}
    table: Keys = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            table = _keys(tomllib.loads(header[0]))
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, key[1]), number)
    return lines


def _keys(table: Mapping[str, object]) -> Keys:
    for key, inner in table.items():
        return (key, *_keys(inner)) if isinstance(inner, dict) else (key,)
    return ()
