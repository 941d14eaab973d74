"""Generate realistic sample events for a template; the same seed gives the same events."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from tomllib import loads
from typing import Any
from uuid import UUID

from macroengine.catalogue import MacroSpec
from macroengine.catalogue.consent import consent_fields, sharing_words
from macroengine.compiled_request import CompiledRequest
from macroengine.compiled_template import CompiledTemplate
from macroengine.event import Event
from macroengine.kinds import Encoding, Function, Source, ValueType
from macroengine.language.nodes import Macro
from macroengine.request_template import parse_request
from macroengine.template import parse

_FILE = Path(__file__).resolve().parent / "sampling.toml"
_WANTED = re.compile(r"\{(?:(uuid)|(hex|digits):(\d+)|(\d+)-(\d+))\}")
# Characters that a value must not have if it is not encoded.
_UNSAFE = re.compile("[^A-Za-z0-9._~-]")
# One in this many awkward values is missing.
_MISSING = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """A row of the catalogue that a template reads, and how its value is sent."""

    spec: MacroSpec
    raw: bool
    """Whether the platform sends the value without encoding it."""


def readings(template: CompiledTemplate | CompiledRequest) -> tuple[Reading, ...]:
    """Return the catalogue rows that a template or request reads, without repeats."""
    dialect, wanted = template.dialect, set(template.fields)
    found: dict[MacroSpec, bool] = {}
    for macro, in_header in _macros(template):
        for name in (macro.name, *macro.alternatives):
            known = dialect.find(name)
            if known is not None and known[0].field in wanted:
                is_raw = macro.function == Function.NONE or is_sent_raw(known[0].encoding or dialect.encoding)
                found[known[0]] = is_raw or in_header or found.get(known[0], False)
    return tuple(Reading(spec, raw) for spec, raw in found.items())


def _macros(template: CompiledTemplate | CompiledRequest) -> Iterator[tuple[Macro, bool]]:
    """Yield the macros, and whether each is in a header, where few characters are allowed."""
    if isinstance(template, CompiledTemplate):
        parsed = parse(template.source, template.dialect, limits=template.options.limits)
        yield from ((macro, False) for macro in parsed.macros())
        return
    request = parse_request(template.request, template.dialect, limits=template.url.options.limits)
    headers = [value for _, value in request.headers]
    for part in request.templates():
        in_header = any(part is value for value in headers)
        yield from ((macro, in_header) for macro in part.macros())


def is_sent_raw(encoding: Encoding) -> bool:
    """Say whether this encoding leaves characters as they are, so that values may not have every character."""
    return encoding in (Encoding.NONE, Encoding.BASE64, Encoding.JSON)


def samples(template: CompiledTemplate | CompiledRequest, seed: int, *, awkward: bool = False) -> Iterator[Event]:
    """Yield sample events without end. With `awkward`, values are hard to encode correctly.

    >>> from macroengine import compile_template
    >>> template = compile_template("https://n.example/pb?country=(country_code)")
    >>> template.render(next(samples(template, 7))) == template.render(next(samples(template, 7)))
    True
    """
    draw = Random(seed)  # noqa: S311 - nothing here is secret
    read = readings(template)
    while True:
        values: dict[Source, dict[str, object]] = {source: {} for source in Source}
        for reading in read:
            text = _awkward(draw) if awkward else _realistic(draw, reading.spec)
            if text is not None:
                values[reading.spec.source][reading.spec.field] = _UNSAFE.sub("-", text) if reading.raw else text
        if template.policy.consent:
            for found in consent_fields(template.dialect):
                values[found.source][found.field] = sharing_words(found.consent)[0]
        yield Event(values[Source.LINK], values[Source.SDK], values[Source.PLATFORM], template.policy.postback)


def _awkward(draw: Random) -> str | None:
    return None if draw.randrange(_MISSING) == 0 else draw.choice(_table()["awkward"]["texts"])


def _realistic(draw: Random, spec: MacroSpec) -> str:
    table = _table()
    known = table["fields"].get(spec.field)
    if known is None and spec.example and spec.type == "text":
        return re.sub("[0-9]", lambda _: str(draw.randrange(10)), spec.example)
    return _filled(draw, _choices(spec.type) if known is None else known)


def text_of_type(kind: ValueType, seed: str, among: Collection[str] = ()) -> str:
    """Return a text of this type, the same one for the same seed; one `among` these, if the type has some of them.

    >>> text_of_type(ValueType.FLAG, "is_lat", among=["false", "0"])
    '0'
    """
    choices = _choices(kind)
    draw = Random(seed)  # noqa: S311 - nothing here is secret
    return _filled(draw, [text for text in choices if text in among] or choices)


def _choices(kind: ValueType) -> list[str]:
    choices = _table()["types"][kind.value]
    return [choices] if isinstance(choices, str) else choices


def _filled(draw: Random, choices: str | list[str]) -> str:
    text = choices if isinstance(choices, str) else draw.choice(choices)
    return _WANTED.sub(lambda wanted: _drawn(draw, wanted), text)


def _drawn(draw: Random, wanted: re.Match[str]) -> str:
    uuid, kind, count, first, last = wanted.groups()
    if uuid:
        return str(UUID(int=draw.getrandbits(128), version=4))
    if kind:
        return "".join(draw.choices("0123456789abcdef"[: 16 if kind == "hex" else 10], k=int(count)))
    return str(draw.randint(int(first), int(last)))


@cache
def _table() -> Mapping[str, Any]:
    return loads(_FILE.read_text(encoding="utf-8"))
