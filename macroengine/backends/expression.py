"""Translate a plan to a single expression over the columns of a table, in the language of any backend."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol

from macroengine.arguments import check_type, wrong_type
from macroengine.backends.language import C, Column, E, Language
from macroengine.backends.names import find_column, folded
from macroengine.backends.steps import Steps
from macroengine.errors import UnsupportedError
from macroengine.kinds import Postback, Source, ValueType
from macroengine.plan.segments import (
    Absent,
    Default,
    Missing,
    Query,
    Read,
    Refused,
    RenderPlan,
    Segment,
    Step,
    Text,
    Value,
    values_of,
)
from macroengine.rendering.steps import default_text

HEADS = POSTBACK, ATTRIBUTED = "postback", "attributed"
"""The columns that decide which events are sent, and how."""


class Planned(Protocol):
    """Anything with a plan, such as a CompiledTemplate."""

    @property
    def plan(self) -> RenderPlan:
        """The plan to render."""


@dataclass(frozen=True, slots=True)
class Case(Generic[E]):
    """A condition for rows without a URL. The first case that is true applies."""

    condition: E
    reason: str
    fails: bool
    """Whether it is an error. Otherwise the postback is just not sent."""


@dataclass(frozen=True, slots=True)
class Expression(Generic[E]):
    """The outcome of a plan for a row."""

    admission: tuple[Case[E], ...]
    """Cases decided by the columns `postback` and `attributed`."""
    failures: tuple[Case[E], ...]
    """Cases for rows that are admitted but cannot be sent."""
    url: E
    """The URL of all other rows."""


def plan_of(template: Planned | RenderPlan) -> RenderPlan:
    """Return the plan of a template, or the plan itself."""
    plan = template if isinstance(template, RenderPlan) else getattr(template, "plan", None)
    if not isinstance(plan, RenderPlan):
        raise wrong_type("template", "a compiled template or its plan", template)
    return plan


def fields_of(plan: RenderPlan) -> tuple[str, ...]:
    """Return the fields that a plan sends, in order and without repeats.

    A column has the unit of its field, so no units are converted.
    """
    values = (value for segments in plan.renderings for value in values_of(segments))
    return tuple(dict.fromkeys(read.field for value in values for read in value.reads))


def signals_of(plan: RenderPlan) -> tuple[str, ...]:
    """Return the consent fields that a plan reads, in order and without repeats."""
    return () if plan.unshared is None else tuple(dict.fromkeys(signal.field for signal in plan.unshared.signals))


def texts_of(segments: Iterable[Segment]) -> Iterator[str]:
    """Yield the literal texts of a template, and the texts that replace missing values."""
    for segment in segments:
        match segment:
            case Text(text):
                yield text
            case Value(missing=str() | Default()):
                yield default_text(segment)
            case Query(opening, parameters):
                yield opening
                for parameter in parameters:
                    yield from texts_of(parameter)


def too_long(plan: RenderPlan) -> str:
    """Return the message for a URL that is too long."""
    return f"rendered URL is too long; at most {plan.max_bytes:,} bytes are allowed"


def columns_of(plan: RenderPlan, columns: Mapping[str, C] | None, text: C) -> Mapping[str, Column[C]]:
    """Return the column of each field that a plan reads, and of those that decide whether an event is sent.

    `columns` gives the type of each column of a table; look-ups ignore case. Without it, each field of the plan is a
    column with its name and the type `text`. Consent fields without a column are left out.

    Raises:
        ValueError: a column is missing, or two differ only in case.
    """
    check_type("columns", Mapping | None, "a mapping of names to types", columns)
    for column, given in (columns or {}).items():
        check_type("each name in columns", str, "a string", column)
        if isinstance(text, str):
            check_type("each type in columns", str, "a string, as DESCRIBE shows it", given)
    fields, signals = fields_of(plan), signals_of(plan)
    if columns is None:
        return {field: Column(field, text) for field in (*fields, *signals)}
    found = {field: find_column(field, columns) for field in (*HEADS, *fields, *signals)}
    absent = [field for field in fields if found[field] is None]
    if absent:
        raise ValueError(f"no type is given for column {absent[0]!r} (given are: {', '.join(columns) or 'none'})")
    return {field: Column(name, columns[name]) for field, name in found.items() if name is not None}


def _check_fields(fields: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for field in fields:
        if folded(field) in HEADS:
            raise UnsupportedError(
                f"column {field!r} of a table says which events are sent, and cannot fill a macro; "
                "render this template with the Python engine"
            )
        if seen.setdefault(folded(field), field) != field:
            raise UnsupportedError(
                f"fields {seen[folded(field)]!r} and {field!r} differ in case only, which columns must not; "
                "render this template with the Python engine"
            )


def express(plan: RenderPlan, language: Language[E]) -> Expression[E]:
    """Return the outcome of a plan for a row. The length of the URL is left to the caller.

    Raises:
        UnsupportedError: the language cannot express the plan; the message says what to do instead.
    """
    _check_fields(dict.fromkeys([*fields_of(plan), *(name for name in signals_of(plan) if name in language.columns)]))
    admission = tuple(_admission(plan, language))
    parts = [(conditions, *_segments(language, segments)) for conditions, segments in _renderings(plan, language)]
    cases = [_guarded(language, case, conditions) for conditions, _, failures in parts for case in failures]
    *others, (_, last, _) = parts
    urls = [(language.every(conditions), url) for conditions, url, _ in others]
    return Expression(admission, tuple(cases), language.choose(urls, last))


def _renderings(plan: RenderPlan, language: Language[E]) -> Iterator[tuple[list[E], tuple[Segment, ...]]]:
    """Yield each rendering with its conditions. For every row, the conditions of exactly one rendering are true."""
    attributed = language.flag(ATTRIBUTED) if ATTRIBUTED in language.columns else None
    refused = _refused(plan, language)
    for both, refuses in ((plan, False), (plan.unshared, True)):
        if both is None or (refuses and refused is None):
            continue
        conditions = [] if refused is None else [refused if refuses else language.negated(refused)]
        if attributed is None or both.unattributed is None:
            yield conditions, both.attributed
        else:
            yield [*conditions, attributed], both.attributed
            yield [*conditions, language.negated(attributed)], both.unattributed


def _refused(plan: RenderPlan, language: Language[E]) -> E | None:
    """Return the condition that a row's user does not share identifiers. It is never NULL; None if no column tells."""
    signals = () if plan.unshared is None else plan.unshared.signals
    heard = dict.fromkeys((signal.field, signal.shares) for signal in signals if signal.field in language.columns)
    if not heard:
        return None
    cases: list[tuple[E, E]] = []
    for field, shares in heard:
        head = _head(field)
        text, unsendable = language.value(head.reads[0], head)
        text = language.shared(text)
        refuses = [
            *(condition for condition, _ in unsendable),
            language.negated(language.is_one_of(text, ["", *shares])),
        ]
        cases += [(condition, language.literal("refused")) for condition in refuses]
    return language.shared(language.is_one_of(language.choose(cases, language.literal("")), ["refused"]))


def _admission(plan: RenderPlan, language: Language[E]) -> Iterable[Case[E]]:
    if POSTBACK in language.columns:
        head = _head(POSTBACK)
        postback, _ = language.value(head.reads[0], head)
        known = language.is_one_of(_or_nothing(language, postback), list(Postback))
        yield Case(language.negated(known), f"{POSTBACK!r} must be one of {', '.join(Postback)}", fails=True)
        sent = language.is_one_of(postback, [plan.postback])
        yield Case(language.negated(sent), f"not of kind {plan.postback}", fails=False)
    if ATTRIBUTED in language.columns:
        attributed = language.flag(ATTRIBUTED)
        yield Case(language.is_null(attributed), f"{ATTRIBUTED!r} must be true or false", fails=True)
        if plan.unattributed is None:
            yield Case(language.negated(attributed), "not attributed", fails=False)


def _head(field: str) -> Value:
    """Return the value for a column that no macro reads."""
    return Value(field, (Read(Source.PLATFORM, field),), ValueType.TEXT, ("true", "false"), (Step.PERCENT,), "")


def _guarded(language: Language[E], case: Case[E], conditions: Sequence[E]) -> Case[E]:
    return replace(case, condition=language.every([*conditions, case.condition])) if conditions else case


Part = tuple[E, list[Case[E]]]


def _segments(language: Language[E], segments: Sequence[Segment]) -> Part[E]:
    parts = [_atom(language, segment) for segment in segments]
    return language.joined([url for url, _ in parts]), [case for _, cases in parts for case in cases]


def _query(language: Language[E], query: Query) -> Part[E]:
    parts = [_parameter(language, parameter, query.separator) for parameter in query.parameters]
    joined = language.joined([parameter for parameter, _ in parts])
    url = language.chained([language.literal(query.opening), language.rest(joined, len(query.separator))])
    return url, [case for _, cases in parts for case in cases]


def _parameter(language: Language[E], parameter: Sequence[Segment], separator: str) -> Part[E]:
    """Return the separator and the parameter; NULL if the parameter is dropped."""
    parts = [(atom, *_atom(language, atom)) for atom in _behind(separator, parameter)]
    present = [language.negated(language.is_null(url)) for atom, url, _ in parts if _drops(atom)]
    kept = [url if isinstance(atom, Text) or _drops(atom) else _or_nothing(language, url) for atom, url, _ in parts]
    cases = [_guarded(language, case, present) for _, _, cases in parts for case in cases]
    return language.chained(kept), cases


def _or_nothing(language: Language[E], text: E) -> E:
    return language.first([text, language.literal("")])


def _behind(text: str, atoms: Sequence[Segment]) -> tuple[Segment, ...]:
    if atoms and isinstance(atoms[0], Text):
        return Text(text + atoms[0].text), *atoms[1:]
    return Text(text), *atoms


def _drops(atom: Segment) -> bool:
    return isinstance(atom, Value) and atom.missing is Missing.DROP


def _atom(language: Language[E], atom: Segment) -> Part[E]:
    match atom:
        case Text(text):
            return language.literal(_whole(text)), []
        case Absent():
            return language.null(), [_always(language, atom.reason)]
        case Value():
            return _value(language, atom)
        case Refused(macro):
            reason = f"text before macro {macro!r} begins an escape that a value would complete"
            return language.null(), [_always(language, reason)]
        case Query():  # pragma: no branch - there is no other kind of segment
            return _query(language, atom)


def _whole(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnsupportedError("the template has half of a surrogate pair, which no table can hold") from None
    return text


def _always(language: Language[E], reason: str) -> Case[E]:
    return Case(language.is_null(language.null()), reason, fails=True)


def _value(language: Language[E], value: Value) -> Part[E]:
    """Return the encoded text of a value, or of its replacement if missing; NULL if there is none (Missing.DROP)."""
    if not value.reads:
        return language.literal(_whole(default_text(value))), []
    if any(field in language.columns for field in value.other_fields):
        raise UnsupportedError(
            f"cannot render macro {value.macro!r} over a table that also has what it can be converted from; "
            "use the Python engine"
        )
    steps = Steps(language, value)
    text, present = steps.text()
    cases = [
        Case(condition, f"{reason} for macro {value.macro!r}", fails=True) for condition, reason in steps.unsendable
    ]
    if value.missing is Missing.RAISE:
        cases.append(Case(language.is_null(present), f"value of macro {value.macro!r} is missing", fails=True))
    if value.missing in (Missing.DROP, Missing.RAISE) or not (instead := default_text(value)):
        return text, cases
    return language.first([text, language.literal(_whole(instead))]), cases
