"""Convert a value of an event into the text that is sent, in cases that need more than the encoder."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from macroengine.encodings.percent import Convert
from macroengine.errors import MissingValueError, RenderError
from macroengine.kinds import Source, ValueType
from macroengine.plan.segments import Missing, Read, Step, Value
from macroengine.rendering.json import body_value, json_value
from macroengine.rendering.steps import TextStep, default_text, text_steps
from macroengine.rendering.units import in_smaller_unit
from macroengine.rendering.values import UnsendableError, elements, value_text

SOURCES: Final = (Source.LINK, Source.SDK, Source.PLATFORM)
"""The order of an event's sources in all rendering code."""

# Looked up once, since it is slow in Python 3.11.
_RAISE: Final = Missing.RAISE
_DROP: Final = Missing.DROP


def converter(value: Value) -> Convert:
    """Return the function that converts the values an event may have for `value`, which has a single place."""
    return _conversion(value, value.reads[0]).convert


def read_converter(value: Value, read: Read) -> Convert:
    """Return the function that converts the values an event may have for `value` in one of its places."""
    return _conversion(value, read).convert


def unit_converter(value: Value, read: Read, times: int) -> Convert:
    """Return the function that converts values given in a unit `times` as large as that of one of the places.

    For a value that is neither a number nor a time, it raises UnsendableError if another place may have one.
    """
    return partial(_in_unit, _conversion(value, read), times, read == value.reads[-1])


def chooser(value: Value) -> "Choice":
    """Return an object that takes the sources of an event, and converts the first value that is present."""
    return Choice(value, tuple(_conversion(value, read) for read in value.reads))


def _conversion(value: Value, read: Read) -> "Conversion":
    # Functions are applied first. Their result is text, whatever the type of the value was.
    first = value.steps[0] if value.steps else None
    steps = value.steps[1:] if first in (Step.JSON_VALUE, Step.LIST) else value.steps
    instead = None if value.missing in (_DROP, _RAISE) else default_text(value)
    encode = text_steps(steps, value.type, read.case)
    whole = None if first is not Step.JSON_VALUE else json_value if _in_url(steps) else body_value
    return Conversion(value, read, encode, instead, whole, first is Step.LIST)


def _in_url(steps: Iterable[Step]) -> bool:
    """Say whether a whole JSON value is in a URL parameter. In a body, it needs nothing but JSON escaping."""
    return any(step is not Step.JSON_STRING for step in steps)


@dataclass(slots=True, eq=False)
class Conversion:
    """How to convert one value of a plan."""

    value: Value
    read: Read
    encode: TextStep = field(repr=False)
    """Applies the steps to the value; returns None if there is nothing to hash."""
    instead: str | None = field(repr=False)
    """The text for a missing value; None if nothing is sent, or if rendering fails."""
    whole: Callable[[object, str, ValueType], str] | None = field(repr=False)
    """Writes the value according to its type, if it is a whole JSON value."""
    is_list: bool = field(repr=False)
    """Whether the steps are applied to each of its elements."""

    def convert(self, raw: object) -> str | None:
        """Return the encoded text of `raw`, or the text for a missing value; None if the parameter is dropped.

        Raises:
            RenderError: the value cannot be written as text.
            MissingValueError: a required value is missing.
        """
        value = self.value
        if raw is not None:
            fault = None
            try:
                encoded = self._elements(raw) if self.is_list else self._text(raw)
            except UnicodeEncodeError:
                fault = "cannot send text with a lone surrogate"
            except UnsendableError as error:
                fault = str(error)
            except Exception as error:  # noqa: BLE001 - values may be of any class and raise anything
                fault = f"cannot send a value of type {type(raw).__name__}, which raises {type(error).__name__},"
            if fault is not None:
                # Raised outside the `except`: the other exception would become the context of ours, and keep the value
                # alive.
                raise RenderError(f"{fault} for macro {value.macro!r}", value.macro)
            if encoded is not None:
                return encoded
        if value.missing is _RAISE:
            source, name, *_ = self.read
            raise MissingValueError(f"value of macro {value.macro!r} is missing: no {name!r} in {source}", value.macro)
        return self.instead

    def _text(self, raw: object) -> str | None:
        value = self.value
        text = raw if type(raw) is str else value_text(raw, value.type, value.booleans)
        return self.encode(self.whole(raw, text, value.type) if self.whole else text)

    def _elements(self, raw: object) -> str:
        return ",".join(self.encode(text) or "" for text in elements(raw, self.value.booleans))


@dataclass(slots=True, eq=False)
class Choice:
    """How to convert a value that may be in several places."""

    value: Value
    conversions: tuple[Conversion, ...] = field(repr=False)

    def is_present(self, sources: Sequence[object]) -> bool:
        """Say whether any of the places has a value, even one that cannot be sent."""
        return any(_found(sources, conversion.read) is not None for conversion in self.conversions)

    def convert(self, sources: Sequence[object]) -> str | None:
        """Return the converted value of the first place that has one, or the text for a missing value.

        Raises:
            RenderError: the value cannot be written as text.
            MissingValueError: a required value is missing in all places.
        """
        for conversion in self.conversions:
            raw = _found(sources, conversion.read)
            if raw is not None:
                return conversion.convert(raw)
        return self.conversions[0].convert(None)


def _in_unit(conversion: Conversion, times: int, is_last: bool, raw: object) -> str | None:
    found = in_smaller_unit(raw, times)
    if found is None and not is_last:
        raise UnsendableError("neither a number nor a time")
    return conversion.convert(found)


def _found(sources: Sequence[object], read: Read) -> object:
    """Return the value that the event has in a place, also in another unit; None if it has none."""
    raw = _raw(sources, read.source, read.field)
    if raw is not None or read.converted is None:
        return raw
    other = _raw(sources, read.source, read.converted.field)
    return None if other is None else in_smaller_unit(other, read.converted.times)


def _raw(sources: Sequence[object], source: Source, field: str) -> object:
    return sources[SOURCES.index(source)].get(field)  # type: ignore[attr-defined]
