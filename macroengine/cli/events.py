"""Read events from JSON files, with errors that name the line and column."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NoReturn

from macroengine.catalogue import Dialect
from macroengine.cli.inputs import (
    STANDARD_INPUT,
    InputError,
    input_name,
    is_input,
    parse_json,
    read_lines,
    read_whole,
    unrepeated,
)
from macroengine.errors import CatalogueError
from macroengine.event import Event

__all__ = ["STANDARD_INPUT", "event_reader", "read_event", "read_events"]


def read_event(path: str, dialect: Dialect) -> Event:
    """Return the event in a JSON file.

    Raises:
        InputError: the file does not contain an event of this dialect.
        OSError: the file cannot be read.
    """
    return event_reader(path)(dialect)


def event_reader(path: str) -> Callable[[Dialect], Event]:
    """Read a JSON file, which may be standard input, and return what gives its event in one dialect or another.

    Raises:
        InputError: it is not the name of a file, but JSON.
        OSError: the file cannot be read.
    """
    if path.lstrip().startswith("{") and not is_input(path):
        raise InputError("an event is read from a file; give its name, or pipe the JSON to --event -")
    return partial(_event, read_whole(path), input_name(path), None)


def read_events(path: str, dialect: Dialect) -> Iterator[tuple[int, Event]]:
    """Yield the events of a JSON Lines file with their line numbers; blank lines are skipped.

    Raises:
        InputError: a line does not contain an event of this dialect.
        OSError: the file cannot be read.
    """
    name = input_name(path)
    for number, line in read_lines(path):
        if line.strip():
            yield number, _event(line, name, number, dialect)


def _event(content: bytes, name: str, line: int | None, dialect: Dialect) -> Event:
    where = name if line is None else f"{name}:{line}"
    try:
        text = content.decode("utf-8-sig")
        data = parse_json(text, name, line, parse_constant=_no_constant, object_pairs_hook=unrepeated)
        return Event.from_json(data, dialect)
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: not UTF-8 at byte {error.start:,}") from None
    except CatalogueError as error:
        raise InputError(f"{where}: {error}") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
