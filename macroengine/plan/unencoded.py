"""Decide which delimiters an unencoded value must not contain, so that its URL is read as the template is."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import islice
from operator import attrgetter
from typing import Final, NamedTuple

from macroengine.diagnostics import Span
from macroengine.language.nodes import Part
from macroengine.plan.inner_urls import InnerQuery
from macroengine.plan.resolve import Resolution, Resolved
from macroengine.plan.segments import Step
from macroengine.template import Template

_CHECKS: Final = (Step.IN_PLACE, Step.IN_SEGMENT)
_QUERY = (Part.NAME, Part.VALUE)


class Unencoded:
    """The unencoded values of a template, and the queries around them.

    A `;` separates parameters where one begins with `;name=` and there is no `&`. So a value may contain anything if a
    parameter that is always sent brings an `&` along.
    """

    def __init__(self, resolution: Resolution, may_drop: Callable[[Resolved], bool], *, nested: bool) -> None:
        self._template = resolution.template
        self._nested = nested
        self._owners = _owners(resolution)
        self._dropping: dict[int, list[int]] = {}
        for macro in resolution.macros:
            if may_drop(macro):
                self._dropping.setdefault(id(self._owners.get(macro.node.start)), []).append(macro.node.start)
        self._queries: dict[int, _Query] = {}

    def checked(self, macro: Resolved, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """Return the steps of an unencoded value with the checks for its place."""
        inner = macro.place.url_part
        is_at_top = macro.place.depth > 0 and (inner is None or not self._nested)
        parts = [inner] * (inner is not None) + [macro.part] * is_at_top
        checks = {Step.NO_EQUALS} if Part.NAME in parts else set()
        if is_at_top and macro.part in _QUERY:
            checks |= self._in_query(macro, None)
        if inner in _QUERY:
            checks |= self._in_query(macro, self._owners[macro.node.start])
        at = next(index for index, step in enumerate(steps) if step in _CHECKS)
        last = Step.IN_SEGMENT if Part.PATH in parts else steps[at]
        return (*steps[:at], *sorted(checks), last, *steps[at + 1 :])

    def _in_query(self, macro: Resolved, inner: InnerQuery | None) -> set[Step]:
        """Return the checks for a value in a query: an inner one, or else the outermost."""
        query = self._queries.get(id(inner))
        if query is None:
            query = self._queries[id(inner)] = self._query(inner)
        start, stop = macro.node.start, macro.node.span.stop
        if query.separator == ";":
            return {Step.NO_SEMICOLON}
        if query.separator == "&" and any(not pair.start <= start < pair.stop for pair in query.kept):
            return set()
        index = bisect_right(query.pairs, start, key=attrgetter("start")) - 1
        # What follows may complete `;name=`, and so may the value after a `;`.
        checks = {Step.NO_PAIR if stop == query.pairs[index].stop else Step.NO_SEMICOLON}
        return checks | {Step.NO_EQUALS} if query.semicolons[index] < start else checks

    def _query(self, inner: InnerQuery | None) -> "_Query":
        source, dropping = self._template.source, self._dropping.get(id(inner), [])
        separator, pairs = _outermost(self._template) if inner is None else _inner(source, inner)
        # Two are enough: the macro is in at most one of them.
        kept = [*islice((pair for pair in pairs if not _has(pair, dropping)), 2)]
        find = _semicolon if inner is None else _inner_semicolon
        found = (find(source, pair.start, pair.stop) for pair in pairs)
        semicolons = [len(source) if match is None else match.start() for match in found]
        return _Query(separator, pairs, kept, semicolons)


class _Query(NamedTuple):
    separator: str
    pairs: list[Span]
    kept: list[Span]
    """Up to two parameters that are always sent."""
    semicolons: list[int]
    """The place of the first semicolon in each parameter, or the end of the template."""


def _owners(resolution: Resolution) -> dict[int, InnerQuery]:
    """Return the innermost query around each macro in a nested URL, by the macro's start."""
    starts = [macro.node.start for macro in resolution.macros]
    owners: dict[int, InnerQuery] = {}
    for query in resolution.queries:  # outer ones come first
        for pair in query.pairs:
            inside = starts[bisect_left(starts, pair.start) : bisect_left(starts, pair.stop)]
            owners |= dict.fromkeys(inside, query)
    return owners


def _has(pair: Span, starts: Sequence[int]) -> bool:
    return bisect_left(starts, pair.start) < bisect_left(starts, pair.stop)


# An `&` before the first parameter counts like a parameter before it, which is empty.
_EMPTY = Span(-1, -1)


def _outermost(template: Template) -> tuple[str, list[Span]]:
    """Return the separator of the outermost URL's parameters, and the parameters."""
    pairs = template.query
    openings = [pair.opening.text if pair.opening else "" for pair in pairs[:2]]
    spans = [_EMPTY] if openings[0] == "&" else []
    for pair in pairs:
        leaves = (*pair.name, *((pair.equals,) if pair.equals else ()), *pair.value)
        start = leaves[0].start if leaves else pair.opening.span.stop if pair.opening else 0
        spans.append(Span(start, leaves[-1].span.stop if leaves else start))
    return "&" if openings[0] == "&" else openings[-1] if len(pairs) > 1 else "", spans


def _inner(source: str, query: InnerQuery) -> tuple[str, list[Span]]:
    if source[query.opening.start : query.opening.stop].endswith(_AMPERSANDS):
        return "&", [_EMPTY, *query.pairs]
    separator = "&" if query.separator.endswith(_AMPERSANDS) else ";"
    return separator if len(query.pairs) > 1 else "", [*query.pairs]


_AMPERSANDS = ("&", "26")
_semicolon = re.compile(";").search
_inner_semicolon = re.compile(";|%(?:25)*3[Bb]").search
