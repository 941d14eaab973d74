"""Compare the three renderers: the C program, the function in Python, and the reference.

python -m tests.support.differential [--pairs N] [--seed S]
    Render N pairs of a template and an event with each of them, and stop at the first difference. S is the seed. The
    extension must have been built.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from macroengine import (
    SPEEDUPS,
    CompiledTemplate,
    Default,
    Dialect,
    Event,
    HashCase,
    MacroEngineError,
    Missing,
    Policy,
    Postback,
    PostbackSet,
    Source,
    TemplateError,
    compile_template,
    dialect,
    dialect_names,
)
from macroengine.catalogue.aliases import conversions
from macroengine.kinds import ValueType
from macroengine.plan.segments import Step, values_of
from macroengine.rendering.compiler import compile_python
from macroengine.testing import reference
from tests.fuzz.inputs import Shouted

EVENTS = 10
"""The number of events that are drawn for each template."""
# The reference only checks macros. Other problems do not keep a template from being rendered.
_IGNORED = ("ME",)
_AROUND = [
    *["{}"] * 12,
    "x%3A%2F%2Fy%3Fa%3D{}%26b%3D1",
    "x%3A%2F%2Fy%3Fa%3D{}%3Bb%3D1",
    "%3bb%3D1%26c%253D{}d%3D",
    "x%3A%2F%2Fy%2F{}%3Fb%3D1",
    "https%3A%2F%2Fy%3Fu%3Dhttps%253A%252F%252Fz%253Fa%253D{}%2526c%253D1",
    "%7B%22u%22%3A%22{}%22%7D",
    "%7B%22n%22%3A{}%7D",
    '{{"a":"{}"}}',
    "a{}b",
    "{}{}",
    "a%20{}%2F",
]
_WITH_UNITS = ("adjust", "branch", "singular")
_ALPHABETS = ["abcXYZ019-._~", ' !"#$%&()*+,/:;<=>?@[]{}|^`', "éßñ", "Весна漢字", "😀🎉", "\0\n\x7f\x80"]
_TEXTS = ["", "0", ".", "..", "a b", "%41", "(ip)", "true", "1.5", '{"a":1}', "\ud800", "Ünïcode", "a" * 300]
_IDENTIFIERS = [
    "30255BCE-4CDA-4F62-91DC-475B1D7E60A2",
    "cdda802e-fb9c-47ad-9866-0794d394c912",
    "00000000-0000-0000-0000-000000000000",
    "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
    "9E107D9D372BB6826BD81D3542A419D6",
]
_OTHERS = [
    *(True, False, None, 0, -1, 7, 2**63 - 1, -(2**63), 2**63, 10**30, 10**500),
    *(0.0, -0.5, 1e15, 1e16, 1e-7, 123.456, float("inf"), float("nan")),
    *(Decimal("12.50"), Decimal("1E+3"), Decimal("NaN")),
    *(datetime(2026, 1, 4, 15, 26, tzinfo=UTC), datetime(2026, 1, 4, 15, 26)),  # noqa: DTZ001 - it cannot be sent
    *({"a": [1, "x", None]}, [True], Shouted("a b"), b"bytes", object()),
]


def differences(seed: int, pairs: int, reached: Counter[str]) -> Iterator[str]:
    """Yield a description of each difference. Count outcomes in `reached`."""
    draw = random.Random(seed)
    templates: list[CompiledTemplate] = []
    done = 0
    while done < pairs:
        options = _options(draw)
        source = _template(draw, options["dialect"])
        try:
            template = compile_template(source, ignore=_IGNORED, **options)
        except TemplateError:
            reached["no template"] += 1
            continue
        in_python = compile_python(template.plan)
        templates = [*templates[-4:], template]
        for _ in range(EVENTS):
            event = _event(draw, options["dialect"], template)
            done += 1
            yield from _told_apart(template, in_python, event, options, reached)
        together = PostbackSet(templates).outcomes(event)
        alone = [_outcome(one.render, event) if one.admits(event) else None for one in templates]
        if [_told(one) for one in together] != alone:
            yield f"PostbackSet: {[one.source for one in templates]!r} {event!r}: {together!r} != {alone!r}"


def _told_apart(
    template: CompiledTemplate,
    in_python: Callable[[Event], str],
    event: Event,
    options: dict[str, Any],
    reached: Counter[str],
) -> Iterator[str]:
    ours = _outcome(template.render, event)
    others = {"Python": _outcome(in_python, event)}
    if options["policy"].consent:  # the function in Python is for users who share identifiers
        del others["Python"]
    others["the reference"] = _outcome(lambda one: reference.render(template.source, one, **options), event)
    reached["rendered" if isinstance(ours, str) else ours[0].__name__] += 1
    if isinstance(ours, str):
        reached.update({*_kinds_of(template, event)})
    for name, other in others.items():
        is_same = ours == other if name == "Python" else ours[:2] == other[:2] or ours == other
        if not is_same:
            yield f"{name}: {template.source!r} {options!r} {event!r}:\n    {ours!r}\n    {other!r}"


def _outcome(function: Callable[[Event], str], event: Event) -> Any:
    """Return the URL, or the type, macro and message of the error."""
    try:
        return function(event)
    except MacroEngineError as error:
        return _told(error)


def _told(outcome: object) -> Any:
    if isinstance(outcome, MacroEngineError):
        return type(outcome), getattr(outcome, "macro", None), str(outcome)
    return outcome


def _options(draw: random.Random) -> dict[str, Any]:
    missing = [*Missing, Missing.EMPTY, Missing.DROP, Default("none"), Default("a b/é")]
    policy = Policy(
        draw.choice([Postback.IN_APP, *Postback]),
        send_all=draw.random() < 0.3,
        sources=frozenset(Source) if draw.random() < 0.9 else frozenset([draw.choice([*Source])]),
        consent=draw.random() < 0.1,
    )
    return {
        "dialect": dialect(draw.choice([*["appsflyer", "appmetrica"] * 8, *_WITH_UNITS, *dialect_names()])),
        "policy": policy,
        "missing": draw.choice(missing),
        "nested": draw.random() < 0.9,
        "booleans": draw.choice(["true/false", "1/0"]),
        "hash_case": draw.choice([None, None, *HashCase]),
        "unknown": "empty",
    }


def _template(draw: random.Random, chosen: Dialect) -> str:
    macros = _macros(chosen)
    written = [draw.choice(draw.choice(macros)) for _ in range(draw.randint(1, 8))]
    values = [draw.choice(_AROUND).format(macro, draw.choice(written)) for macro in written]
    path = f"/{values.pop()}" if draw.random() < 0.2 else ""
    fragment = f"#{values.pop()}" if values and draw.random() < 0.1 else ""
    query = draw.choice("&&&&&;").join(f"p{place}={value}" for place, value in enumerate(values))
    literal = draw.choice(["", "", "", "&é=1", "&a=b%20c"])
    return f"https://n.example/pb{path}?{query}{literal}{fragment}"


@cache
def _macros(chosen: Dialect) -> list[list[str]]:
    """Return the macros of a dialect, with rare kinds (functions, units, families, lists) in separate groups."""
    write, specs = chosen.syntax.write, list(chosen.macros.values())
    plain = [write(spec.name) for spec in specs]
    hashed = [write(name, function) for spec in specs for function, names in spec.functions for name in names]
    joint = chosen.syntax.forms[0].alternatives
    several = [write(joint.join([one.name, two.name])) for one, two in pairwise(specs)] if joint else []
    in_units = [write(spec.name) for spec in specs if spec.field in conversions()]
    in_families = [write(f"{spec.family}own{number}") for spec in specs if spec.family for number in range(3)]
    lists = [write(spec.name) for spec in specs if spec.type is ValueType.LIST]
    return [macros for macros in (plain, plain, hashed, several, in_units, in_families, lists) if macros]


def _event(draw: random.Random, chosen: Dialect, template: CompiledTemplate) -> Event:
    values: dict[Source, dict[str, object]] = {source: {} for source in Source}
    reads = [read for value in values_of(template.plan.attributed) for read in value.reads]
    in_units = {read.converted.field: read for read in reads if read.converted}
    given_alone = {read.field for read in in_units.values() if draw.random() < 0.5}
    for field in template.fields:
        if draw.random() < 0.85 and field not in given_alone:
            read = in_units[field].source if field in in_units else Source.LINK
            source = chosen.fields.get(field, read) if draw.random() < 0.95 else draw.choice([*Source])
            values[source][field] = _value(draw) if field not in in_units or draw.random() < 0.3 else _amount(draw)
    given: list[Any] = [values[source] for source in (Source.LINK, Source.SDK, Source.PLATFORM)]
    if draw.random() < 0.05:
        given[draw.randrange(3)] = MappingProxyType(given[0])
    postback = template.policy.postback if draw.random() < 0.97 else Postback.INSTALL
    return Event(*given, postback, draw.random() < 0.8)


def _value(draw: random.Random) -> object:
    kind = draw.random()
    if kind < 0.5:
        alphabet = draw.choice(_ALPHABETS[:1] * 3 + _ALPHABETS) + draw.choice(["", *_ALPHABETS])
        return "".join(draw.choices(alphabet, k=draw.choice([1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 60])))
    if kind < 0.7:
        return draw.choice(_IDENTIFIERS)
    if kind < 0.8:
        return draw.choice(_TEXTS)
    if kind < 0.85:
        return datetime(2026, 1, 4, tzinfo=UTC) + timedelta(seconds=draw.randrange(10**8))
    return draw.choice(_OTHERS) if kind < 0.95 else draw.randrange(-(10**12), 10**12)


def _amount(draw: random.Random) -> object:
    """Draw a number or a time, for a value that is also needed in another unit."""
    number = draw.choice([draw.randrange(-(10**3), 10**12), round(draw.uniform(0, 10**6), draw.randrange(4))])
    time = datetime(2026, 1, 4, tzinfo=UTC) + timedelta(seconds=draw.randrange(10**8))
    return draw.choice([number, str(number), Decimal(str(number)), time, time.isoformat(" "), f"{time:%FT%T}Z"])


def _kinds_of(template: CompiledTemplate, event: Event) -> Iterator[str]:
    """Yield rare kinds of values that were rendered for an event."""
    sources = {Source.LINK: event.link, Source.SDK: event.sdk, Source.PLATFORM: event.platform}
    for value in values_of(template.plan.attributed):
        for source, field, _, converted in value.reads:
            given = sources[source]
            if converted is not None and given.get(field) is None and given.get(converted.field) is not None:
                yield "converted"
        yield from {*value.steps} & {Step.LIST, Step.NFC}


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.support.differential", description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if not SPEEDUPS:
        parser.error("the extension is not built, so there is nothing to compare")
    started, reached = time.monotonic(), Counter[str]()
    for difference in differences(given.seed, given.pairs, reached):
        print(difference)
        return 1
    print(f"no difference in {given.pairs:,} pairs, seed {given.seed}, {time.monotonic() - started:.0f} s")
    print(", ".join(f"{name} {count:,}" for name, count in reached.most_common()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
