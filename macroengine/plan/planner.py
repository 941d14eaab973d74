"""What to send, before how: a template resolved to segments, free of grammar, dialect and policy."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple, TypeVar
from typing import Literal as OneOf

from macroengine.arguments import check_type
from macroengine.catalogue import MacroSpec
from macroengine.catalogue.folding import fold
from macroengine.errors import LimitError
from macroengine.kinds import HashCase, Postback, Source, ValueType
from macroengine.language.nodes import Part
from macroengine.limits import Limits
from macroengine.plan.escaping import escaped, json_default
from macroengine.plan.nesting import PLAIN, Escape, InnerQuery
from macroengine.plan.resolve import Resolution, Resolved
from macroengine.template import Template


class Missing(Enum):
    """What is sent for a macro whose value is missing: None, absent, or withheld."""

    EMPTY = "empty"
    """Nothing."""
    DROP = "drop"
    """The parameter that it stands in goes, with its `&`; outside the query, nothing is sent."""
    KEEP = "keep"
    """The macro as the template writes it."""
    RAISE = "raise"
    """The postback is not rendered: MissingValueError."""


@dataclass(frozen=True, slots=True)
class Default:
    """A text of one's own that is sent for a missing value, encoded as the value would be.

    >>> Default("n/a")
    Default(text='n/a')
    """

    text: str

    def __post_init__(self) -> None:
        check_type("text", str, "a string", self.text)
        text = str.__str__(self.text)
        if not text.isprintable() and any("\ud800" <= char <= "\udfff" for char in text):
            raise ValueError("text of a Default has a lone surrogate, which cannot be sent")
        object.__setattr__(self, "text", text)


ForMissing = Missing | Default
MissingWord = OneOf["empty", "drop", "keep", "raise"]
PlannedMissing = OneOf[Missing.DROP, Missing.RAISE] | str


@dataclass(frozen=True, slots=True)
class Text:
    """Text that is sent as it is."""

    text: str


class Value(NamedTuple):
    """A value of the event, turned into text, hashed if `sha1` says in which case, and percent-encoded.

    A tuple, which is made in a quarter of the time: every macro of every template becomes one, or two.
    """

    macro: str
    """The name of the macro in the template, for errors."""
    source: Source
    field: str
    type: ValueType
    booleans: tuple[str, str]
    """The words for true and false."""
    sha1: HashCase | None
    depth: int
    """How many times it is encoded; 0 for a label of the host, which is checked instead."""
    missing: PlannedMissing
    """What is sent where it is missing: a text, already encoded, or Missing.RAISE, or in a Parameter Missing.DROP."""
    in_path: bool
    """Whether it is in a path, where `.` and `..` are refused: receivers take them for a way up."""
    escapes: tuple[Escape, ...] = ()
    """What is done before it is encoded, in order: for the URLs and JSON inside the URL that JSON is around."""

    @property
    def is_plain(self) -> bool:
        """Whether percent-encoding it once is all there is to do."""
        return self.sha1 is None and self.depth == 1 and not self.in_path and not self.escapes


@dataclass(frozen=True, slots=True)
class Absent:
    """A value that this rendering must not read and cannot do without: rendering raises MissingValueError."""

    macro: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that the text before it would make something else of: rendering raises RenderError."""

    macro: str


Atom = Text | Value | Absent | Refused


@dataclass(frozen=True, slots=True)
class Parameter:
    """A pair of the query. It is dropped where a value with Missing.DROP in it is missing."""

    atoms: "tuple[Segment, ...]"
    """With a query among them where a URL inside the URL has parameters that may be dropped."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query from which parameters may be dropped. The others are joined by `separator` after `opening`.

    Where none is left, nothing is sent, not even `opening`.
    """

    opening: str
    parameters: tuple[Parameter, ...]
    separator: str = "&"


Segment = Atom | Query
A = TypeVar("A", bound=Segment)


@dataclass(frozen=True, slots=True)
class RenderPlan:
    """What to send for which event. No text stands beside another one."""

    postback: Postback
    """Sent for this kind of event only."""
    attributed: tuple[Segment, ...]
    """For events that are attributed to the network."""
    unattributed: tuple[Segment, ...] | None
    """For the others; None where they are not sent. Holds no value that the policy withholds."""
    most_bytes: int
    """The longest URL to send."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a template is planned; the keyword arguments of `compile_template`, made hashable."""

    missing: ForMissing = Missing.EMPTY
    missing_for: tuple[tuple[str, ForMissing], ...] = ()
    """What deviates from `missing`, by documented macro name or parameter, folded."""
    unknown: OneOf["error", "keep", "empty"] = "error"
    nested: bool = True
    allow_host_macros: bool = False
    booleans: OneOf["true/false", "1/0"] = "true/false"
    hash_case: HashCase | None = None
    limits: Limits = field(default_factory=Limits)


def plan(resolution: Resolution, options: Options) -> RenderPlan:
    """Decide what is sent for attributed and for other events.

    Raises:
        LimitError: a macro stands in more URLs than the limit allows.
        ValueError: a default text in the path would lead to another one.
    """
    nested = (macro for macro in resolution.macros if macro.place is not PLAIN)
    deepest = max(nested, key=lambda macro: macro.place.layers, default=None)
    if options.nested and deepest is not None and deepest.place.layers > options.limits.nesting:
        most = options.limits.nesting
        message = f"{deepest.node.text} is in {deepest.place.layers} URLs inside the URL; at most {most} are allowed"
        raise LimitError.at(resolution.template.source, deepest.node.span, message)
    policy = resolution.policy
    return RenderPlan(
        policy.postback,
        _Rendering(resolution, options, attributed=True).segments(),
        _Rendering(resolution, options, attributed=False).segments() if policy.send_all else None,
        options.limits.url,
    )


def values_of(segments: Iterable[Segment]) -> Iterator[Value]:
    """Yield every value that is read, in order, repeats included."""
    for segment in segments:
        if isinstance(segment, Value):
            yield segment
        elif isinstance(segment, Query):
            for parameter in segment.parameters:
                yield from values_of(parameter.atoms)


class _Rendering:
    """What a template sends for the events that are, or are not, attributed to the network."""

    def __init__(self, resolution: Resolution, options: Options, *, attributed: bool) -> None:
        self._template = resolution.template
        self._macros = resolution.macros
        # The next one is the last.
        self._waiting = [*reversed(resolution.macros)]
        self._inner = [*reversed(resolution.queries)]
        self._options = options
        self._missing_for = dict(options.missing_for)
        self._attributed = attributed
        yes, no = options.booleans.split("/")
        self._booleans = yes, no

    def segments(self) -> tuple[Segment, ...]:
        if Missing.DROP not in (self._options.missing, *self._missing_for.values()):
            return _merged(_kept(self._in_source_order()))
        start, stop = _query_of(self._template)
        end = len(self._template.source)
        return _merged([*_kept(self._sent(0, start)), *self._query(), *_kept(self._sent(stop, end))])

    def _in_source_order(self) -> Iterator[str | Atom | None]:
        """Yield what is sent for each macro, and between them the source as it is."""
        source, done = self._template.source, 0
        for macro in self._macros:
            yield source[done : macro.node.start]
            yield self._filled(macro)
            done = macro.node.start + len(macro.node.text)
        yield source[done:]

    def _query(self) -> list[str | Segment]:
        pairs = self._template.query
        if not pairs:
            return []
        start, stop = _query_of(self._template)
        opening = pairs[0].opening.text if pairs[0].opening else ""
        separator = pairs[1].opening.text if len(pairs) > 1 and pairs[1].opening else "&"
        starts = [pair.opening.span.stop if pair.opening else start for pair in pairs]
        stops = [pair.opening.start if pair.opening else start for pair in pairs[1:]]
        return self._parameters(opening, separator, list(zip(starts, [*stops, stop], strict=True)))

    def _inner_query(self, query: InnerQuery) -> list[str | Segment]:
        opening = self._template.source[query.opening.start : query.opening.stop]
        return self._parameters(opening, query.separator, [(pair.start, pair.stop) for pair in query.pairs])

    def _parameters(self, opening: str, separator: str, pairs: Iterable[tuple[int, int]]) -> list[str | Segment]:
        """Return what is sent of a query; a Query where that depends on the event."""
        parameters = [_merged(_kept(sent)) for sent in (self._sent(*pair) for pair in pairs) if None not in sent]
        if any(isinstance(atom, Value) and atom.missing is _DROP for atoms in parameters for atom in atoms):
            return [Query(opening, tuple(map(Parameter, parameters)), separator)]
        segments: list[str | Segment] = []
        for index, atoms in enumerate(parameters):
            segments += [separator if index else opening, *atoms]
        return segments

    def _sent(self, start: int, stop: int) -> list[str | Segment | None]:
        """Return what is sent for a part of the source, in order; with a None where its parameter is dropped."""
        source, macros, queries = self._template.source, self._waiting, self._inner
        sent: list[str | Segment | None] = []
        while True:
            query = queries[-1].span if queries and queries[-1].span.stop <= stop else None
            at = macros[-1].node.start if macros and macros[-1].node.start < stop else stop
            if query is not None and query.start <= at:
                sent += [source[start : query.start], *self._inner_query(queries.pop())]
                start = query.stop
            elif at < stop:
                sent += [source[start:at], self._filled(macros[-1])]
                start = macros.pop().node.span.stop
            else:
                sent.append(source[start:stop])
                return sent

    def _filled(self, macro: Resolved) -> str | Atom | None:
        """Return what is sent for a macro; None where its parameter is dropped."""
        node = macro.node
        is_kept = macro.spec is None and self._options.unknown != "empty"
        if macro.place.glued and not is_kept:
            return Refused(node.name)
        if macro.spec is None:
            return node.text if is_kept else _nothing(macro)
        missing = self._missing(macro, macro.spec)
        if macro.forbidden or (macro.withheld and not self._attributed):
            return missing if isinstance(missing, str) else Absent(node.name) if missing is Missing.RAISE else None
        return self._value(macro, macro.spec, missing)

    def _value(self, macro: Resolved, spec: MacroSpec, missing: PlannedMissing) -> Value:
        booleans = _FLAG if spec.type is _FLAG_TYPE else self._booleans
        sha1 = (self._options.hash_case or spec.case) if macro.node.function is not None else None
        depth, escapes = self._around(macro)
        place, in_path = macro.place, macro.part is Part.PATH
        if place is not PLAIN:
            in_path = place.part is Part.PATH or (in_path and not place.layers and not place.escapes)
        return Value(
            macro.node.name, spec.source, spec.field, spec.type, booleans, sha1, depth, missing, in_path, escapes
        )

    def _around(self, macro: Resolved) -> tuple[int, tuple[Escape, ...]]:
        """Return how often a value is encoded, and what is done before."""
        if macro.host_label:
            return 0, ()
        if macro.place is PLAIN:
            return 1, ()
        depth, escapes = macro.place.depth, macro.place.escapes
        if self._options.nested:
            return depth, escapes
        return 1, tuple(escape for escape in escapes if escape is not Escape.PERCENT)

    def _missing(self, macro: Resolved, spec: MacroSpec) -> PlannedMissing:
        """Return what is sent where the value is missing, encoded; DROP only where there is a parameter to drop."""
        if macro.host_label:
            return Missing.RAISE
        missing = (
            self._missing_for.get(fold(spec.name), self._options.missing)
            if self._missing_for
            else self._options.missing
        )
        if missing is _EMPTY:
            return _nothing(macro)
        match missing:
            case Missing.KEEP:
                return macro.node.text
            case Missing.DROP:
                return Missing.DROP if macro.part in _PARAMETER or macro.place.in_pair else _nothing(macro)
            case Missing.RAISE:
                return Missing.RAISE
            case Default(text):  # pragma: no branch - there is no other kind
                if _is_segment(macro) and text in (".", ".."):
                    raise ValueError(f"missing sends {text!r} for {macro.node.text}, which leads to another path")
                depth, escapes = self._around(macro)
                return escaped(json_default(text, spec.type) if _is_json_value(macro) else text, escapes, depth)


_EMPTY: Final = Missing.EMPTY
_DROP: Final = Missing.DROP
_FLAG_TYPE: Final = ValueType.FLAG
_FLAG = ("1", "0")
_PARAMETER = (Part.NAME, Part.VALUE)


def _query_of(template: Template) -> tuple[int, int]:
    """Return where the query begins and ends."""
    end = template.hash.start if template.hash else len(template.source)
    if not template.query:
        return end, end
    opening = template.query[0].opening
    return (opening.start if opening else 0), end


def _is_segment(macro: Resolved) -> bool:
    """Say whether a value is text of a path: of the URL, or of a URL inside it."""
    place = macro.place
    return place.part is Part.PATH or (macro.part is Part.PATH and not place.layers and not place.escapes)


def _is_json_value(macro: Resolved) -> bool:
    return macro.place.escapes[:1] == (Escape.VALUE,)


def _nothing(macro: Resolved) -> str:
    """Return what stands for no value."""
    return "null" if macro.place.escapes and _is_json_value(macro) else ""


def _kept(sent: Iterable[str | A | None]) -> list[str | A]:
    return [segment for segment in sent if segment is not None]


def _merged(sent: Iterable[str | A]) -> tuple[A | Text, ...]:
    """Join the texts that stand side by side, and leave out what is empty."""
    merged: list[A | Text] = []
    texts: list[str] = []
    for segment in sent:
        if isinstance(segment, str):
            texts.append(segment)
        elif isinstance(segment, Text):
            texts.append(segment.text)
        else:
            if text := "".join(texts):
                merged.append(Text(text))
            texts.clear()
            merged.append(segment)
    if text := "".join(texts):
        merged.append(Text(text))
    return tuple(merged)
