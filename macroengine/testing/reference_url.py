"""The reference for the whole of a URL: what is sent around the macros, and what is dropped with them."""

import re

from macroengine.catalogue import MacroSpec
from macroengine.language.nodes import Literal, Macro, Pair, Part, Pieces
from macroengine.plan.segments import Missing
from macroengine.template import Template
from macroengine.testing.reference_macro import macro_text
from macroengine.testing.reference_nesting import Pairs, inside
from macroengine.testing.reference_rows import Rendering, sent_row, when_missing
from macroengine.testing.reference_value import HASHES, first_value, value_of


def url_text(template: Template, rendering: Rendering) -> str:
    """Return the URL for an event."""
    # A value is encoded in the same way in the path, in query names and values, and in the fragment.
    return "".join(
        (
            _component(template, template.scheme, Part.SCHEME, rendering),
            template.slashes.text if template.slashes else "",
            _component(template, template.authority, Part.AUTHORITY, rendering),
            _component(template, template.path, Part.PATH, rendering),
            _query(template, rendering),
            template.hash.text if template.hash else "",
            _component(template, template.fragment, Part.FRAGMENT, rendering),
        )
    )


def _query(template: Template, rendering: Rendering) -> str:
    # A dropped pair takes its & along. The opening of the query stays as long as any pair does, even an empty one.
    pairs = template.query
    opening = pairs[0].opening.text if pairs and pairs[0].opening else ""
    separator = pairs[1].opening.text if len(pairs) > 1 and pairs[1].opening else "&"
    texts = [_PairText(template, pair, rendering) for pair in pairs]
    kept: list[str] = []
    for text in texts:
        # A semicolon only separates pairs if there is no & at all.
        others = separator == "&" and any(not other.may_be_dropped() for other in texts if other is not text)
        sent = text.sent(is_alone=opening != "&" and not others, is_split=separator == ";")
        kept += [] if sent is None else [sent]
    return opening + separator.join(kept) if kept else ""


class _PairText:
    """A pair, and how it is sent for an event."""

    def __init__(self, template: Template, pair: Pair, rendering: Rendering) -> None:
        self._pair = pair
        self._rendering = rendering
        self._name = _Text(template, pair.name, Part.NAME, rendering)
        self._value = _Text(template, pair.value, Part.VALUE, rendering)
        self._deciding = [macro for text in (self._name, self._value) for macro in text.deciding(*text.reach)]

    def may_be_dropped(self) -> bool:
        """Say whether it is dropped for some events."""
        return _drops_any(self._deciding, self._rendering)

    def sent(self, *, is_alone: bool, is_split: bool) -> str | None:
        """Return the pair without its opening; None if it is dropped.

        `is_alone` says that it may be sent without any &, and `is_split` that semicolons separate pairs.
        """
        if _is_dropped(self._deciding, self._rendering):
            return None
        leaves = [*self._pair.name, *([self._pair.equals] if self._pair.equals else []), *self._pair.value]
        if is_alone and leaves:
            self._name.alone = self._value.alone = (leaves[0].start, leaves[-1].span.stop)
        self._name.is_split = self._value.is_split = is_split
        equals = self._pair.equals.text if self._pair.equals else ""
        return self._name.sent(*self._name.reach) + equals + self._value.sent(*self._value.reach)


def _component(template: Template, pieces: Pieces, part: Part, rendering: Rendering) -> str:
    text = _Text(template, pieces, part, rendering)
    return text.sent(*text.reach)


class _Text:
    """A component, and how it is sent for an event."""

    def __init__(self, template: Template, pieces: Pieces, part: Part, rendering: Rendering) -> None:
        self._source = template.source
        self._rendering = rendering
        self._part = part
        self._inside = inside(pieces, part)
        self._macros = [piece for piece in pieces if not isinstance(piece, Literal)]
        queries = self._inside.queries if _drops_any(self._macros, rendering) else []
        # Outer queries come before those inside them.
        self._queries = sorted(queries, key=_in_order)
        self.alone: tuple[int, int] | None = None
        """The pair of the outermost URL around it, if that may be sent without any &."""
        self.is_split = False
        """Whether semicolons separate the pairs of the outermost URL."""
        self.reach = (pieces[0].start, pieces[-1].span.stop) if pieces else (0, 0)

    def own_macros(self, start: int, stop: int, first: int = 0) -> list[Macro]:
        """Return the macros of a stretch that belong to no inner pair. `first` is the first query inside."""
        inner = [pair for index in self._outermost(start, stop, first) for pair in self._queries[index].pairs]
        return [
            macro
            for macro in self._macros
            if start <= macro.start < stop and not any(begin <= macro.start < end for begin, end in inner)
        ]

    def deciding(self, start: int, stop: int, first: int = 0) -> list[Macro]:
        """Return those macros that may cause their pair to be dropped. One that must not be sent at all cannot."""
        return [macro for macro in self.own_macros(start, stop, first) if macro.start not in self._inside.glued]

    def sent(self, start: int, stop: int, first: int = 0) -> str:
        """Return a stretch of the source with its macros filled and literals unchanged."""
        stops: list[tuple[int, Macro | int]] = [(macro.start, macro) for macro in self.own_macros(start, stop, first)]
        stops += [(self._queries[index].opening[0], index) for index in self._outermost(start, stop, first)]
        text, at = "", start
        for begin, what in sorted(stops, key=lambda pair: pair[0]):
            text += self._source[at:begin]
            if isinstance(what, int):
                text += self._query(what)
                at = self._queries[what].pairs[-1][1]
            else:
                text += macro_text(what, self._part, self._inside, self._rendering, self._forbidden(what))
                at = what.span.stop
        return text + self._source[at:stop]

    def _forbidden(self, macro: Macro) -> list[str]:
        """Return patterns that an unencoded value must not contain, because of the part that it is in."""
        inner = self._inside.parts[macro.start]
        is_outer = not inner or not self._rendering.nested
        parts = [inner, {Part.PATH: "path", Part.NAME: "name"}.get(self._part, "") if is_outer else ""]
        found = ["=" for part in parts if part == "name"]
        if "path" in parts:
            found += ["[/?]", _DOTS]
        if is_outer and self.alone is not None:
            found += [";"] if self.is_split else _splitting(self._source, macro, self.alone)
        if inner in ("name", "value"):
            found += self._splitting_inner(macro)
        return found

    def _splitting_inner(self, macro: Macro) -> list[str]:
        queries = sorted(self._inside.queries, key=_in_order)
        owners = {
            one.start: query for query in queries for one in self._macros for pair in query.pairs if _has(pair, one)
        }
        own = owners[macro.start]
        if self._source[slice(*own.opening)].endswith(("&", "26")):
            return []
        dropping = [one for one in self._macros if owners.get(one.start) is own and _drops_any([one], self._rendering)]
        others = [pair for pair in own.pairs if not any(_has(pair, one) for one in [macro, *dropping])]
        if len(own.pairs) > 1 and not own.separator.endswith(("&", "26")):
            return [";"]
        if others:
            return []
        pair = next(pair for pair in own.pairs if _has(pair, macro))
        return _splitting(self._source, macro, pair, ";|%(25)*3[Bb]")

    def _query(self, index: int) -> str:
        query = self._queries[index]
        kept = [
            self.sent(*pair, index + 1)
            for pair in query.pairs
            if not _is_dropped(self.deciding(*pair, index + 1), self._rendering)
        ]
        return self._source[slice(*query.opening)] + query.separator.join(kept) if kept else ""

    def _outermost(self, start: int, stop: int, first: int) -> list[int]:
        """Return the inner queries of a stretch, without queries inside those."""
        found: list[int] = []
        for index in range(first, len(self._queries)):
            query = self._queries[index]
            begin = self._queries[found[-1]].pairs[-1][1] if found else start
            if begin <= query.opening[0] and query.pairs[-1][1] <= stop:
                found.append(index)
        return found


# Browsers read escaped dots as dots.
_DOTS = r"\A(?:\.|%2[eE]){1,2}\Z"


def _splitting(source: str, macro: Macro, pair: tuple[int, int], semicolon: str = ";") -> list[str]:
    """Return patterns of what would begin another pair in a query without any &."""
    patterns = [";[^/:;?#&=]+=" if macro.span.stop == pair[1] else ";"]
    return [*patterns, "="] if re.search(semicolon, source[pair[0] : macro.start]) else patterns


def _in_order(query: Pairs) -> tuple[int, int]:
    return query.opening[0], -query.pairs[-1][1]


def _has(pair: tuple[int, int], macro: Macro) -> bool:
    return pair[0] <= macro.start < pair[1]


def _drops_any(macros: list[Macro], rendering: Rendering) -> bool:
    return any((spec := sent_row(macro, rendering)) and _drops(spec, rendering) for macro in macros)


def _is_dropped(macros: list[Macro], rendering: Rendering) -> bool:
    # Whether to drop a pair is decided first, so that another value in it cannot make the event fail: first by missing
    # values, then by identifiers that cannot be hashed.
    dropping = [(macro, spec) for macro in macros if (spec := sent_row(macro, rendering)) and _drops(spec, rendering)]
    if any(first_value(macro, rendering)[1] is None for macro, _ in dropping):
        return True
    return any(value_of(macro, spec, rendering) is None for macro, spec in dropping if macro.function in HASHES)


def _drops(spec: MacroSpec, rendering: Rendering) -> bool:
    return when_missing(spec, rendering) is Missing.DROP
