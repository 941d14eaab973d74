"""Hypothesis strategies for the values that an event has for the macros of a template."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from hypothesis import strategies as st

from macroengine.catalogue import Dialect, MacroSpec
from macroengine.catalogue.consent import consent_fields
from macroengine.event import Event
from macroengine.kinds import Consent, Postback, Source
from macroengine.language.syntax import Syntax
from macroengine.testing.sendable import sendable_values
from macroengine.testing.writing import JSON, JSON_STRINGS, NESTED, PLAIN, Repertoire, Written

GIVEN, CONTESTED, ABSENT, NULL, MISPLACED = "given", "contested", "absent", "null", "misplaced"
"""Whether an event has the value: yes; also another one under the wrong source; no; None; only the wrong one."""
# For the first macro of a case, and for those after it. The first usually has a value, since it may be the only macro.
# Rare values are in the middle, since Hypothesis draws the first and the last of a list more often than the others.
_PRESENCE = (
    *[(GIVEN, GIVEN)] * 55,
    *[(ABSENT, ABSENT), *[(GIVEN, ABSENT)] * 14],
    *[(CONTESTED, CONTESTED)] * 10,
    *[(MISPLACED, MISPLACED), *[(GIVEN, MISPLACED)] * 6],
    *[(NULL, NULL), *[(GIVEN, NULL)] * 6],
    *[(GIVEN, GIVEN)] * 25,
)
_REFUSALS: dict[Consent, tuple[object, ...]] = {
    Consent.LIMITED: (True, "true", 1),
    Consent.AUTHORIZED: (False, 0, "false"),
    Consent.STATUS: ("denied", "restricted", "not_determined"),
}
_AGREEMENTS: dict[Consent, tuple[object, ...]] = {
    Consent.LIMITED: (False, "false", 0),
    Consent.AUTHORIZED: (True, 1),
    Consent.STATUS: ("authorized", "3"),
}
Content = tuple[Source, str, object]
"""A source, a field, and a value. None means that the field is present without a value."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A macro in its place, and the values that the event has for it."""

    written: Written
    text: str
    contents: tuple[Content, ...]

    @property
    def has_value(self) -> bool:
        """Whether its first value is present, and any text is allowed in its place."""
        return bool(self.contents) and self.contents[0][2] is not None and not self.written.raw


def presences(*, missing: bool | None, misplaced: bool | None, first: bool = False) -> tuple[str, ...]:
    """Return the kinds of presence to draw from, likely ones more often.

    The list for the `first` macro of a case has the same length and order as that for the others, so that a failing
    case with a missing value shrinks to that macro alone.
    """
    left_out: set[str] = set()
    if missing is False:
        left_out |= {ABSENT, NULL, MISPLACED}
    if misplaced is False:
        left_out |= {CONTESTED, MISPLACED}
    return tuple(pair[not first] for pair in _PRESENCE if pair[1] not in left_out)


@cache
def filled(
    macros: Repertoire, pool: str, places: str, how: tuple[str, ...], syntax: Syntax
) -> st.SearchStrategy[Filled]:
    """Draw one macro of a pool, its place in its parameter, and the values that the event has for it.

    `pool` is an attribute of the repertoire. `places` is "plain", "nested", "json", or several joined by " or ".
    """
    found: list[Written] = getattr(macros, pool)
    return _filled(st.sampled_from(found), places, st.sampled_from(how), syntax)


@st.composite
def _filled(
    draw: st.DrawFn, pool: st.SearchStrategy[Written], places: str, presence: st.SearchStrategy[str], syntax: Syntax
) -> Filled:
    written = draw(pool)
    place = draw(_places(places, raw=written.raw))
    how = draw(presence)
    contents: list[Content] = []
    for spec in written.specs:
        contents += draw_contents(draw, spec, syntax, how, raw=written.raw)
    return Filled(written, place.format(written.text), tuple(contents))


@cache
def _places(names: str, *, raw: bool) -> st.SearchStrategy[str]:
    known = {"plain": PLAIN, "nested": NESTED, "json": JSON_STRINGS if raw else JSON}
    return st.sampled_from([place for name in names.split(" or ") for place in known[name]])


def draw_contents(draw: st.DrawFn, spec: MacroSpec, syntax: Syntax, presence: str, *, raw: bool) -> list[Content]:
    """Draw the values that an event has for a macro, given the kind of presence."""
    contents: list[Content] = []
    if presence in (GIVEN, CONTESTED):
        contents.append((spec.source, spec.field, draw(sendable_values(spec, syntax, raw=raw))))
    if presence in (NULL, MISPLACED):
        contents.append((spec.source, spec.field, None))
    if presence in (CONTESTED, MISPLACED):
        contents.append((draw(_OTHER[spec.source]), spec.field, "misplaced"))
    return contents


_OTHER = {source: st.sampled_from([other for other in Source if other is not source]) for source in Source}


@cache
def consent_values(dialect: Dialect, *, refused: bool) -> st.SearchStrategy[Content]:
    """Draw a consent field, with a value by which the user refuses or agrees."""
    words = _REFUSALS if refused else _AGREEMENTS
    return st.sampled_from(
        [(found.source, found.field, word) for found in consent_fields(dialect) for word in words[found.consent]]
    )


def event_of(contents: Iterable[Content], postback: Postback, *, attributed: bool) -> Event:
    """Return the event with these contents. Of two values for a field, the last one is used."""
    mappings: dict[Source, dict[str, object]] = {source: {} for source in Source}
    for source, field, value in contents:
        mappings[source][field] = value
    return Event(mappings[Source.LINK], mappings[Source.SDK], mappings[Source.PLATFORM], postback, attributed)
