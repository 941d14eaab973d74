"""Plan what is sent for which event, from a resolved template."""

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar
from typing import Literal as OneOf

from macroengine.catalogue import MacroSpec
from macroengine.catalogue.aliases import conversions
from macroengine.catalogue.consent import consent_fields, sharing_words
from macroengine.catalogue.folding import fold
from macroengine.errors import LimitError, UnsupportedError
from macroengine.kinds import Source, ValueType
from macroengine.plan.inner_urls import InnerQuery
from macroengine.plan.nesting import PLAIN, Escape
from macroengine.plan.options import Options
from macroengine.plan.resolve import Problem, Resolution, Resolved
from macroengine.plan.segments import (
    Absent,
    Atom,
    Converted,
    Default,
    Missing,
    Query,
    Read,
    Refused,
    RenderPlan,
    Segment,
    Signal,
    Step,
    Text,
    Unshared,
    Value,
)
from macroengine.plan.steps import is_in_parameter, is_segment, steps_of
from macroengine.plan.unencoded import Unencoded
from macroengine.template import Template

S = TypeVar("S", bound=Segment)

PlannedMissing = str | Default | OneOf[Missing.DROP, Missing.RAISE]


def plan(resolution: Resolution, options: Options) -> RenderPlan:
    """Return the plan: what is sent for attributed events, and for others.

    Raises:
        LimitError: a macro is nested in more URLs than the limit allows.
        ValueError: a default text would change the path.
        UnsupportedError: a macro has an argument.
    """
    nested = (macro for macro in resolution.macros if macro.place is not PLAIN)
    deepest = max(nested, key=lambda macro: macro.place.layers, default=None)
    if options.nested and deepest is not None and deepest.place.layers > options.limits.nesting:
        most = options.limits.nesting
        message = f"{deepest.node.text} is in {deepest.place.layers} URLs inside the URL; at most {most} are allowed"
        raise LimitError.at(resolution.template.source, deepest.node.span, message)
    policy = resolution.policy
    attributed = _Rendering(resolution, options, attributed=True).segments()
    others = _Rendering(resolution, options, attributed=False).segments() if policy.send_all else None
    unshared = _unshared(resolution, options, others) if policy.consent else None
    return RenderPlan(policy.postback, attributed, others, options.limits.url, unshared, options.kind)


def _unshared(resolution: Resolution, options: Options, others: tuple[Segment, ...] | None) -> Unshared | None:
    """Return what is sent if the user does not share identifiers; None if the template has no identifiers."""
    choices = (
        choice for macro in resolution.macros for choice in (macro, *resolution.others.get(macro.node.start, ()))
    )
    withheld = [choice for choice in choices if choice.needs_consent]
    if not withheld:
        return None
    attributed = _Rendering(resolution, options, attributed=True, shared=False).segments()
    if others is not None and not all(choice.withheld for choice in withheld):
        others = _Rendering(resolution, options, attributed=False, shared=False).segments()
    signals = (
        Signal(source, name, sharing_words(consent)) for source, name, consent in consent_fields(resolution.dialect)
    )
    macros = dict.fromkeys(choice.node.name for choice in withheld)
    return Unshared(tuple(signals), tuple(macros), attributed, others)


class _Rendering:
    """What a template sends for events that are, or are not, attributed to the network.

    There is another one for users who do, or do not, share their identifiers.
    """

    def __init__(self, resolution: Resolution, options: Options, *, attributed: bool, shared: bool = True) -> None:
        self._resolution = resolution
        self._unencoded: Unencoded | None = None
        self._template = resolution.template
        self._dialect = resolution.dialect
        # The next macro is at the end of the list.
        self._waiting = [*reversed(resolution.macros)]
        self._inner = [*reversed(resolution.queries)]
        self._others = resolution.others
        self._options = options
        self._missing_for = dict(options.missing_for)
        self._attributed = attributed
        self._shared = shared
        yes, no = options.booleans.split("/")
        self._booleans = yes, no

    def segments(self) -> tuple[Segment, ...]:
        drops = self._dialect.drops_missing or _DROP in (self._options.missing, *self._missing_for.values())
        if not drops:
            return _merged(_kept(self._in_source_order()))
        start, stop = _query_of(self._template)
        end = len(self._template.source)
        return _merged([*_kept(self._sent(0, start)), *self._query(start, stop), *_kept(self._sent(stop, end))])

    def _in_source_order(self) -> Iterator[str | Atom | None]:
        """Yield what is sent for each macro, and the source text between macros."""
        source, done = self._template.source, 0
        for macro in reversed(self._waiting):
            yield source[done : macro.node.start]
            yield self._filled(macro)
            done = macro.node.start + len(macro.node.text)
        yield source[done:]

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
                sent += [source[start:at], self._filled(macros[-1])]
                start = macros.pop().node.span.stop
            else:
                sent.append(source[start:stop])
                return sent

    def _filled(self, macro: Resolved) -> str | Atom | None:
        """Return what is sent for a macro; None if its parameter is dropped."""
        node, spec = macro.node, macro.spec or self._spec(macro)
        is_kept = spec is None and self._options.unknown != "empty"
        if macro.place.glued and not is_kept:
            return Refused(node.name)
        if spec is None:
            return _as_written(macro) if is_kept else _nothing(macro)
        if node.argument is not None:
            raise UnsupportedError(f"{node.text} cannot be rendered: an event has no value for its argument")
        missing = self._missing(macro, spec)
        reads = self._reads(macro)
        if not reads:
            if missing is _RAISE:
                return Absent(node.name, is_known=macro.spec is not None)
            # A Default goes through the steps of a value that reads nothing.
            if not isinstance(missing, Default):
                return None if missing is _DROP else missing
        converted = None
        if len(reads) == 1 and (unit := conversions().get(reads[0].field)) is not None:
            converted = Converted(*unit)
        booleans = _FLAG if spec.type is _FLAG_TYPE else self._booleans
        steps = steps_of(macro, spec, self._dialect, nested=self._options.nested, is_form=self._options.is_form)
        if _IN_PLACE in steps or _IN_SEGMENT in steps:
            if self._unencoded is None:
                self._unencoded = Unencoded(self._resolution, self._may_drop, nested=self._options.nested)
            steps = self._unencoded.checked(macro, steps)
        return Value(node.name, reads, spec.type, booleans, steps, missing, converted)

    def _reads(self, macro: Resolved) -> tuple[Read, ...]:
        """Return where the value is read, for the events of this rendering."""
        spec = macro.spec
        if not macro.node.alternatives:
            return (self._read(spec),) if spec is not None and self._is_sent(macro) else ()
        choices = (macro, *self._others[macro.node.start])
        return tuple([self._read(choice.spec) for choice in choices if choice.spec and self._is_sent(choice)])

    def _spec(self, macro: Resolved) -> MacroSpec | None:
        """Return the catalogue row by which a macro is sent; None if the dialect does not have the macro."""
        node, spec = macro.node, macro.spec
        if spec is None and node.alternatives:
            spec = next((other.spec for other in self._others[node.start] if other.spec is not None), None)
        if spec is None and self._options.unknown == "error" and Problem.UNLISTED in macro.problems:
            # The platform may have this macro, so don't send its text. No event has a value for it.
            return MacroSpec(node.text, node.text, Source.PLATFORM)
        return spec

    def _may_drop(self, macro: Resolved) -> bool:
        spec = self._spec(macro)
        return spec is not None and self._missing(macro, spec) is _DROP

    def _is_sent(self, macro: Resolved) -> bool:
        is_shown = (self._attributed or not macro.withheld) and not macro.forbidden
        return is_shown and (self._shared or not macro.needs_consent)

    def _read(self, spec: MacroSpec) -> Read:
        return Read(spec.source, spec.field, self._options.hash_case or spec.case)

    def _missing(self, macro: Resolved, spec: MacroSpec) -> PlannedMissing:
        """Return what is sent if the value is missing. It is only DROP if there is a parameter to drop."""
        if macro.host_label:
            return _RAISE
        missing = self._options.missing
        if self._missing_for:
            missing = self._missing_for.get(fold(spec.name), missing)
        if missing is _EMPTY:
            return self._documented_missing(macro, spec)
        match missing:
            case Missing.KEEP:
                return _as_written(macro)
            case Missing.DROP:
                return _dropped(macro)
            case Missing.RAISE:
                return _RAISE
            case Default(text):  # pragma: no branch - there is no other kind
                if is_segment(macro) and text in (".", ".."):
                    raise ValueError(f"missing sends {text!r} for {macro.node.text}, which leads to another path")
                return missing

    def _documented_missing(self, macro: Resolved, spec: MacroSpec) -> PlannedMissing:
        documented = self._dialect.missing if spec.missing is None else spec.missing
        if documented:
            return Default(documented)
        return _dropped(macro) if self._dialect.drops_missing else _nothing(macro)


# Looked up once: in Python 3.11, looking up an enumeration member takes as long as a call.
_EMPTY: Final = Missing.EMPTY
_DROP: Final = Missing.DROP
_RAISE: Final = Missing.RAISE
_FLAG_TYPE: Final = ValueType.FLAG
_IN_PLACE: Final = Step.IN_PLACE
_IN_SEGMENT: Final = Step.IN_SEGMENT
_FLAG = ("1", "0")


def _query_of(template: Template) -> tuple[int, int]:
    """Return the start and end of the query."""
    end = template.hash.start if template.hash else len(template.source)
    if not template.query:
        return end, end
    opening = template.query[0].opening
    return (opening.start if opening else 0), end


def _dropped(macro: Resolved) -> PlannedMissing:
    """Return what is sent instead of a value if its parameter, if any, is dropped."""
    return _DROP if is_in_parameter(macro) else _nothing(macro)


def _nothing(macro: Resolved) -> str:
    """Return what is sent for an empty value."""
    escapes = macro.place.escapes
    return _NOTHING.get(escapes[:1], "") if escapes else ""


_NOTHING: dict[tuple[Escape, ...], str] = {(Escape.VALUE,): "null", (Escape.NAME,): '""'}


def _as_written(macro: Resolved) -> str:
    """Return the text of a macro as written in the template; in a JSON body, as a JSON string or part of one."""
    text = macro.node.text
    if macro.place.depth or not macro.place.escapes:
        return text
    from json import dumps  # noqa: PLC0415 - few templates contain JSON

    for escape in macro.place.escapes:
        if escape in (Escape.VALUE, Escape.NAME):
            text = dumps(text, ensure_ascii=False)
        elif escape is Escape.STRING:
            text = dumps(text, ensure_ascii=False)[1:-1]
    return text


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
