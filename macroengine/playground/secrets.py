"""Find tokens, keys and passwords in a template that should not be shared in a link."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from macroengine.catalogue import Dialect
from macroengine.diagnostics import Span
from macroengine.plan.resolve import resolve
from macroengine.policy import Policy
from macroengine.template import parse

# A name, then `=` or JSON quotes and a colon, each percent-encoded any number of times, then a value.
_EQUALS = r"(?:=|%(?:25)*3[Dd])"
_QUOTE = r"(?:\"|%(?:25)*22)"
_COLON = rf"{_QUOTE}\s*(?::|%(?:25)*3[Aa])\s*{_QUOTE}?"
_BEFORE = r"(?:(?<![\w.\-%])|%(?:25)*[0-9A-Fa-f]{2})"
_NAME = re.compile(rf"{_BEFORE}(?P<name>[A-Za-z0-9][\w.\-]*)(?:{_EQUALS}|{_COLON})")
_VALUE = re.compile(r"(?:(?!%(?:25)*2[236Cc])[^&;#\"\s])*")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


class Secret(NamedTuple):
    """A text in a template that looks like a secret."""

    span: Span
    kind: str
    """The kind of secret, in a word: `token`."""


class _Data(NamedTuple):
    mask: str
    shortest: int
    names: Mapping[str, str]
    shapes: tuple[tuple[str, re.Pattern[str]], ...]


@cache
def _data() -> _Data:
    table = tomllib.loads(Path(__file__).with_name("secrets.toml").read_text(encoding="utf-8"))
    names = {word: kind for kind, words in table["names"].items() for word in words}
    shapes = tuple((kind, re.compile(pattern)) for kind, pattern in table["shapes"].items())
    return _Data(table["mask"], table["shortest"], names, shapes)


def secrets_in(source: str, dialect: Dialect) -> list[Secret]:
    """Return texts in a template that look like secrets, in order and without overlaps. Macros are not secrets.

    >>> from macroengine import dialect
    >>> [kind for _, kind in secrets_in("https://n.example/pb?id=(clickid)&token=s3cr3t", dialect("appsflyer"))]
    ['token']

    Raises:
        LimitError: the template is too large.
    """
    resolution = resolve(parse(source, dialect), dialect, Policy())
    macros = sorted([*(macro.node.span for macro in resolution.macros), *(text.span for text in resolution.foreign)])
    pieces = [Secret(piece, kind) for span, kind in _candidates(source) for piece in _without(span, macros)]
    found: list[Secret] = []
    for span, kind in sorted(pieces, key=lambda one: (one.span.start, -one.span.stop)):
        if found and span.start < found[-1].span.stop:
            first = found[-1].span
            found[-1] = found[-1]._replace(span=Span(first.start, max(first.stop, span.stop)))
        elif span.stop - span.start >= _data().shortest:
            found.append(Secret(span, kind))
    return found


def masked(source: str, dialect: Dialect) -> str:
    """Return a template with each secret replaced by a mask.

    >>> from macroengine import dialect
    >>> masked("https://n.example/pb?id=(clickid)&token=s3cr3t", dialect("appsflyer"))
    'https://n.example/pb?id=(clickid)&token=***'
    """
    for span, _ in reversed(secrets_in(source, dialect)):
        source = source[: span.start] + _data().mask + source[span.stop :]
    return source


def _candidates(source: str) -> Iterator[Secret]:
    data = _data()
    end = 0
    for named in _NAME.finditer(source):  # a value may contain a URL with more names
        kinds = (data.names.get(word.lower()) for word in _words(named["name"]))
        kind = next((kind for kind in kinds if kind), None)
        if kind is not None and named.end() >= end:
            value = _VALUE.match(source, named.end())
            assert value is not None  # noqa: S101 - it may be empty
            end = value.end()
            yield Secret(Span(value.start(), end), kind)
    for kind, pattern in data.shapes:
        for match in pattern.finditer(source):
            yield Secret(Span(*match.span("secret" if "secret" in pattern.groupindex else 0)), kind)


def _words(name: str) -> Iterator[str]:
    """Yield the words of a name, then pairs of them, since `api_key` may be written `apiKey`, `API-KEY` or `apikey`."""
    words = _WORDS.findall(name)
    yield from words
    yield from (first + second for first, second in pairwise(words))


def _without(span: Span, macros: list[Span]) -> Iterator[Span]:
    """Yield the parts of a span outside the macros."""
    start = span.start
    for macro in macros:
        if start < macro.stop and macro.start < span.stop:
            yield Span(start, max(start, macro.start))
            start = macro.stop
    yield Span(start, max(start, span.stop))
