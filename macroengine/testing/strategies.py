"""Hypothesis strategies for templates, events and the options of rendering, the unpleasant ones among them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st

from macroengine.catalogue import DEFAULT_DIALECT, Dialect, MacroSpec, dialect_names, dialect_of
from macroengine.event import Event
from macroengine.kinds import HashCase, Postback, Source, ValueType
from macroengine.plan.segments import Default, Missing
from macroengine.policy import Policy

# What has a meaning in a URL or in a syntax, what may not stand in a URL, and three lengths of UTF-8.
ALPHABET = 'ab0-._~%+&=?# ()[]{}"\r\n\0é€😀'
# Half of a surrogate pair is no Unicode text; Python's str may hold one, JSON with \ud800 in it brings it.
_TEXT = st.text(ALPHABET + "/:@\ud800", max_size=4)
# What a second round of decoding, or of replacing macros, would make something else of.
_ENCODED = ("%41", "a%2Bb", "%2526", "a+b", "&b=c", "(ip)", "{ip}")
_NESTED = ("%3D", "%3d", "%253D", "%25252f", "https%3A%2F%2Fx%3Fid%3D", "%253Fb%3D", "%3Fu%253D", "%25", "%2", "/:@")
# A macro that is inside of JSON, of a URL in JSON, and of a parameter in a URL.
_AROUND = (
    '{{"a":"{}"}}',
    "%5B{}%2C1%5D",
    "%7B%22u%22%3A%22x%3A%2F%2Fy%3Fa%3D{}%26b%3D1%22%7D",
    "x%3A%2F%2Fy%2F{}%3Fb%3D1",
    "x%3A%2F%2Fy%3Fa%3D{}%26b%3D1",
    "x%3A%2F%2Fy%3Fd%3D%257B%2522a%2522%253A{}%257D",
)
_ORIGINS = ("https://n.example", "http://u@n.example:80", "app:", "//n.example", "", "")


# Templates


@st.composite
def templates(
    draw: st.DrawFn, dialect: str | Dialect = DEFAULT_DIALECT, *, alphabet: str = ALPHABET, unsound: bool = True
) -> str:
    """Draw templates, with macros of the dialect in every spelling that it knows.

    `alphabet` is what their literal text is made of. `unsound` ones too may have macros that the dialect does not
    have, or macros in the host.
    """
    # Composite, since Hypothesis prints strategies, and this one would be all macros of the dialect.
    return draw(_templates(dialect_of(dialect), alphabet, unsound=unsound))


# Building a strategy takes longer than drawing from it.
@cache
def _templates(dialect: Dialect, alphabet: str, *, unsound: bool) -> st.SearchStrategy[str]:
    literals = st.text(alphabet, max_size=3)
    macros = _macros(dialect, unsound=unsound)
    pieces = st.lists(st.one_of(literals, macros), max_size=3).map("".join)
    nested = st.builds("{}{}".format, st.sampled_from(_NESTED), macros)
    inside = st.builds(lambda around, macro: around.format(macro), st.sampled_from(_AROUND), macros)
    values = st.one_of(
        *[st.lists(st.one_of(macros, nested, literals), min_size=1, max_size=3).map("".join)] * 4, inside
    )
    # So few names that they repeat.
    names = st.one_of(st.sampled_from(["a", "b", "a", "b", ""]), st.sampled_from(["a", "b"]), pieces)
    pairs = st.one_of(*[st.builds("{}={}".format, names, values)] * 3, st.sampled_from(["a", ""]))
    separators = st.sampled_from("&&&&;")
    queries = st.builds(str.join, separators, st.lists(pairs, min_size=1, max_size=3))
    hosts = st.builds("https://{}{}.n.example".format, st.sampled_from(["", "a-"]), macros)
    origins = st.one_of(*[st.sampled_from(_ORIGINS)] * 4, *[hosts] * (2 * unsound))
    paths = st.one_of(st.just(""), *[pieces.map("/{}".format)] * 3, inside.map("/{}".format))
    fragments = st.one_of(*[st.just("")] * 4, pieces.map("#{}".format), inside.map("#{}".format))
    whole = st.builds("{}{}?{}{}".format, origins, paths, queries, fragments)
    # The end of a template whose beginning was lost.
    return st.one_of(*[whole] * 5, st.builds("{}={}&{}".format, st.sampled_from("ab"), values, queries))


@cache
def _macros(dialect: Dialect, *, unsound: bool) -> st.SearchStrategy[str]:
    syntax = dialect.syntax
    specs = list(dialect.macros.values())
    names = [name for spec in specs for name in (spec.name, *spec.spellings, *spec.legacy)]
    kinds = [
        [syntax.write(name) for name in names],
        [syntax.write(spec.name) for spec in specs if not spec.send_all],
        [syntax.write(name, function) for spec in specs for function, names in spec.functions for name in names],
        # Spelled as no document does.
        [syntax.write(spec.name.swapcase()) for spec in specs],
        [syntax.write(spec.name, function) for spec in specs for function, _ in spec.functions],
        *([syntax.write(spec.name) for spec in specs if spec.type is kind] for kind in ValueType),
        [syntax.write("nosuchmacro", function) for function in (None, *dict(syntax.functions))] if unsound else [],
    ]
    return st.one_of([st.sampled_from(macros) for macros in kinds if macros])


# Events


@cache
def values() -> st.SearchStrategy[object]:
    """Draw values of all types that can be sent, seldom one that cannot."""
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
    """A string that shows something else than it is."""

    __slots__ = ()
    __str__ = str.upper


_UNSENDABLE: tuple[object, ...] = (b"a", ("a",), {"a"}, date(2016, 1, 4), 1j, object(), timedelta(1))


@cache
def identifiers() -> st.SearchStrategy[str]:
    """Draw identifiers of devices: UUIDs, their hashes, zeros, and what can stand in a host."""
    uuids = st.uuids().map(str)
    hashes = st.text("0123456789abcdefABCDEF", min_size=40, max_size=40)
    zeros = st.sampled_from(["", "0", "00000000-0000-0000-0000-000000000000", "0" * 40, "-"])
    labels = st.sampled_from(["a", "A-1", "a.b", "a" * 63, "a" * 64, "a\n"])
    return st.one_of(uuids, uuids.map(str.upper), hashes, zeros, labels)


@cache
def decimals() -> st.SearchStrategy[Decimal]:
    """Draw decimals, of all sizes and no size at all."""
    exponents = st.one_of(st.integers(-3, 3), st.sampled_from([-401, -400, -399, 399, 400, 401, 10**9]))
    sized = st.builds("{}E{}".format, st.integers(-99, 99), exponents).map(Decimal)
    return st.one_of(sized, st.decimals(), st.just(Decimal("1" * 401)), st.just(Decimal("-0." + "1" * 400)))


@cache
def times() -> st.SearchStrategy[datetime]:
    """Draw times with a time zone, seldom without one; among them the first and the last, and fractions of seconds."""
    zones = st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(-timedelta(hours=3, minutes=30)), UTC, None])
    edges = st.sampled_from([datetime.min, datetime.max, datetime(1969, 12, 31, 23, 59, 59, 999_999)])  # noqa: DTZ001, DTZ901
    return st.builds(lambda time, zone: time.replace(tzinfo=zone), st.one_of(st.datetimes(), edges), zones)


@cache
def json_values() -> st.SearchStrategy[Any]:
    """Draw what the value of an event can be: an object or array, seldom with something in it that JSON has not."""
    leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _TEXT, st.sampled_from([b"a"]))
    inner = st.one_of(leaves, st.lists(leaves, max_size=2), st.dictionaries(_TEXT, leaves, max_size=2))
    return st.one_of(st.dictionaries(_TEXT, inner, max_size=2), st.lists(inner, max_size=2))


@cache
def _values_of(spec: MacroSpec) -> st.SearchStrategy[object]:
    """Draw values for a macro, half of them of the type that it is meant for."""
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


@st.composite
def events(
    draw: st.DrawFn,
    dialect: str | Dialect = DEFAULT_DIALECT,
    *,
    macros: Iterable[MacroSpec] | None = None,
    policy: Policy | None = None,
) -> Event:
    """Draw events of a dialect; with values for `macros` in particular, and mostly such as `policy` admits.

    Now and then a field stands under a source that is not its own.
    """
    known = list(dialect_of(dialect).macros.values())
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
    """Return where events say whether users share identifiers: in the fields of all dialects, seldom forged."""
    specs = [spec for name in dialect_names() for spec in dialect_of(name).macros.values() if spec.consent]
    own = [(spec.source, spec.field) for spec in specs]
    return [*own, *((source, field) for source in Source for _, field in dict.fromkeys(own))]


_YES = ("authorized", "AUTHORIZED", 3, True, 1, "1", "true", "TRUE", "")
_NO = ("denied", "restricted", "not_determined", "Authorised", " authorized", 0, 0.0, False, "0", "false", "no", "null")
_CONSENTS: st.SearchStrategy[object] = st.one_of(st.sampled_from(_YES), st.sampled_from(_NO))


# Policies and options


@cache
def policies(dialect: str | Dialect = DEFAULT_DIALECT) -> st.SearchStrategy[Policy]:
    """Draw policies; half of them forbid nothing, and the others now and then in names of another dialect."""
    chosen = dialect_of(dialect)
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
    """Draw keyword arguments of `render` that say how to render; `macros` are those to make exceptions for."""
    drawn = draw(_OPTIONS)
    if draw(st.integers(0, 3)) == 2:
        specs = dialect_of(dialect).macros.values() if macros is None else macros
        names = ["*", *(name for spec in specs for name in (spec.name, *spec.spellings))]
        drawn["missing"] = {draw(st.sampled_from(names)): draw(_MISSING) for _ in range(3)}
    return drawn


# A default that leads to another path is refused with the template, if the path has a macro.
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
