"""The renderings of a plan: what is sent, in order, for one kind of event."""

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

from macroengine.plan.filling import Filling
from macroengine.plan.inner_urls import InnerQuery
from macroengine.plan.options import Options
from macroengine.plan.resolve import Resolution
from macroengine.plan.segments import Missing, Query, Segment, Text, Value
from macroengine.template import Template

S = TypeVar("S", bound=Segment)

# Looked up once: in Python 3.11, looking up an enumeration member takes as long as a call.
_DROP: Final = Missing.DROP


class Rendering:
    """What a template sends for events that are, or are not, attributed to the network.

    There is another one for users who do, or do not, share their identifiers.
    """

    def __init__(self, resolution: Resolution, options: Options, *, attributed: bool, shared: bool = True) -> None:
        self._template = resolution.template
        self._filling = Filling(resolution, options, attributed=attributed, shared=shared)
        # The next macro is at the end of the list.
        self._waiting = [*reversed(resolution.macros)]
        self._inner = [*reversed(resolution.queries)]
        missing = options.missing, *(one for _, one in options.missing_for)
        self._drops = resolution.dialect.drops_missing or _DROP in missing

    def segments(self) -> tuple[Segment, ...]:
        """Return what is sent, in order."""
        if not self._drops:
            return self._in_source_order()
        start, stop = _query_of(self._template)
        end = len(self._template.source)
        return _merged([*_kept(self._sent(0, start)), *self._query(start, stop), *_kept(self._sent(stop, end))])

    def _in_source_order(self) -> tuple[Segment, ...]:
        """Return what is sent if no parameter can be dropped: for each macro, and between macros."""
        source, sent_for = self._template.source, self._filling.sent
        found: list[Segment] = []
        text, done = "", 0
        for macro in reversed(self._waiting):
            node = macro.node
            text += source[done : node.start]
            done = node.start + len(node.text)
            sent = sent_for(macro)
            if isinstance(sent, str):
                text += sent
            elif sent is not None:  # pragma: no branch - nothing is dropped here
                if text:
                    found.append(Text(text))
                    text = ""
                found.append(sent)
        if text := text + source[done:]:
            found.append(Text(text))
        return tuple(found)

    def _query(self, start: int, stop: int) -> list[str | Segment]:
        pairs = self._template.query
        if not pairs:
            return []
        opening = pairs[0].opening.text if pairs[0].opening else ""
        separator = pairs[1].opening.text if len(pairs) > 1 and pairs[1].opening else "&"
        starts = [pair.opening.span.stop if pair.opening else start for pair in pairs]
        stops = [pair.opening.start if pair.opening else start for pair in pairs[1:]]
        return self._parameters(opening, separator, zip(starts, [*stops, stop], strict=True))

    def _inner_query(self, query: InnerQuery) -> list[str | Segment]:
        opening = self._template.source[query.opening.start : query.opening.stop]
        return self._parameters(opening, query.separator, [(pair.start, pair.stop) for pair in query.pairs])

    def _parameters(self, opening: str, separator: str, pairs: Iterable[tuple[int, int]]) -> list[str | Segment]:
        """Return what is sent for a query: a Query if that depends on the event."""
        parameters = [_merged(_kept(sent)) for sent in (self._sent(*pair) for pair in pairs) if None not in sent]
        if any(isinstance(one, Value) and one.missing is _DROP for parameter in parameters for one in parameter):
            return [Query(opening, tuple(parameters), separator)]
        segments: list[str | Segment] = []
        for index, parameter in enumerate(parameters):
            segments += [separator if index else opening, *parameter]
        return segments

    def _sent(self, start: int, stop: int) -> list[str | Segment | None]:
        """Return what is sent for a part of the source, in order; None in it means that its parameter is dropped."""
        source, macros, queries = self._template.source, self._waiting, self._inner
        sent: list[str | Segment | None] = []
        while True:
            # A query that shares its opening with the one around it is not a query of its own.
            while queries and queries[-1].span.start < start:
                queries.pop()
            query = queries[-1].span if queries and queries[-1].span.stop <= stop else None
            at = macros[-1].node.start if macros and macros[-1].node.start < stop else stop
            if query is not None and query.start <= at:
                sent += [source[start : query.start], *self._inner_query(queries.pop())]
                start = query.stop
            elif at < stop:
                sent += [source[start:at], self._filling.sent(macros[-1])]
                start = macros.pop().node.span.stop
            else:
                sent.append(source[start:stop])
                return sent


def _query_of(template: Template) -> tuple[int, int]:
    """Return the start and end of the query."""
    end = template.hash.start if template.hash else len(template.source)
    if not template.query:
        return end, end
    opening = template.query[0].opening
    return (opening.start if opening else 0), end


def _kept(sent: Iterable[str | Segment | None]) -> Iterator[str | Segment]:
    return (segment for segment in sent if segment is not None)


def _merged(sent: Iterable[str | S]) -> tuple[S | Text, ...]:
    """Join adjacent texts, and remove empty ones."""
    found: list[S | Text] = []
    texts: list[str] = []
    for segment in sent:
        if isinstance(segment, str):
            texts.append(segment)
        elif isinstance(segment, Text):
            texts.append(segment.text)
        else:
            if text := "".join(texts):
                found.append(Text(text))
            texts.clear()
            found.append(segment)
    if text := "".join(texts):
        found.append(Text(text))
    return tuple(found)
