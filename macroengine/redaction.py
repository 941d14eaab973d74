"""Redact URLs for logs: keep the names, and replace personal values by their kind and length."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from macroengine.arguments import text_of
from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect_of
from macroengine.catalogue.folding import fold
from macroengine.compiled_request import CompiledRequest
from macroengine.compiled_template import CompiledTemplate
from macroengine.diagnostics import Span
from macroengine.engine import match
from macroengine.kinds import ValueType
from macroengine.matching.decoding import layers
from macroengine.matching.faults import NOT_A_URL, OTHER_TEMPLATE, TOO_LONG
from macroengine.matching.result import Match, Reading
from macroengine.template import Template

_UNREADABLE = frozenset(fault.code for fault in (NOT_A_URL, OTHER_TEMPLATE, TOO_LONG))
_UNKNOWN = "unknown"
# Characters that encoders leave in a value, and a plus for a space.
_is_encoded = re.compile(r"(?:[A-Za-z0-9._~!'()*+,-]|%[0-9A-Fa-f]{2})*").fullmatch
# The beginning of another parameter, or an email address. Base64 ends in an equals sign.
_is_more = re.compile(r"[&;?#@]|=[^=]").search
# Identifiers, addresses and numbers have more digits than a name.
_is_name = re.compile(r"(?=.{0,40}\Z)(?:[][A-Za-z_.-]*[0-9]){0,2}[][A-Za-z_.-]*").fullmatch


class _Edit(NamedTuple):
    """The replacement for a part of the URL."""

    span: Span
    text: str


def redact(
    url: str, template: str | Template | CompiledTemplate | CompiledRequest, *, dialect: str | Dialect | None = None
) -> str:
    """Return a rendered URL for logs, with each personal value replaced by its kind and its length.

    Personal values are those that the catalogue marks, and everything it does not know: JSON from an app, undocumented
    parameters, and anything that is not in this template. A value that could be taken for a personal one in a damaged
    URL is replaced too: one in the same parameter, or in another parameter of that name. No URL raises an error.

    >>> template = "https://n.example/pb?c=(clickid)&ip=(ip)&h=(sha1-idfa)"
    >>> redact("https://n.example/pb?c=123&ip=192.0.2.1&h=&mail=x%40y.example", template)
    'https://n.example/pb?c=123&ip=[ip:9]&h=&mail=[unknown:13]'
    """
    url = text_of("url", url)
    if isinstance(template, CompiledRequest):
        template = template.url
    found = match(template, url, dialect=dialect)
    if any(diagnostic.code in _UNREADABLE for diagnostic in found.diagnostics):
        return _marked(_UNKNOWN, len(url))
    if isinstance(template, str):
        source, home = text_of("template", template), dialect_of(DEFAULT_DIALECT if dialect is None else dialect)
    else:
        source, home = template.source, template.dialect if dialect is None else dialect_of(dialect)
    pieces, end = [], 0
    for span, text in sorted(_edits(url, found, source, _public_fields(home))):
        pieces += [url[end : span.start], text]
        end = max(end, span.stop)
    return "".join([*pieces, url[end:]])


def _edits(url: str, found: Match, source: str, public: frozenset[str]) -> Iterator[_Edit]:
    read = [(number, one, one.span) for number, one in enumerate(found.readings) if one.span is not None]
    by_start = sorted((span.start, number) for number, _, span in read)
    unmatched = {*found.unmatched}
    done: list[Span] = []
    for pair in found.pairs:
        first, last = (bisect_left(by_start, (place,)) for place in (pair.span.start, pair.span.stop + 1))
        inside = [found.readings[number] for _, number in by_start[first:last]]
        if pair.span in unmatched or not all(one.is_sure for one in inside):
            done.append(pair.span)
            yield from _doubtful(url, pair.span, inside, source)
    unmatched.difference_update(done)
    done = sorted([*done, *unmatched])
    yield from (_Edit(span, _marked(_UNKNOWN, span.stop - span.start)) for span in unmatched)
    hidden = _hidden(url, found, source, public)
    for number, one, span in read:
        before = bisect_right(done, span.start, key=_start) - 1
        is_done = before >= 0 and _is_in(span, done[before])
        if number in hidden and span.start < span.stop and not is_done:
            length = span.stop - span.start if one.text is None else len(one.text)
            yield _Edit(span, _marked(_kind(one), length))


def _doubtful(url: str, span: Span, inside: Iterable[Reading], source: str) -> Iterator[_Edit]:
    """Replace the value of a pair, and its name too unless it is the template's or looks like one that has no value."""
    name, equals, _ = url[span.start : span.stop].partition("=")
    value = Span(span.start + len(name) + len(equals), span.stop)
    is_apart = all(one.span is not None and one.span.start >= value.start for one in inside)
    if not equals or not (f"{name}=" in source or (is_apart and _is_name(name))):
        value = span
    if value.start < value.stop:
        yield _Edit(value, _marked(_UNKNOWN, value.stop - value.start))


def _hidden(url: str, found: Match, source: str, public: frozenset[str]) -> set[int]:
    """Return the numbers of the readings that are not shown: personal ones, and those that may be personal."""
    unmatched = {*found.unmatched}
    repeated = {fold(pair.name) for pair in found.pairs if pair.span in unmatched}

    def is_public(one: Reading) -> bool:
        if not one.fields or not public.issuperset(one.fields) or not one.is_sure or fold(one.parameter) in repeated:
            return False
        raw = "" if one.span is None else url[one.span.start : one.span.stop]
        return raw in source or _is_one_value(raw)

    hidden = {number for number, one in enumerate(found.readings) if not is_public(one)}
    if any(hidden & place.numbers for place in found.places if not place.is_named):
        return {*range(len(found.readings))}  # any parameter may be the one that has a personal value
    # Where a value is only known by its order, or by the text next to it, a damaged URL has another value there.
    return hidden.union(*(place.numbers for place in found.places if not place.is_named or hidden & place.numbers))


def _is_one_value(raw: str) -> bool:
    """Say whether a text is encoded as a value is, and does not contain what looks like another parameter."""
    return _is_encoded(raw) is not None and not any(map(_is_more, layers(raw)))


def _start(span: Span) -> int:
    return span.start


def _is_in(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.stop <= outer.stop


def _kind(reading: Reading) -> str:
    field = "|".join(reading.fields) or _UNKNOWN
    return field if reading.function is None else f"{reading.function}-{field}"


def _marked(kind: str, length: int) -> str:
    return f"[{kind}:{length}]"


@lru_cache(maxsize=64)
def _public_fields(dialect: Dialect) -> frozenset[str]:
    """Return the fields whose values are not personal for any macro."""
    specs = dialect.macros.values()
    personal = {spec.field for spec in specs if spec.personal or spec.type is ValueType.JSON}
    return frozenset(spec.field for spec in specs) - personal
