"""What to send, before how: a template resolved to segments, free of grammar, dialect and policy."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple, TypeVar
from typing import Literal as OneOf

from macroengine.arguments import check_type
from macroengine.catalogue import MacroSpec
from macroengine.encoding import deepen, percent_encode
from macroengine.errors import LimitError
from macroengine.kinds import HashCase, Postback, Source, ValueType
from macroengine.limits import Limits
from macroengine.nodes import Delimiter, Leaf, Literal, Pair, Part, Sha1
from macroengine.resolve import Resolution, Resolved
from macroengine.suggest import fold


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
    """Whether it stands in the path, where `.` and `..` are refused: receivers take them for a way up."""


@dataclass(frozen=True, slots=True)
class Absent:
    """A value that this rendering must not read and cannot do without: rendering raises MissingValueError."""

    macro: str


Atom = Text | Value | Absent


@dataclass(frozen=True, slots=True)
class Parameter:
    """A pair of the query. It goes where a value with Missing.DROP in it is missing."""

    atoms: tuple[Atom, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A query from which parameters may go. Those that stay are joined by `&` behind `opening`.

    Where none stays, nothing is sent, not even `opening`.
    """

    opening: str
    parameters: tuple[Parameter, ...]


Segment = Atom | Query
A = TypeVar("A", bound=Segment)
K = TypeVar("K")


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
    deepest = max(resolution.macros, key=lambda macro: macro.nesting, default=None)
    if options.nested and deepest is not None and deepest.nesting > options.limits.nesting:
        message = f"{deepest.node.text} stands in {deepest.nesting} URLs; at most {options.limits.nesting} are allowed"
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
        self._resolved = {macro.node.start: macro for macro in resolution.macros}
        self._options = options
        self._missing_for = dict(options.missing_for)
        self._attributed = attributed
        yes, no = options.booleans.split("/")
        self._booleans = yes, no

    def segments(self) -> tuple[Segment, ...]:
        template = self._template
        if Missing.DROP not in (self._options.missing, *self._missing_for.values()):
            return _merged(_kept(self._in_source_order()))
        before = (*template.scheme, *_one(template.slashes), *template.authority, *template.path)
        after = (*_one(template.hash), *template.fragment)
        return _merged([*self._all_sent(before), *self._query(template.query), *self._all_sent(after)])

    def _in_source_order(self) -> Iterator[str | Atom | None]:
        """Yield what is sent for each macro, and between them the source as it is."""
        source, done = self._template.source, 0
        for macro in self._macros:
            yield source[done : macro.node.start]
            yield self._filled(macro)
            done = macro.node.start + len(macro.node.text)
        yield source[done:]

    def _query(self, pairs: tuple[Pair, ...]) -> list[str | Segment]:
        opening = pairs[0].opening.text if pairs and pairs[0].opening else ""
        parameters: list[tuple[Atom, ...]] = []
        for pair in pairs:
            leaves = (*pair.name, *_one(pair.equals), *pair.value)
            sent = self._all_sent(leaves)
            if len(sent) == len(leaves):
                parameters.append(_merged(sent))
        if any(value.missing is Missing.DROP for atoms in parameters for value in values_of(atoms)):
            return [Query(opening, tuple(Parameter(atoms) for atoms in parameters))]
        segments: list[str | Segment] = []
        for index, atoms in enumerate(parameters):
            segments += ["&" if index else opening, *atoms]
        return segments

    def _all_sent(self, leaves: Iterable[Leaf]) -> list[str | Value | Absent]:
        return _kept(map(self._sent, leaves))

    def _sent(self, leaf: Leaf) -> str | Value | Absent | None:
        """Return what is sent for a leaf; None where its parameter goes."""
        macro = None if isinstance(leaf, Literal | Delimiter) else self._resolved.get(leaf.start)
        return leaf.text if macro is None else self._filled(macro)

    def _filled(self, macro: Resolved) -> str | Value | Absent | None:
        """Return what is sent for a macro; None where its parameter goes."""
        node = macro.node
        if macro.spec is None:
            return "" if self._options.unknown == "empty" else node.text
        missing = self._missing(macro, macro.spec)
        if macro.forbidden or (macro.withheld and not self._attributed):
            return missing if isinstance(missing, str) else Absent(node.name) if missing is Missing.RAISE else None
        return self._value(macro, macro.spec, missing)

    def _value(self, macro: Resolved, spec: MacroSpec, missing: PlannedMissing) -> Value:
        booleans = _FLAG if spec.type is _FLAG_TYPE else self._booleans
        sha1 = (self._options.hash_case or spec.case) if isinstance(macro.node, Sha1) else None
        depth, in_path = self._depth(macro), macro.part is Part.PATH
        return Value(macro.node.name, spec.source, spec.field, spec.type, booleans, sha1, depth, missing, in_path)

    def _depth(self, macro: Resolved) -> int:
        return 0 if macro.host_label else 1 + macro.nesting if self._options.nested else 1

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
            return ""
        match missing:
            case Missing.KEEP:
                return macro.node.text
            case Missing.DROP:
                return Missing.DROP if macro.part in _PARAMETER else ""
            case Missing.RAISE:
                return Missing.RAISE
            case Default(text):  # pragma: no branch - there is no other kind
                if macro.part is Part.PATH and text in (".", ".."):
                    raise ValueError(f"missing sends {text!r} for {macro.node.text}, which leads to another path")
                return deepen(percent_encode(text), self._depth(macro) - 1)


_EMPTY: Final = Missing.EMPTY
_FLAG_TYPE: Final = ValueType.FLAG
_FLAG = ("1", "0")
_PARAMETER = (Part.NAME, Part.VALUE)


def _one(delimiter: Delimiter | None) -> tuple[Delimiter, ...]:
    return () if delimiter is None else (delimiter,)


def _kept(sent: Iterable[K | None]) -> list[K]:
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
