"""What was read from a URL."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from macroengine.diagnostics import Diagnostic, Span


class ReceivedPair(NamedTuple):
    """A parameter of the URL, decoded once."""

    name: str
    """Its name."""
    value: str | None
    """None where there is no `=`."""
    span: Span
    """Where it is in the URL."""


class Reading(NamedTuple):
    """What was read for one macro of the template."""

    macro: str
    """The name of the macro, as the template spells it."""
    fields: tuple[str, ...]
    """The fields whose value it can be; several where the macro has alternatives, none where it is not known."""
    function: str | None
    """The hash that was sent of the value."""
    text: str | None
    """The value, or the hash; None where it is missing or ambiguous."""
    parameter: str
    """The name of the parameter that it is in; `(path)` or `(fragment)` outside of the query."""
    span: Span | None
    """Where it is in the URL; None where its parameter is missing."""
    is_sure: bool = True
    """Whether there is one way to read it."""

    @property
    def state(self) -> str:
        """Whether it was read, in a word; `unknown` for a macro that the dialect does not have."""
        if not self.fields:
            return "unknown"
        if not self.is_sure or (len(self.fields) > 1 and self.text is not None):
            return "ambiguous"
        return "missing" if self.text is None else "read"


@dataclass(frozen=True, slots=True)
class Match:
    """The values in a URL, and what is wrong with how they were sent.

    >>> from macroengine import match
    >>> found = match("https://n.example/pb?c=(clickid)&i=(sha1-idfa)", "https://n.example/pb?c=a%20b&i=")
    >>> found.values, found.hashes
    ({'click_id': 'a b'}, {})
    """

    values: dict[str, str]
    """By field, each as an event would print it, a list with commas; what is missing, and what can be read in several
    ways, is left out."""
    hashes: dict[str, str]
    """By function and field, as in `sha1-idfa`."""
    pairs: tuple[ReceivedPair, ...]
    """The parameters of the URL, in order."""
    diagnostics: tuple[Diagnostic, ...]
    """What is wrong, in the order of the URL."""
    candidates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each macro with alternatives, the fields that its value can be of."""
    readings: tuple[Reading, ...] = ()
    """What was read for each macro, in the order of the template."""
    parameters: tuple[str, ...] = field(default=(), repr=False)
    """For each diagnostic, the parameter that it is about."""

    def findings(self) -> Iterator[tuple[str, Diagnostic]]:
        """Yield the diagnostics, each with the parameter that it is about."""
        return zip(self.parameters, self.diagnostics, strict=True)


def in_order(found: Iterable[tuple[str, Diagnostic]]) -> tuple[tuple[Diagnostic, ...], tuple[str, ...]]:
    """Return diagnostics in the order of the URL, and the parameters that they are about; each of them once."""
    ordered = sorted(dict.fromkeys(found), key=_place)
    return tuple(diagnostic for _, diagnostic in ordered), tuple(parameter for parameter, _ in ordered)


def _place(found: tuple[str, Diagnostic]) -> tuple[int, int, str]:
    diagnostic = found[1]
    return diagnostic.span.start, diagnostic.span.stop, diagnostic.code
