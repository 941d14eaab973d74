"""The result of matching a URL."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from macroengine.diagnostics import Diagnostic, Span


class ReceivedPair(NamedTuple):
    """A parameter of the URL, decoded once."""

    name: str
    """Its name."""
    value: str | None
    """None if there is no `=`."""
    span: Span
    """Where it is in the URL."""


class Reading(NamedTuple):
    """The value that was read for one macro of the template."""

    macro: str
    """The name of the macro, as the template spells it."""
    fields: tuple[str, ...]
    """The fields that the value may belong to: several if the macro has alternatives, none if it is unknown."""
    function: str | None
    """The hash function that was applied to the value."""
    text: str | None
    """The value, or its hash; None if it is missing or ambiguous."""
    parameter: str
    """The name of its parameter; `(path)` or `(fragment)` outside the query."""
    span: Span | None
    """Its place in the URL; None if its parameter is missing."""
    is_sure: bool = True
    """Whether there is only one way to read it."""

    @property
    def state(self) -> str:
        """The state of the reading in a word; `unknown` for a macro that the dialect does not have."""
        if not self.fields:
            return "unknown"
        if not self.is_sure or (len(self.fields) > 1 and self.text is not None):
            return "ambiguous"
        return "missing" if self.text is None else "read"


class Place(NamedTuple):
    """Macros of the template whose values may be taken for each other's in a URL that was reordered or damaged."""

    numbers: frozenset[int]
    """The numbers of their readings."""
    is_named: bool
    """Whether literal text names the parameter; if not, it may be read from any other parameter."""


@dataclass(frozen=True, slots=True)
class Match:
    """The values in a URL, and what is wrong with the URL.

    >>> from macroengine import match
    >>> found = match("https://n.example/pb?c=(clickid)&i=(sha1-idfa)", "https://n.example/pb?c=a%20b&i=")
    >>> found.values, found.hashes
    ({'click_id': 'a b'}, {})
    """

    values: dict[str, str]
    """By field, as an event would print them; a list has commas. Missing and ambiguous values are omitted."""
    hashes: dict[str, str]
    """By function and field, such as `sha1-idfa`."""
    pairs: tuple[ReceivedPair, ...]
    """The parameters of the URL, in order."""
    diagnostics: tuple[Diagnostic, ...]
    """The problems of the URL, in order."""
    candidates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each macro with alternatives, the fields that its value may belong to."""
    readings: tuple[Reading, ...] = ()
    """The reading of each macro, in the order of the template."""
    parameters: tuple[str, ...] = field(default=(), repr=False)
    """For each diagnostic, the parameter that it is about."""
    unmatched: tuple[Span, ...] = field(default=(), repr=False)
    """The parts of the URL that the template does not have, in order, if the URL is of this template."""
    places: tuple[Place, ...] = field(default=(), repr=False, compare=False)
    """Which macros of the template may be confused with each other."""

    def findings(self) -> Iterator[tuple[str, Diagnostic]]:
        """Yield the diagnostics, each with its parameter."""
        return zip(self.parameters, self.diagnostics, strict=True)


def in_order(found: Iterable[tuple[str, Diagnostic]]) -> tuple[tuple[Diagnostic, ...], tuple[str, ...]]:
    """Return the diagnostics in the order of the URL, without repeats, and their parameters."""
    ordered = sorted(dict.fromkeys(found), key=_place)
    return tuple(diagnostic for _, diagnostic in ordered), tuple(parameter for parameter, _ in ordered)


def _place(found: tuple[str, Diagnostic]) -> tuple[int, int, str]:
    diagnostic = found[1]
    return diagnostic.span.start, diagnostic.span.stop, diagnostic.code
