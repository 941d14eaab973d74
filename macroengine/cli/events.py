"""Events from JSON files, with errors that name the line and the column."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from macroengine.catalogue import Dialect
from macroengine.errors import CatalogueError
from macroengine.event import Event

STANDARD_INPUT = "-"


def read_event(path: str, dialect: Dialect) -> Event:
    """Return the event of a JSON file.

    Raises:
        CatalogueError: the file holds no event of this dialect.
        OSError: the file cannot be read.
    """
    content = sys.stdin.buffer.read() if path == STANDARD_INPUT else Path(path).read_bytes()
    return _event(content, f"{_name(path)}:", dialect)


def read_events(path: str, dialect: Dialect) -> Iterator[tuple[int, Event]]:
    """Yield the events of a file of JSON Lines with their line numbers; blank lines are passed over.

    Raises:
        CatalogueError: a line holds no event of this dialect.
        OSError: the file cannot be read.
    """
    with sys.stdin.buffer if path == STANDARD_INPUT else Path(path).open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, _event(line, f"{_name(path)}:{number}:", dialect)


def _name(path: str) -> str:
    return "standard input" if path == STANDARD_INPUT else path


def _event(content: bytes, where: str, dialect: Dialect) -> Event:
    try:
        data = json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant, object_pairs_hook=_no_repeats)
        return Event.from_json(data, dialect)
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{where} not UTF-8 at byte {error.start:,}") from None
    except json.JSONDecodeError as error:
        place = f"{error.colno}:" if where.count(":") > 1 else f"{error.lineno}:{error.colno}:"
        raise CatalogueError(f"{where}{place} not JSON: {error.msg[0].lower()}{error.msg[1:]}") from None
    except RecursionError:
        raise CatalogueError(f"{where} nested too deeply") from None
    except ValueError as error:  # CatalogueError is one, and so is what the hooks raise
        raise CatalogueError(f"{where} {error}") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _no_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    data: dict[str, object] = {}
    for key, value in pairs:
        if key in data:
            raise ValueError(f"key {key!r} stands twice in one object")
        data[key] = value
    return data
