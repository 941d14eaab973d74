"""Hypothesis strategies for the parts of a case, including invalid ones: templates, events, options."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from macroengine.arguments import check_type, wrong_type
from macroengine.catalogue import DEFAULT_DIALECT, Dialect, MacroSpec, dialect_names, dialect_of
from macroengine.compiled_request import CompiledRequest
from macroengine.compiled_template import CompiledTemplate
from macroengine.event import Event
from macroengine.kinds import HashCase, Postback, Source, ValueType
from macroengine.plan.segments import Default, Missing
from macroengine.policy import Policy
from macroengine.request import Request
from macroengine.suggest import did_you_mean
from macroengine.testing import drawing, reading
from macroengine.testing.unsound import ALPHABET, unsound_templates
from macroengine.testing.variants import Asked, Variants

# Half of a surrogate pair is not valid Unicode text, but a Python str may contain one, for example from JSON "\ud800".
_TEXT = st.text(ALPHABET + "/:@\ud800", max_size=4)
# Texts that would change if they were decoded again, or if macros were replaced again.
_ENCODED = ("%41", "a%2Bb", "%2526", "a+b", "&b=c", "(ip)", "{ip}")


# Templates


def templates(
    dialect: str | Dialect = DEFAULT_DIALECT,
    *,
    policy: Policy | None = None,
    alphabet: str | None = None,
    unsound: bool = False,
) -> st.SearchStrategy[str]:
    """Draw templates that `compile_template` accepts with `policy`, by default Policy().

    With an `alphabet`, they have a parameter of such text, encoded. For unsound ones, see `unsound_templates`.

    Raises:
        InvalidArgument: the dialect has no macros, or the policy permits none.
    """
    if unsound:
        return unsound_templates(dialect, alphabet=ALPHABET if alphabet is None else alphabet)
    check_type("policy", Policy | None, "a Policy", policy)
    request = Asked(dialect_of(dialect), policy or Policy(), Variants())
    _ = request.repertoires  # raises here rather than when the first one is drawn
    return drawing.templates(request, alphabet) if alphabet else drawing.templates(request)


# Events


@cache
def values() -> st.SearchStrategy[object]:
    """Draw values of all types that can be sent, and rarely one that cannot."""
    return st.one_of(
        st.none(),
        _TEXT,
        st.sampled_from(_ENCODED),
        _TEXT.map(_Shouted),
        identifiers(),
        st.booleans(),
        st.one_of(st.integers(), st.integers(399, 401).map(lambda digits: 10**digits - 1)),
        st.one_of(st.floats(), decimals()),
        times(),
        st.one_of(st.just("é" * 12_000), st.just(-(10**4000)), json_values(), st.sampled_from(_UNSENDABLE)),
    )


class _Shouted(str):
    """A string whose `__str__` returns another text."""

    __slots__ = ()
    __str__ = str.upper


_UNSENDABLE: tuple[object, ...] = (b"a", ("a",), {"a"}, date(2016, 1, 4), 1j, object(), timedelta(1))


@cache
def identifiers() -> st.SearchStrategy[str]:
    """Draw identifiers of devices: UUIDs, their hashes, zeros, and texts that are allowed in a host."""
    uuids = st.uuids().map(str)
    hashes = st.text("0123456789abcdefABCDEF", min_size=40, max_size=40)
    zeros = st.sampled_from(["", "0", "00000000-0000-0000-0000-000000000000", "0" * 40, "-"])
    labels = st.sampled_from(["a", "A-1", "a.b", "a" * 63, "a" * 64, "a\n"])
    return st.one_of(uuids, uuids.map(str.upper), hashes, zeros, labels)


@cache
def decimals() -> st.SearchStrategy[Decimal]:
    """Draw decimals of all sizes, including infinite ones and NaN."""
    exponents = st.one_of(st.integers(-3, 3), st.sampled_from([-401, -400, -399, 399, 400, 401, 10**9]))
    sized = st.builds("{}E{}".format, st.integers(-99, 99), exponents).map(Decimal)
    return st.one_of(sized, st.decimals(), st.just(Decimal("1" * 401)), st.just(Decimal("-0." + "1" * 400)))


@cache
def times() -> st.SearchStrategy[datetime]:
    """Draw times with a time zone, rarely without one, including the first, the last, and fractions of seconds."""
    zones = st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(-timedelta(hours=3, minutes=30)), UTC, None])
    edges = st.sampled_from([datetime.min, datetime.max, datetime(1969, 12, 31, 23, 59, 59, 999_999)])  # noqa: DTZ001, DTZ901
    return st.builds(lambda time, zone: time.replace(tzinfo=zone), st.one_of(st.datetimes(), edges), zones)


@cache
def json_values() -> st.SearchStrategy[Any]:
    """Draw values that an event can have: an object or array, rarely with something that is not valid JSON."""
    leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _TEXT, st.sampled_from([b"a"]))
    inner = st.one_of(leaves, st.lists(leaves, max_size=2), st.dictionaries(_TEXT, leaves, max_size=2))
    return st.one_of(st.dictionaries(_TEXT, inner, max_size=2), st.lists(inner, max_size=2))


@cache
def _values_of(spec: MacroSpec) -> st.SearchStrategy[object]:
    """Draw values for a macro, half of them of the macro's type."""
    if spec.functions:
        return st.one_of(identifiers(), values())
    match spec.type:
        case ValueType.UUID:
            return st.one_of(identifiers(), values())
        case ValueType.BOOLEAN | ValueType.FLAG:
            return st.one_of(st.booleans(), values())
        case ValueType.TIME | ValueType.UNIX_TIME | ValueType.UNIX_TIME_MS | ValueType.RFC3339:
            return st.one_of(times(), values())
        case ValueType.JSON:
            return st.one_of(json_values(), values())
    return values()


def events(
    dialect: str | Dialect = DEFAULT_DIALECT,
    *,
    template: str | Request | CompiledTemplate | CompiledRequest | None = None,
    macros: Iterable[MacroSpec | str] | None = None,
    policy: Policy | None = None,
) -> st.SearchStrategy[Event]:
    """Draw events of a dialect. With `template`, a request or `macros`, the events have values for those.

    Events for a template have its kind, and nearly all are sent: most have a valid value for every macro, under the
    source that the macro is filled from. A string is compiled for `policy`. Other events have values of every type for
    `macros`, which are names or rows of the catalogue; most of these events are admitted by `policy`.

    >>> events(template="https://n.example/pb?c=(clickid)")
    events('https://n.example/pb?c=(clickid)')

    Raises:
        InvalidArgument: the template has errors or no macros; the dialect has no such macro, or none at all.
    """
    if template is not None:
        if macros is not None:
            raise InvalidArgument("give a template or macros, not both")
        return reading.events(reading.reading_of(template, dialect, policy))
    chosen = checked_dialect(dialect)
    check_type("policy", Policy | None, "a Policy", policy)
    if isinstance(macros, str) or not isinstance(macros, Iterable | None):
        raise wrong_type("macros", "a list of macros", macros)
    named = None if macros is None else Macros([_spec(macro, chosen) for macro in macros])
    return _any_events(chosen, named, policy)


class Macros(list[MacroSpec]):
    """Rows of a catalogue, shown by their names."""

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        printer.text(repr([spec.name for spec in self]))


def checked_dialect(dialect: str | Dialect) -> Dialect:
    """Return the dialect, after checking that it has macros."""
    chosen = dialect_of(dialect)
    if not chosen.macros:
        raise InvalidArgument(f"{chosen.title} has no macros; use a dialect that has some")
    return chosen


def _spec(macro: MacroSpec | str, dialect: Dialect) -> MacroSpec:
    if isinstance(macro, MacroSpec):
        return macro
    check_type("each of macros", str, "a name or a row of the catalogue", macro)
    found = dialect.find(macro)
    if found is None:
        raise InvalidArgument(f"{dialect.title} has no macro {macro!r}{did_you_mean(macro, dialect.names())}")
    return found[0]


@st.composite
def _any_events(draw: st.DrawFn, dialect: Dialect, macros: Macros | None, policy: Policy | None) -> Event:
    known = list(dialect.macros.values())
    specs = draw(st.lists(st.sampled_from(known), max_size=6)) if macros is None else macros
    mappings: dict[Source, dict[str, object]] = {source: {} for source in Source}
    for spec in specs:
        mappings[spec.source][spec.field] = draw(_values_of(spec))
        if draw(st.integers(0, 9)) == 5:
            mappings[draw(st.sampled_from(Source))].setdefault(spec.field, "forged")
    if policy is not None and policy.consent:
        for source, field in draw(st.lists(st.sampled_from(_consent_fields()), max_size=3)):
            mappings[source][field] = draw(st.one_of(_CONSENTS, values()))
    postback, attributed = draw(st.sampled_from(Postback)), draw(st.booleans())
    if policy is not None and draw(st.integers(0, 9)) != 5:
        postback, attributed = policy.postback, attributed or not policy.send_all
    return Event(mappings[Source.LINK], mappings[Source.SDK], mappings[Source.PLATFORM], postback, attributed)


@cache
def _consent_fields() -> list[tuple[Source, str]]:
    """Return where events may have consent values: in the fields of all dialects, rarely under a wrong source."""
    specs = [spec for name in dialect_names() for spec in dialect_of(name).macros.values() if spec.consent]
    own = [(spec.source, spec.field) for spec in specs]
    return [*own, *((source, field) for source in Source for _, field in dict.fromkeys(own))]


_YES = ("authorized", "AUTHORIZED", 3, True, 1, "1", "true", "TRUE", "")
_NO = ("denied", "restricted", "not_determined", "Authorised", " authorized", 0, 0.0, False, "0", "false", "no", "null")
_CONSENTS: st.SearchStrategy[object] = st.one_of(st.sampled_from(_YES), st.sampled_from(_NO))


# Policies and options


def policies(dialect: str | Dialect = DEFAULT_DIALECT) -> st.SearchStrategy[Policy]:
    """Draw policies. Half of them forbid nothing; the others sometimes use names of another dialect."""
    return _named_policies(checked_dialect(dialect))


@st.composite
def _named_policies(draw: st.DrawFn, dialect: Dialect) -> Policy:
    # Composite, since Hypothesis prints strategies, and the other one would print all macros of all dialects.
    return draw(_policies(dialect))


@cache
def _policies(chosen: Dialect) -> st.SearchStrategy[Policy]:
    known = [dialect_of(name) for name in dialect_names()]
    others = st.sampled_from([name for other in known for name in (*other.names(), *other.fields)])
    own = st.sampled_from([*chosen.names(), *chosen.fields])
    names = st.one_of(own, own, own.map(str.swapcase), own.map(lambda name: name.replace("_", "-")), others)
    return st.builds(
        Policy,
        postback=st.sampled_from(Postback),
        send_all=st.booleans(),
        sources=st.one_of(st.just(frozenset(Source)), st.frozensets(st.sampled_from(Source))),
        deny=st.one_of(st.just(frozenset[str]()), st.frozensets(names, max_size=5)),
        consent=st.booleans(),
    )


@st.composite
def options(
    draw: st.DrawFn, dialect: str | Dialect = DEFAULT_DIALECT, *, macros: Iterable[MacroSpec] | None = None
) -> dict[str, Any]:
    """Draw keyword arguments of `render` about how to render. `macros` are those to make exceptions for."""
    drawn = draw(_OPTIONS)
    if draw(st.integers(0, 3)) == 2:
        specs = dialect_of(dialect).macros.values() if macros is None else macros
        names = ["*", *(name for spec in specs for name in (spec.name, *spec.spellings))]
        drawn["missing"] = {draw(st.sampled_from(names)): draw(_MISSING) for _ in range(3)}
    return drawn


# A default that changes the path is an error if the path has a macro.
_DEFAULTS = st.text(ALPHABET + "/:@", max_size=4).filter(lambda text: text not in (".", "..")).map(Default)
_WORDS = st.sampled_from([member.value for member in Missing])
_MISSING = st.one_of(st.sampled_from(Missing), _WORDS, _DEFAULTS)
_OPTIONS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "missing": _MISSING,
        "unknown": st.sampled_from(["keep", "empty", "error"]),
        "nested": st.booleans(),
        "allow_host_macros": st.booleans(),
        "booleans": st.sampled_from(["true/false", "1/0"]),
        "hash_case": st.sampled_from([None, *HashCase]),
    }
)
