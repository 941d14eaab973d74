"""From the bytes that a fuzzer makes up to templates, policies, options and events."""

import json
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from hashlib import sha1
from itertools import product
from typing import Any, TypeVar
from uuid import UUID

from macroengine import (
    Default,
    Dialect,
    Event,
    HashCase,
    MacroSpec,
    Missing,
    Policy,
    Postback,
    Source,
    dialect,
    dialect_names,
)
from macroengine.catalogue.consent import consent_fields

T = TypeVar("T")

# In no UTF-8, so that any text can stand on either side of it.
SEPARATOR = b"\xff"


# Those that most templates are in come first.
DIALECTS = [*(first := ["appsflyer", "appmetrica"]), *(name for name in dialect_names() if name not in first)]
CONSENTS = ("authorized", "denied", "not_determined", True, False, "1", "0", 3, 1, 0, "")
_NOBODY = "00000000-0000-0000-0000-000000000000"


class Input:
    r"""A text, choices behind the first FF byte, and more texts behind further ones.

    What is not there is the first choice, or an empty text; so a template alone is a whole input. A choice is one
    byte, `0` for the first one, and a byte of no UTF-8 is half of a surrogate pair.

    >>> made = Input(b"?a=(ip)\xff1\xffx")
    >>> made.text(), made.choose("abc"), made.choose("abc"), made.text(), made.text()
    ('?a=(ip)', 'b', 'a', 'x', '')
    """

    def __init__(self, data: bytes) -> None:
        first, *others = data.split(SEPARATOR)
        self._texts = iter([first, *others[1:]])
        self._choices = iter(others[0] if others else b"")

    def bytes(self) -> bytes:
        """Return the next text as it is."""
        return next(self._texts, b"")

    def text(self) -> str:
        """Return the next text."""
        return self.bytes().decode(errors="surrogateescape")

    def choose(self, options: Sequence[T]) -> T:
        """Return what the next choice is."""
        return options[(next(self._choices, ord("0")) - ord("0")) % len(options)]

    def flag(self) -> bool:
        """Return False or True."""
        return self.choose((False, True))

    def dialect(self) -> Dialect:
        """Return a dialect of the library."""
        return dialect(self.choose(DIALECTS))

    def policy(self, dialect: Dialect) -> Policy:
        """Return a policy, which mostly forbids nothing."""
        postback, given = self.choose(list(Postback)), self.choose(list(product((False, True), repeat=2)))
        everything = frozenset(Source)
        sources = self.choose([everything, *(everything - {source} for source in Source), frozenset[Source]()])
        names = [*dialect.names(), *dialect.fields]
        deny = {self.choose(names) for _ in range(self.choose([0, 1, 2]))}
        return Policy(postback, given[1], sources, frozenset(deny), given[0])

    def options(self, dialect: Dialect) -> dict[str, Any]:
        """Return keyword arguments of `render` that say how to render."""
        missing: object = self._missing()
        if self.flag():
            missing = {"*": missing, self.choose(dialect.names()): self._missing()}
        return {
            "missing": missing,
            "unknown": self.choose(["error", "keep", "empty"]),
            "nested": not self.flag(),
            "allow_host_macros": self.flag(),
            "booleans": self.choose(["true/false", "1/0"]),
            "hash_case": self.choose([None, *HashCase]),
        }

    def _missing(self) -> Missing | Default:
        return self.choose([*Missing, Default("none"), Default("a b/(ip)"), Default("é%")])

    def event(self, specs: Sequence[MacroSpec], policy: Policy) -> Event:
        """Return an event with values for the macros, mostly where they belong, and mostly admitted."""
        postback, attributed = self.choose([policy.postback] * 9 + list(Postback)), not self.flag()
        values: dict[Source, dict[str, object]] = {source: {} for source in Source}
        for spec in specs:
            source = self.choose([spec.source] * 20 + list(Source))
            values[source][spec.field] = self.value()
        for source, field, _ in consent_fields(dialect("appsflyer")) if policy.consent else ():
            values[source][field] = self.choose([None, *CONSENTS, self.value()])
        return Event(values[Source.LINK], values[Source.SDK], values[Source.PLATFORM], postback, attributed)

    def value(self) -> object:
        """Return a value of an event, seldom one that cannot be sent."""
        return self.choose(VALUES)(self.bytes())


class Shouted(str):
    """A string that shows something else than it is."""

    __slots__ = ()
    __str__ = str.upper


def _text(data: bytes) -> str:
    return data.decode(errors="surrogateescape")


def _integer(data: bytes) -> int:
    """Return the number that is written there, or any other one."""
    with suppress(ValueError):
        return int(data)
    return int.from_bytes(data, signed=True)


def _float(data: bytes) -> float:
    with suppress(ValueError):
        return float(data)
    return float(struct.unpack("d", data[:8].ljust(8, b"\0"))[0])


def _decimal(data: bytes) -> Decimal:
    with suppress(InvalidOperation):
        return Decimal(_text(data))
    return Decimal(_integer(data[:-1])).scaleb(int.from_bytes(data[-1:]) - 128)


_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_ZONES = [UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-3, minutes=-30)), None]


def _time(data: bytes) -> datetime:
    """Return any time there is, from the year 1 to 9999."""
    zone = _ZONES[data[0] % len(_ZONES)] if data else UTC
    since = int.from_bytes(data[1:9]) % ((_LAST - _FIRST) // timedelta.resolution)
    return (_FIRST + since * timedelta.resolution).replace(tzinfo=zone)


def _json(data: bytes) -> object:
    """Return an object or array, if it is one."""
    text = _text(data)
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    return {text: [text, None, Decimal(1)]} if data[:1] == b"{" else [text, float("nan")]


VALUES: list[Callable[[bytes], object]] = [
    _text,
    lambda data: Shouted(_text(data)),
    lambda _: None,
    bool,
    _integer,
    _float,
    _decimal,
    _time,
    _json,
    lambda data: str(UUID(bytes=sha1(data).digest()[:16])),
    lambda data: str(UUID(bytes=sha1(data).digest()[:16])).upper(),
    lambda data: sha1(data).hexdigest(),
    lambda _: _NOBODY,
    lambda data: data,  # which cannot be sent
]
"""What makes a value of each kind."""
