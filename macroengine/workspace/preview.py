"""Preview what a partner receives: render a template with the catalogue's examples, and parse the URL."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import unquote, unquote_plus

from macroengine.arguments import check_mapping, check_type, names_in
from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect_of
from macroengine.catalogue.consent import consent_fields, refusing_value, sharing_words
from macroengine.catalogue.other_fields import source_of_other
from macroengine.compiled_request import CompiledRequest
from macroengine.compiled_template import CompiledTemplate
from macroengine.engine import compile_template
from macroengine.errors import RenderError
from macroengine.event import Event
from macroengine.kinds import Encoding, Source, ValueType
from macroengine.language.nodes import Macro, Pair
from macroengine.plan.resolve import resolve
from macroengine.plan.segments import Missing, MissingWord, values_of
from macroengine.policy import Policy
from macroengine.sampling import text_of_type
from macroengine.suggest import did_you_mean
from macroengine.template import parse

# The nesting depth up to which URLs are parsed. Deeper ones are shown as text.
_DEEPEST = 3
_Sent = TypeVar("_Sent")
_KEYS = {Source.LINK: "link", Source.SDK: "sdk", Source.PLATFORM: "platform"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a URL, as its receiver reads it."""

    name: str
    """In a nested URL, including the names of the parameters around it: `u > id`."""
    value: str
    macros: tuple[str, ...] = ()
    """The macros in it, as the template writes them."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a partner would receive for one event."""

    source: str
    dialect: Dialect
    policy: Policy
    attributed: str
    """The URL for an event that is attributed to the network."""
    not_attributed: str | None
    """The URL for any other event; None if no postback is sent for those, or it cannot be rendered."""
    without_consent: str | None
    """The URL for an event whose user does not share identifiers; None if it is the same, or cannot be rendered."""
    without_values: str | None
    """The URL for an event without any values; None if it cannot be rendered."""
    withheld: tuple[str, ...]
    """The macros that stay empty for events that are not attributed to the network."""
    needs_consent: tuple[str, ...]
    """The macros that stay empty for users who do not share identifiers."""
    dropped: tuple[str, ...]
    """The parameters that are not sent if their values are missing."""
    parameters: tuple[Parameter, ...]
    """The parameters that the receiver reads in `attributed`."""
    other_parameters: tuple[Parameter, ...]
    """The parameters that the receiver reads in `not_attributed`."""


def preview(
    source: str,
    *,
    dialect: str | Dialect = DEFAULT_DIALECT,
    policy: Policy = Policy(),  # noqa: B008 - immutable
    event: Event | None = None,
    values: Mapping[str, object] | None = None,
    missing: Missing | MissingWord = Missing.EMPTY,
) -> Preview:
    """Return what the partner would receive for an event, by default for the catalogue's example values.

    `values` override those of the event. Their keys are names of fields or macros.

    >>> shown = preview("https://n.example/pb?id=(clickid)&geo=(country_code)", values={"country_code": "DE"})
    >>> shown.attributed
    'https://n.example/pb?id=8594845&geo=DE'
    >>> [(parameter.name, parameter.value) for parameter in shown.parameters]
    [('id', '8594845'), ('geo', 'DE')]

    Raises:
        TemplateError: the template has errors.
        RenderError: the event cannot be sent, although it is attributed and its user shares identifiers.
        ValueError: `values` has a name that the dialect does not have.
    """
    check_type("event", Event | None, "an Event", event)
    chosen = dialect_of(dialect)
    template = compile_template(source, dialect=chosen, policy=policy, missing=missing)
    known = example_event(template) if event is None else event
    known = replace(with_values(known, {} if values is None else values, chosen), postback=policy.postback)
    attributed = template.render(replace(known, attributed=True))
    other = rendered_or_none(template.render, replace(known, attributed=False)) if policy.send_all else None
    refused = rendered_or_none(template.render, refusing(known, chosen)) if template.needs_consent else None
    without = rendered_or_none(template.render, Event(postback=policy.postback))
    parsed = parse(source, chosen)
    macros = macros_by_name(parsed.query)
    parameters = tuple(parameters_of(attributed, chosen, macros))
    left = None if without in (None, attributed) else _names_in(without or "", chosen)
    resolution = resolve(parsed, chosen, policy)
    withheld = [macro.node.text for macro in resolution.macros if macro.withheld] if policy.send_all else []
    needing = [macro.node.text for macro in resolution.macros if macro.needs_consent]
    return Preview(
        source,
        chosen,
        policy,
        attributed,
        other,
        refused,
        without,
        tuple(dict.fromkeys(withheld)),
        tuple(dict.fromkeys(needing)),
        tuple(one.name for one in parameters if left is not None and " > " not in one.name and one.name not in left),
        parameters,
        () if other is None else tuple(parameters_of(other, chosen, macros)),
    )


def example_event(template: CompiledTemplate | CompiledRequest) -> Event:
    """Return an event with an example for each value that a template sends."""
    specs = [spec for spec in template.dialect.macros.values() if spec.example]
    examples: dict[object, str] = {spec.field: spec.example for spec in specs if spec.example}
    # Macros may write the same field in several ways, each with its own example.
    examples |= {(spec.field, spec.type): spec.example for spec in specs if spec.example}
    shared = {spec.field: sharing_words(spec.consent) for spec in template.dialect.macros.values() if spec.consent}
    values: dict[Source, dict[str, object]] = {source: {} for source in Source}
    plans = template.plans if isinstance(template, CompiledRequest) else (template.plan,)
    for value in (value for plan in plans for value in values_of(plan.attributed)):
        for read in value.reads:
            text = examples.get((read.field, value.type)) or examples.get(read.field)
            if text is None:
                sent = _without_example(read.field, value.type, shared.get(read.field, ()))
            else:
                sent = _example(text, value.type)
            known = values[read.source].get(read.field)
            # A time can be written in any format; a text cannot.
            values[read.source][read.field] = known if isinstance(known, datetime) else sent
    link, sdk, platform = (values[source] for source in _KEYS)
    return Event(link, sdk, platform, template.policy.postback)


def _example(text: str, kind: ValueType) -> object:
    if kind is ValueType.UNIX_TIME and _is_digits(text, 10):
        return datetime.fromtimestamp(int(text), UTC)
    if kind is ValueType.UNIX_TIME_MS and _is_digits(text, 13):
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    return text


def _without_example(field: str, kind: ValueType, shared: Sequence[str]) -> object:
    """Return a value of a field that has no example: of its type, and of a user who shares identifiers."""
    match kind:
        case ValueType.TEXT:
            return shared[0] if shared else f"example-{field}"
        case ValueType.NUMBER:
            return "1"
        case ValueType.TIME | ValueType.RFC3339 | ValueType.UNIX_TIME | ValueType.UNIX_TIME_MS:
            return datetime.fromtimestamp(int(text_of_type(ValueType.UNIX_TIME, field)), UTC)
    return text_of_type(kind, field, among=shared)


def _is_digits(text: str, at_most: int) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= at_most


def with_values(event: Event, values: Mapping[str, object], dialect: Dialect) -> Event:
    """Return the event with additional values, by the names of fields or macros.

    Raises:
        ValueError: the dialect does not have a name.
    """
    check_mapping("values", values)
    names_in("values", values)
    sorted_values = {source: dict(getattr(event, key)) for source, key in _KEYS.items()}
    for name, value in values.items():
        source, field = dialect.source_of(name), name
        found = dialect.find(name) if source is None else None
        if found is not None:
            source, field = found[0].source, found[0].field
        source = source or source_of_other(name, dialect)
        if source is None:
            names = [*dialect.fields, *dialect.names()]
            raise ValueError(f"unknown field {name!r} of {dialect.title}{did_you_mean(name, names)}")
        sorted_values[source][field] = value
    link, sdk, platform = (sorted_values[source] for source in _KEYS)
    return Event(link, sdk, platform, event.postback, event.attributed)


def refusing(event: Event, dialect: Dialect) -> Event:
    """Return the event with values that say that its user does not share identifiers."""
    values = {source: dict(getattr(event, key)) for source, key in _KEYS.items()}
    for source, field, consent in consent_fields(dialect):
        values[source][field] = refusing_value(consent)
    link, sdk, platform = (values[source] for source in _KEYS)
    return Event(link, sdk, platform, event.postback, attributed=True)


def rendered_or_none(render: Callable[[Event], _Sent], event: Event) -> _Sent | None:
    """Return what is sent for an event; None if it cannot be rendered, because a required value is missing."""
    try:
        return render(event)
    except RenderError:
        return None


def macros_by_name(parameters: Iterable[Pair]) -> dict[str, tuple[str, ...]]:
    """Return the macros of each parameter whose name is literal text."""
    found: dict[str, tuple[str, ...]] = {}
    for pair in parameters:
        name = "".join(piece.text for piece in pair.name)
        found[name] = tuple(piece.text for piece in pair.value if isinstance(piece, Macro))
    return found


def _names_in(url: str, dialect: Dialect) -> set[str]:
    decode = unquote_plus if dialect.encoding is Encoding.FORM else unquote
    return {decode("".join([piece.text for piece in pair.name])) for pair in parse(url, dialect).query}


def parameters_of(
    url: str, dialect: Dialect, macros: Mapping[str, tuple[str, ...]], *, is_form: bool = False
) -> Iterator[Parameter]:
    """Yield the parameters of a URL, or of a form after a `?`, with the macros in each."""
    decode = unquote_plus if is_form or dialect.encoding is Encoding.FORM else unquote
    for pair in parse(url, dialect).query:
        raw = "".join([piece.text for piece in pair.name])
        if pair.equals is not None or raw:
            name, value = decode(raw), decode("".join([piece.text for piece in pair.value]))
            yield Parameter(name, value, macros.get(raw, ()))
            if "?" in value:
                yield from _inner(name, value, 1)


def _inner(around: str, value: str, depth: int) -> Iterator[Parameter]:
    """Yield the parameters of a URL that is the value of a parameter."""
    address, mark, query = value.partition("?")
    if depth > _DEEPEST or not mark or "://" not in address:
        return
    for pair in query.partition("#")[0].split("&"):
        name, equals, text = pair.partition("=")
        if equals:
            yield Parameter(f"{around} > {unquote(name)}", unquote(text))
            yield from _inner(f"{around} > {unquote(name)}", unquote(text), depth + 1)
