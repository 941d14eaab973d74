"""Read the values of a template's macros from URLs."""

import re
from collections.abc import Callable, Container, Iterable, Iterator
from functools import lru_cache

from macroengine.catalogue import Dialect, MacroSpec
from macroengine.diagnostics import Span
from macroengine.language.syntax import Syntax
from macroengine.matching.audit import audit_value, facts_of, fits
from macroengine.matching.decoding import Note, decode
from macroengine.matching.faults import AMBIGUOUS, DOUBLE_ENCODED, EMPTY_IDENTIFIER, LITERAL_MACRO, TOO_LONG
from macroengine.matching.literal_macros import is_documented, literal_macros
from macroengine.matching.places import places_of
from macroengine.matching.reading import FRAGMENT, PATH, Read, Reader, shown_name
from macroengine.matching.result import Match, Place, Reading, in_order
from macroengine.matching.shape import Hole, holes_of, normal, shape_of
from macroengine.matching.sorting import sorted_out
from macroengine.plan.segments import RenderPlan, Value

_DELIMITERS = frozenset("?&=#;/")
_MASKED = str.maketrans(dict.fromkeys(_DELIMITERS, "\0"))
_SHOWN = 60
# Characters that are allowed in a value that is sent without encoding.
_is_raw_value = re.compile(r"[A-Za-z0-9._~!$'()*+,;=:@/?%-]*").fullmatch


class Matcher:
    """Matches URLs against the plan of one template."""

    def __init__(self, plan: RenderPlan, dialect: Dialect) -> None:
        self.dialect = dialect
        self._max_bytes = plan.max_bytes
        self._prepare = _preparation(dialect.syntax)
        # Values that may be withheld are read too, as values that may be missing.
        self._shape = shape_of(plan.attributed, self._prepare)
        self._apart = tuple(places_of(self._shape))
        places = sorted(self._places(), key=lambda place: place[0].number)
        self._holes = tuple(hole for hole, _ in places)
        self._unread = tuple(_unread(hole, parameter) for hole, parameter in places)

    def _places(self) -> Iterator[tuple[Hole, str]]:
        """Yield the holes, each with its parameter."""
        shape = self._shape
        everything = [(shape.before, PATH), (shape.fragment or (), FRAGMENT)]
        everything += [(parameter.pieces, shown_name(parameter)) for parameter in shape.parameters]
        return ((hole, name) for pieces, name in everything for hole in holes_of(pieces))

    @property
    def values(self) -> tuple[Value | None, ...]:
        """The values of the template, in the order of the readings; None for a macro that cannot be rendered."""
        return tuple(hole.value for hole in self._holes)

    def match(self, url: str) -> Match:
        """Return what is read from a URL."""
        size = len(url) if url.isascii() else len(url.encode("utf-8", "surrogatepass"))
        if size > self._max_bytes:
            message = f"URL has {size:,} bytes; the template sends at most {self._max_bytes:,}"
            span = Span(min(self._max_bytes, len(url)), len(url))
            found = TOO_LONG.on(url, span, message, "nothing was read from it")
            return Match({}, {}, (), (found,), {}, self._unread, ("",))
        reader = Reader(self._shape, url, self._prepare(url))
        literal: set[Span] = set()
        if reader.read():
            places = [(one.parameter, Span(one.bound.start, one.bound.stop)) for one in reader.reads]
            for parameter, macro, span in literal_macros(url, places, reader.places, self.dialect):
                message = f"literal macro {macro[:_SHOWN]!r} was sent unreplaced"
                reader.report(LITERAL_MACRO, span, message, parameter, "send its value, or nothing")
                literal.add(span)
        values = _Values(self.dialect, url, reader, literal)
        readings = tuple(values.read(self._holes, self._unread))
        return values.match(readings, self.values, self._apart)


@lru_cache(maxsize=32)
def matcher_of(plan: RenderPlan, dialect: Dialect) -> Matcher:
    """Return a matcher for a plan. Matchers are cached."""
    return Matcher(plan, dialect)


@lru_cache(maxsize=64)
def _preparation(syntax: Syntax) -> Callable[[str], str]:
    """Return a function that masks macros in a text, so that their delimiters are not found in it."""
    if not any(_DELIMITERS & {*form.opener, *form.closer, *(form.separator or "")} for form in syntax.forms):
        return normal
    return lambda text: normal(syntax.find.sub(lambda match: match[0].translate(_MASKED), text))


def _unread(hole: Hole, parameter: str) -> Reading:
    value = hole.value
    fields = () if value is None else tuple(dict.fromkeys(read.field for read in value.reads))
    function = value.hash.value if value is not None and value.hash is not None else None
    return Reading(hole.macro, fields, function, None, parameter, None)


class _Values:
    """The values of one URL, while they are decoded."""

    def __init__(self, dialect: Dialect, url: str, reader: Reader, literal: Container[Span]) -> None:
        self._dialect, self._url, self._reader, self._literal = dialect, url, reader, literal

    def read(self, holes: Iterable[Hole], unread: Iterable[Reading]) -> Iterator[Reading]:
        reads = {read.bound.hole.number: read for read in self._reader.reads}
        for hole, reading in zip(holes, unread, strict=True):
            read = reads.get(hole.number)
            yield reading if read is None else self._reading(hole, read, reading)

    def _reading(self, hole: Hole, read: Read, unread: Reading) -> Reading:
        bound, parameter = read
        span = Span(bound.start, bound.stop)
        reading = unread._replace(parameter=parameter, span=span, is_sure=bound.sure)
        value = hole.value
        if value is None:
            return reading
        if not bound.sure:
            message = f"ambiguous: the value of {hole.macro!r} can be read in several ways"
            hint = "separate values by text that they cannot contain, or send one value per parameter"
            self._reader.report(AMBIGUOUS, span, message, parameter, hint)
            return reading
        raw = self._url[span.start : span.stop]
        if self._is_macro(hole, raw):
            return reading
        if raw == hole.absent:
            if not raw and facts_of(value.reads[0].field, self._dialect).is_identifier:
                self._note(Note(EMPTY_IDENTIFIER, "is empty"), reading)
            return reading
        decoded = decode(value, raw)
        for note in decoded.notes:
            self._note(note, reading)
        if decoded.text is None or any(note.fault is AMBIGUOUS for note in decoded.notes):
            return reading._replace(is_sure=decoded.text is None)
        return self._audited(value, reading._replace(text=decoded.text))

    def _is_macro(self, hole: Hole, raw: str) -> bool:
        """Say whether a macro is in the place of its value. A macro that was encoded is a value."""
        read = self._dialect.syntax.read(raw)
        if read is None or (hole.depth == 0 and _is_raw_value(raw)):
            return False
        return read.name == hole.macro or is_documented(read.name, self._dialect)

    def _audited(self, value: Value, reading: Reading) -> Reading:
        text = reading.text or ""
        fitting = [
            field for field in reading.fields if fits(value, text, facts_of(field, self._dialect), self._spec(field))
        ]
        if len(reading.fields) > 1 and value.hash is None:
            reading = reading._replace(fields=tuple(fitting) or reading.fields)
        if len(reading.fields) > 1:
            which = " or ".join(reading.fields)
            self._note(Note(AMBIGUOUS, f"may be {which}", "check it with the event"), reading)
        for note in audit_value(value, text, facts_of(reading.fields[0], self._dialect)):
            self._note(note, reading)
        return reading

    def _spec(self, field: str) -> MacroSpec | None:
        return next((spec for spec in self._dialect.macros.values() if spec.field == field), None)

    def _note(self, note: Note, reading: Reading) -> None:
        assert reading.span is not None  # noqa: S101 - it was read
        if reading.span in self._literal:  # all other problems follow from this
            return
        words = note.fault.name.replace("-", " ") if note.fault is not DOUBLE_ENCODED else note.fault.name
        message = f"{words}: {reading.macro!r} {note.message}"
        self._reader.report(note.fault, reading.span, message, reading.parameter, note.hint)

    def match(
        self, readings: tuple[Reading, ...], planned: tuple[Value | None, ...], places: tuple[Place, ...]
    ) -> Match:
        """Return the values by their fields."""
        found = sorted_out(readings, planned)
        for name, reading in found.conflicts:
            self._note(Note(AMBIGUOUS, f"has another value for {name!r} than before"), reading)
        diagnostics, parameters = in_order(self._reader.found)
        return Match(
            found.values,
            found.hashes,
            self._reader.pairs,
            diagnostics,
            found.candidates,
            readings,
            parameters,
            tuple(sorted(self._reader.unmatched)),
            places,
        )
