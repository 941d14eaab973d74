"""Translate a plan for the C program. Anything the program cannot do is left to the function in Python."""

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from macroengine.encodings.encoder import FanOut, Program
from macroengine.event import Event
from macroengine.kinds import HashCase, Postback, ValueType
from macroengine.plan.segments import Missing, Query, Read, Segment, Step, Text, Value
from macroengine.rendering.conversion import SOURCES, read_converter, unit_converter
from macroengine.rendering.steps import default_text

Segments = Iterable[Segment]
Described = tuple[Any, ...]
"""Texts are strings. Values are pairs of their number and the text for a missing value. Queries are lists of their
opening, separator and parameters. None always fails."""

# These numbers are also in the C code: append.h and reads.h.
_IN_PYTHON: Final = 0
_ENCODERS: Final = {Step.PERCENT: 1, Step.COMPONENT: 2, Step.FORM: 3}
_AS_IT_IS: Final = 4
_QUOTED: Final = 5
_HASHES: Final = {Step.SHA1: 1, Step.MD5: 2}
_CASES: Final = {HashCase.AS_IS: 0, HashCase.UPPER: 1, HashCase.LOWER: 2}
_IS_UUID: Final = 1
_CHECKS: Final = {Step.SEGMENT: 2, Step.JSON_STRING: 4, Step.HEADER: 8}
# Texts of these types are quoted as JSON values, even if they look like numbers.
_TEXTS: Final = frozenset([ValueType.TEXT, ValueType.UUID, ValueType.FLAG, ValueType.TIME, ValueType.RFC3339])
_MOST_LAYERS: Final = 255
_MOST_NESTED: Final = 64
# A buffer is never longer.
_MOST_BYTES: Final = sys.maxsize
_STEPS_IN_PYTHON: Final = (_IN_PYTHON, 0, 0, 0, 0)


class _UnknownError(Exception):
    """The plan contains something that the program does not support."""


def program(
    postback: Postback,
    max_bytes: int,
    attributed: Segments,
    unattributed: Segments | None,
    otherwise: Callable[[Event], str],
) -> Callable[[Event], str]:
    """Return a callable that renders like `otherwise`, and calls it for unsupported events; or `otherwise` itself."""
    numbers: dict[Value, int] = {}
    try:
        sent = _described(attributed, numbers)
        is_same = unattributed is not None and unattributed == attributed
        others = sent if is_same else None if unattributed is None else _described(unattributed, numbers)
    except _UnknownError:
        return otherwise
    made: Callable[[Event], str] = Program(
        Event, postback, min(max_bytes, _MOST_BYTES), tuple(map(_reads, numbers)), sent, others, otherwise
    )
    return made


def fan_out(renderings: Sequence[Segments | None], limits: Iterable[int]) -> Any:
    """Return an object that renders events of one kind for many templates; None if that needs Python.

    For each template, pass what it sends for these events, or None if it does not admit them, and its URL limit. The
    object returns None for an event that it cannot render.
    """
    numbers: dict[Value, int] = {}
    try:
        sent = tuple(
            None if segments is None else (_described(segments, numbers), min(limit, _MOST_BYTES))
            for segments, limit in zip(renderings, limits, strict=True)
        )
    except _UnknownError:
        return None
    return FanOut(Event, tuple(map(_reads, numbers)), sent)


def _described(segments: Segments, numbers: dict[Value, int], depth: int = 0) -> Described:
    """Return the description of the segments inside `depth` queries; assign a number to each distinct value."""
    if depth > _MOST_NESTED:
        raise _UnknownError
    described: list[Any] = []
    for segment in segments:
        if isinstance(segment, Text):
            _append_text(segment.text, described)
        elif isinstance(segment, Value) and segment.reads:
            shared, missing = _parted(segment)
            described.append((numbers.setdefault(shared, len(numbers)), missing))
        elif isinstance(segment, Value):
            _append_text(default_text(segment), described)
        elif isinstance(segment, Query):
            inner = [_described(parameter, numbers, depth + 1) for parameter in segment.parameters]
            described.append([_ascii(segment.opening), _ascii(segment.separator), *inner])
        else:
            described.append(None)
    return tuple(described)


def _append_text(text: str, described: list[Any]) -> None:
    if described and isinstance(described[-1], str):
        described[-1] += _ascii(text)
    else:
        described.append(_ascii(text))


def _ascii(text: str) -> str:
    if not text.isascii():
        raise _UnknownError
    return text


# Templates use the same few values, so cache the results.
@lru_cache(maxsize=1024)
def _parted(value: Value) -> tuple[Value, str | bool | None]:
    """Return the part of a value that templates share, and what this one sends if it is missing.

    That is a text; None if its parameter is dropped, False if rendering fails.
    """
    shared = value._replace(macro="", missing=Missing.DROP)
    if value.missing is Missing.DROP:
        return shared, None
    return shared, False if value.missing is Missing.RAISE else _ascii(default_text(value))


@lru_cache(maxsize=1024)
def _reads(value: Value) -> tuple[Described, ...]:
    """Return the places of a value, each with what is done with its text."""
    return tuple(
        described for read in value.reads for described in (_read(value, read), *_in_another_unit(value, read))
    )


def _in_another_unit(value: Value, read: Read) -> tuple[Described, ...]:
    """Return the place that holds a value in a larger unit, if any; all its conversion is done in Python."""
    if read.converted is None:
        return ()
    field, times = read.converted
    source = SOURCES.index(read.source)
    return ((source, field, *_STEPS_IN_PYTHON, unit_converter(value, read, times), None, None),)


def _read(value: Value, read: Read) -> Described:
    convert = read_converter(value, read)
    words = (_word(convert, flag) for flag in (True, False))
    return SOURCES.index(read.source), read.field, *_steps(value, read), convert, *words


def _word(convert: Callable[[object], str | None], flag: bool) -> str | None:
    """Return the text for a boolean; None if it must be computed each time."""
    try:
        word = convert(flag)
    except Exception:  # noqa: BLE001 - it is raised again when such a value is sent
        return None
    return word if word is not None and word.isascii() else None


def _steps(value: Value, read: Read) -> tuple[int, int, int, int, int]:
    """Return the encoder, its number of layers, the hash, its case, and the checks; all zero if Python must do it."""
    steps = list(value.steps)
    hashed = _HASHES.get(steps[0], 0) if steps else 0
    checks = 0
    if hashed:
        # Hex digits need no encoding and pass all checks.
        if all(step in _ENCODERS or step in _CHECKS for step in steps[1:]):
            uuid = _IS_UUID if value.type is ValueType.UUID else 0
            return _ENCODERS[Step.PERCENT], 1, hashed, _CASES[read.case], uuid
        return _STEPS_IN_PYTHON
    if steps == [Step.JSON_VALUE] and value.type in _TEXTS:
        return _QUOTED, 1, 0, 0, _CHECKS[Step.JSON_STRING]
    while steps and steps[0] in _CHECKS:
        checks |= _CHECKS[steps.pop(0)]
    if not steps:
        return _AS_IT_IS, 1, 0, 0, checks
    encoder = _ENCODERS.get(steps[0], _IN_PYTHON) if steps else _IN_PYTHON
    is_known = len(steps) == 1 or (set(steps) == {Step.PERCENT} and len(steps) <= _MOST_LAYERS)
    return (encoder, len(steps), 0, 0, checks) if encoder and is_known else _STEPS_IN_PYTHON
