"""Redact URLs for logs: keep the names, and replace personal values by their kind and length."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from macroengine.arguments import text_of
from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect_of
from macroengine.compiled_request import CompiledRequest
from macroengine.compiled_template import CompiledTemplate
from macroengine.diagnostics import Span
from macroengine.engine import match
from macroengine.kinds import ValueType
from macroengine.matching.faults import NOT_A_URL, OTHER_TEMPLATE, TOO_LONG
from macroengine.matching.result import Match, Reading
from macroengine.template import Template

_UNREADABLE = frozenset(fault.code for fault in (NOT_A_URL, OTHER_TEMPLATE, TOO_LONG))
_UNKNOWN = "unknown"


class _Edit(NamedTuple):
    """The replacement for a part of the URL."""

    span: Span
    text: str


def redact(
    url: str, template: str | Template | CompiledTemplate | CompiledRequest, *, dialect: str | Dialect | None = None
) -> str:
    """Return a rendered URL for logs, with each personal value replaced by its kind and its length.

    Personal values are those that the catalogue marks, and everything it does not know: JSON from an app, undocumented
    parameters, and anything that is not in this template. No URL raises an error.

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
    readings = [one for one in found.readings if one.span is not None]
    by_start = sorted((one.span.start, number) for number, one in enumerate(readings) if one.span)
    is_literal = cache(source.__contains__)
    done: list[Span] = []
    for pair in found.pairs:
        first, last = (bisect_left(by_start, (place,)) for place in (pair.span.start, pair.span.stop + 1))
        near = (readings[number] for _, number in by_start[first:last])
        inside = [one for one in near if one.span is not None and _is_in(one.span, pair.span)]
        value = Span(url.find("=", *_bounds(pair.span)) + 1 or pair.span.stop, pair.span.stop)
        is_known = inside or is_literal(url[slice(*_bounds(pair.span))])
        if not is_known or not all(one.is_sure for one in inside):
            done.append(pair.span)
            if value.start < value.stop:
                yield _Edit(value, _marked(_UNKNOWN, value.stop - value.start))
    start = url.find("#")
    end = Span(start + 1, len(url)) if start >= 0 else None
    if end and not any(_is_in(one.span, end) for one in readings if one.span) and url[start:] not in source:
        done.append(end)
        yield _Edit(end, _marked(_UNKNOWN, end.stop - end.start))
    for one in readings:
        span = one.span
        if span is None or span.start == span.stop:
            continue
        before = bisect_right(done, span.start, key=_start) - 1
        if before >= 0 and _is_in(span, done[before]):
            continue
        if not one.fields or not public.issuperset(one.fields) or not one.is_sure:
            length = span.stop - span.start if one.text is None else len(one.text)
            yield _Edit(span, _marked(_kind(one), length))


def _start(span: Span) -> int:
    return span.start


def _bounds(span: Span) -> tuple[int, int]:
    return span.start, span.stop


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
