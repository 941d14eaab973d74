"""The documented facts about the platforms' payloads, read from TOML files."""

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any


@lru_cache(maxsize=8)
def table(path: Path) -> Mapping[str, Any]:
    """Return the content of a data file."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=32)
def pattern(path: Path, form: str) -> re.Pattern[str]:
    """Return the regular expression for a key of the file's forms."""
    return re.compile(table(path)["forms"][form])


def frozen(value: Any) -> Any:
    """Return a value of a data file with lists converted to tuples, so that it can be shared."""
    match value:
        case list():
            return tuple(map(frozen, value))
        case dict():
            return {key: frozen(item) for key, item in value.items()}
        case _:
            return value
