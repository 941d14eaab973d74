"""What was rendered is read back: in every dialect, with all functions, encodings and contexts."""

import os
import random
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from itertools import pairwise
from unicodedata import normalize
from uuid import UUID

import pytest

from macroengine import (
    Default,
    Event,
    MacroEngineError,
    Policy,
    Postback,
    RenderError,
    Source,
    compile_template,
    dialect,
    dialect_names,
    match,
)
from macroengine.catalogue.aliases import conversions
from macroengine.encodings.hashing import hash_identifier
from macroengine.kinds import ValueType
from macroengine.matching.audit import facts_of, fits
from macroengine.plan.segments import Missing, Query, Step, Value
from macroengine.rendering.consent import refusal
from macroengine.rendering.conversion import chooser, converter
from macroengine.rendering.steps import default_text
from macroengine.rendering.values import value_text
from macroengine.testing.reference_text import converted

# MACROENGINE_LAWS=10000 reads as many back, which takes minutes.
CASES = int(os.environ.get("MACROENGINE_LAWS", "2500"))
SEEDS = 2 * CASES
# What may be around a macro: nothing, text, JSON, URLs inside the URL, and both in each other.
AROUND = [
    *["{}"] * 6,
    "x-{}",
    "{}.y",
    "%5B{}%2C1%5D",
    '{{"a":"{}"}}',
    '{{"a":{},"b":"{}"}}',
    "%7B%22u%22%3A%22x%3A%2F%2Fy%3Fa%3D{}%26b%3D1%22%7D",
    "x%3A%2F%2Fy%2F{}%3Fb%3D1",
    "x%3A%2F%2Fy%3Fa%3D{}%26b%3D{}",
    "x%3A%2F%2Fy%2F{}%3Fa%3D{}%26b%3D{}%23f",
    "x%3A%2F%2Fy%3Fd%3D%257B%2522a%2522%253A{}%257D",
    "x%3A%2F%2Fy%3Fd%3Dz%253A%252F%252Fq%253Fe%253D{}%2526f%253D{}",
    "%3Fa%3D{}%26b%3D{}",
]
SEPARATORS = ["", "-", "_", "|", "%7C", "/", ":", ".", "%2F", "a", "2C"]
TEXTS = [
    *(
        "a",
        "b-1",
        "a_b",
        "a b",
        "ü€😀",
        "e\u0301,a",
        "%41",
        "a%2Bb",
        "a+b",
        "&b=c",
        "x=1;y",
        "?q",
        "#f",
        '"',
        "\\",
        "{}",
        "[",
        "null",
    ),
    *("true", "5", "", "0", "-1", "0-0", "/a/", "http://x/?a=b&c=d", "a|b", "A", "\n", "1.5", "%zz", "a:b", "~'()*!"),
]
VALUES = [
    UUID("9c9a82fb-d5de-4cd1-90c3-527441c11828"),
    UUID("0" * 32),
    True,
    False,
    0,
    1451899560,
    -5,
    9.9,
    Decimal("1E+3"),
    datetime(2016, 1, 4, 15, 26, tzinfo=UTC),
    {"a": [1, "ü&"]},
    [None, True],
    "a" * 40,
]


@cache
def macros_of(name):
    """Return the macros of a dialect as templates write them, with all of its functions."""
    chosen = dialect(name)
    specs = [spec for spec in chosen.macros.values() if spec.argument is None]
    written = [chosen.syntax.write(spec.name) for spec in specs]
    seldom = [spec.name for spec in specs if spec.type is ValueType.LIST or spec.field in conversions()]
    seldom += [f"{spec.family}own{number}" for spec in specs if spec.family for number in range(2)]
    functions = [
        chosen.syntax.write(one, function) for spec in specs for function, names in spec.functions for one in names
    ]
    separators = {form.alternatives for form in chosen.syntax.forms} - {None}
    others = [
        chosen.syntax.write(separator.join((one.name, other.name)))
        for separator in separators
        for one, other in pairwise(specs)
    ]
    kinds = (written, functions or written, others or written, [*map(chosen.syntax.write, seldom)])
    return [kind for kind in kinds if kind]


def value_of(rng, macros):
    around = rng.choice(AROUND)
    filled = around.format(*(rng.choice(rng.choice(macros)) for _ in range(around.count("{}"))))
    if rng.random() < 0.2:
        filled += rng.choice(SEPARATORS) + rng.choice(rng.choice(macros))
    return filled


def template_of(rng, name):
    macros = macros_of(name)
    before = rng.choice(["https://n.example", "https://n.example/pb", "https://N.example/pb/", "", "/pb"])
    if rng.random() < 0.02:
        before = f"https://{rng.choice(rng.choice(macros))}.n.example/"
    if rng.random() < 0.2:
        before += f"/{value_of(rng, macros)}/x"
    pairs = []
    for index in range(rng.randint(1, 4)):
        key = rng.choice([f"p{index}", f"p{index}", f"p{index}", "a", "b", f"%70{index}"])
        if rng.random() < 0.05:
            key = rng.choice(rng.choice(macros))
        pairs.append(f"{key}={value_of(rng, macros)}" if rng.random() < 0.9 else rng.choice(["x=1", "x", "a=b"]))
    query = rng.choice(["&", "&", "&", ";"]).join(pairs)
    fragment = f"#{value_of(rng, macros)}" if rng.random() < 0.1 else ""
    opening = "?" if before or rng.random() < 0.9 else ""
    return f"{before}{opening}{query}{fragment}"


def options_of(rng):
    missing = rng.choice([*Missing, Default(rng.choice(["n/a", "0", "-", "a b"]))])
    return {
        "missing": rng.choice([Missing.EMPTY, Missing.DROP, missing]),
        "nested": rng.random() < 0.9,
        "booleans": rng.choice(["true/false", "1/0"]),
        "hash_case": rng.choice([None, "upper", "lower"]),
        "allow_host_macros": True,
        "ignore": ["ME"],
        "policy": Policy(
            Postback.INSTALL,
            send_all=rng.random() < 0.5,
            deny=rng.choice([[], [], ["ip"]]),
            consent=rng.random() < 0.3,
        ),
    }


def event_of(rng, template):
    sources = {Source.LINK: {}, Source.SDK: {}, Source.PLATFORM: {}}
    for value in values_in(template.plan.attributed):
        for read in value.reads:
            if read.converted is not None and rng.random() < 0.7:
                sources[read.source][read.converted.field] = rng.choice([*VALUES[2:10], "9.90", "5", "x"])
            if rng.random() < (0.85 if read.converted is None else 0.3):
                sources[read.source][read.field] = given_of(rng, value)
    if template.plan.unshared is not None:
        for signal in template.plan.unshared.signals:
            if rng.random() < 0.5:
                sources[signal.source][signal.field] = rng.choice(["true", "false", "1", "0", "authorized", "denied"])
    return Event(*sources.values(), attributed=not template.policy.send_all or rng.random() < 0.7)


def given_of(rng, value):
    if value.type is ValueType.LIST and rng.random() < 0.7:
        return [rng.choice([*TEXTS, "a,b", 5, True]) for _ in range(rng.randrange(4))]
    given = rng.choice([*VALUES, *rng.sample(TEXTS, 6), "".join(rng.choices(TEXTS, k=2))])
    given = str(given) if isinstance(given, dict | list) and value.type is not ValueType.JSON else given
    return str(given) if isinstance(given, UUID) else given


def values_in(segments):
    for segment in segments:
        if isinstance(segment, Value):
            yield segment
        elif isinstance(segment, Query):
            for parameter in segment.parameters:
                yield from values_in(parameter)


class Expected:
    """The plain values and hashes that a rendering has in it, found without the matcher."""

    def __init__(self, segments, event, dialect, reached):
        self.dialect, self.reached = dialect, reached
        self.sources = {Source.LINK: event.link, Source.SDK: event.sdk, Source.PLATFORM: event.platform}
        self.values, self.hashes = {}, {}
        # A value that is not of its type is taken for one of an alternative.
        self.is_certain = True
        self.take(segments)

    def take(self, segments):
        for segment in segments:
            if isinstance(segment, Value):
                self.take_value(segment)
            elif isinstance(segment, Query):
                for parameter in segment.parameters:
                    if self.is_sent(parameter):
                        self.take(parameter)

    def is_sent(self, parameter):
        try:
            return all(self.sent(one) is not None for one in parameter if isinstance(one, Value))
        except RenderError:  # it would not have been rendered, were it sent
            return False

    def sent(self, value):
        """Return what is sent of a value; None where its parameter is dropped."""
        if not value.reads:
            return default_text(value)
        if value.is_choice:
            return chooser(value).convert([*self.sources.values()])
        (read,) = value.reads
        return converter(value)(self.sources[read.source].get(read.field))

    def raw(self, read):
        raw = self.sources[read.source].get(read.field)
        if raw is None and read.converted is not None:
            other = self.sources[read.source].get(read.converted.field)
            raw = None if other is None else converted(other, read.converted.times)
            self.reached["converted"] += raw is not None
        return raw

    def take_value(self, value):
        field, raw = next(
            ((read.field, raw) for read in value.reads if (raw := self.raw(read)) is not None), (None, None)
        )
        sent = self.sent(value)
        if raw is None or (not isinstance(value.missing, Missing) and sent == default_text(value)):
            return
        text = value_text(raw, value.type, value.booleans)
        if value.hash is not None:
            case = next(read.case for read in value.reads if read.field == field)
            digest = hash_identifier(value.hash, case, value.type is ValueType.UUID, text)
            self.hashes.setdefault(f"{value.hash}-{field}", set()).add(digest)
            return
        if Step.JSON_VALUE in value.steps and value.type is ValueType.JSON and text == "null":
            return
        text = text.upper() if Step.UPPER in value.steps else text
        text = normalize("NFC", text) if Step.NFC in value.steps else text
        self.reached["list"] += Step.LIST in value.steps and "," in text
        self.reached["another form"] += Step.NFC in value.steps and text != str(raw)
        self.reached["family"] += self.dialect.member(value.macro) is not None
        if len(value.reads) > 1:
            spec = next((spec for spec in self.dialect.macros.values() if spec.field == field), None)
            self.is_certain &= fits(value, text, facts_of(field, self.dialect), spec)
        self.values.setdefault(field, set()).add(text)


def compiled(rng, name):
    try:
        return compile_template(template_of(rng, name), dialect=name, **options_of(rng))
    except (MacroEngineError, ValueError):
        return None


def sent_of(plan, event, reached):
    """Return what is sent for an event."""
    refuses = plan.unshared is not None and refusal(plan.unshared.signals)(event)
    reached["withheld"] += refuses
    rendering = plan.unshared if refuses else plan
    return rendering.attributed if event.attributed else rendering.unattributed


def check_case(rng, name, reached):
    template = compiled(rng, name)
    if template is None:
        reached["not compiled"] += 1
        return
    event = event_of(rng, template)
    try:
        url = template.render(event)
    except RenderError:
        reached["not rendered"] += 1
        return
    found = template.match(url)
    shown = (name, template.source, url, found)
    names = {diagnostic.name for diagnostic in found.diagnostics}
    due = Expected(sent_of(template.plan, event, reached), event, template.dialect, reached)
    if not due.is_certain:
        reached["an alternative of the wrong type"] += 1
        return
    assert all(text in due.values.get(field, ()) for field, text in found.values.items()), (*shown, due.values)
    assert all(text in due.hashes.get(key, ()) for key, text in found.hashes.items()), (*shown, due.hashes)
    if "ambiguous" in names:
        reached["ambiguous"] += 1
        return
    wrong = {"other-template", "missing-parameter", "unknown-parameter", "repeated-parameter", "not-a-url"} & names
    assert not wrong, shown
    assert found.values.keys() == due.values.keys(), (*shown, due.values)
    assert found.hashes.keys() == due.hashes.keys(), (*shown, due.hashes)
    options = template.options
    if options.missing is Missing.EMPTY and options.nested and not template.policy.deny:
        of_source = match(template.source, url, dialect=name)
        assert (of_source.values, of_source.hashes) == (found.values, found.hashes), (*shown, of_source)
        reached["of the source"] += 1
    with_event = template.match(url, event=event)
    assert (with_event.values, with_event.hashes) == (found.values, found.hashes)
    assert not {"different-value", "not-sent"} & {one.name for one in with_event.diagnostics}, (*shown, with_event)
    reached["read back"] += bool(due.values or due.hashes)
    reached[name] += bool(due.values or due.hashes)
    for value in values_in(template.plan.attributed):
        reached.update({*value.steps})


@pytest.mark.slow
def test_what_was_rendered_is_read_back():
    reached = Counter()
    for seed in range(SEEDS):
        rng = random.Random(seed)
        check_case(rng, dialect_names()[seed % len(dialect_names())], reached)
    assert reached["read back"] >= CASES
    assert reached["of the source"] > CASES / 5
    assert all(reached[name] > CASES / 100 for name in dialect_names())
    kinds = ("converted", "list", "another form", "family", "withheld")
    assert all(reached[kind] > CASES / 200 for kind in kinds), reached
    # The others are of no dialect that comes with the library, or of requests, which have more than a URL.
    steps = {*Step} - {Step.SHA256, Step.LOWER, Step.JSON_NAME, Step.HEADER}
    assert all(reached[step] > CASES / 500 for step in steps)
