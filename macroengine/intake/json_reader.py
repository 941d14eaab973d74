"""Parse JSON, with a pointer to everything in it that is not valid JSON."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from macroengine.diagnostics import PayloadDiagnostic
from macroengine.intake import faults

# No real number has more digits, and an integer with millions of digits takes minutes to read.
_MAX_DIGITS = 400


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """A number that is not valid JSON, or too long to read."""

    text: str


@dataclass(frozen=True, slots=True)
class JsonText:
    """The value of a JSON text, and the problems of the text. None if it cannot be parsed at all."""

    value: object
    diagnostics: tuple[PayloadDiagnostic, ...]
    exponents: Mapping[str, str] = field(default_factory=dict)
    """Numbers that are written with an exponent, by pointer, as they are written."""


def read_json(text: str | bytes, pointer: str = "") -> JsonText:
    r"""Parse the JSON text at `pointer`. Of repeated keys, the last one is used.

    >>> [str(found) for found in read_json('{"a": 1, "a": 2}').diagnostics]
    ["error[ME505]: the key 'a' is repeated in one object\n  at /a"]
    """
    reading = _Reading(pointer)
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        value = json.loads(
            decoded,
            object_pairs_hook=reading.as_dict,
            parse_int=reading.as_int,
            parse_float=reading.as_float,
            parse_constant=_Unreadable,
        )
    except UnicodeDecodeError as error:
        return _nothing(faults.NOT_UNICODE.at(pointer, f"not UTF-8 at byte {error.start:,}"))
    except json.JSONDecodeError as error:
        reason = f"{error.msg[0].lower()}{error.msg[1:]}"
        return _nothing(faults.NOT_JSON.at(pointer, f"not JSON at line {error.lineno} column {error.colno}: {reason}"))
    except RecursionError:
        return _nothing(faults.NOT_JSON.at(pointer, "nested too deeply"))
    return JsonText(value, tuple(reading.faults_of(value)), reading.exponents)


def below(pointer: str, key: str | int) -> str:
    """Return the pointer to a member of the value at `pointer` (RFC 6901 section 3).

    >>> below("/a", "b/c")
    '/a/b~1c'
    """
    printable = str(key).encode("utf-8", "backslashreplace").decode()
    return f"{pointer}/{printable.replace('~', '~0').replace('/', '~1')}"


@dataclass(frozen=True, slots=True)
class _Reading:
    pointer: str
    repeated: dict[int, tuple[object, list[str]]] = field(default_factory=dict)
    """Objects with repeated keys, by `id()`. Keeping them alive keeps their ids unique."""

    floats: dict[int, tuple[float, str]] = field(default_factory=dict)
    """Numbers with an exponent and their text, by `id()`, kept alive for the same reason."""
    exponents: dict[str, str] = field(default_factory=dict)

    def as_dict(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        read = dict(pairs)
        if len(read) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            self.repeated[id(read)] = read, [key for key, count in counts.items() if count > 1]
        return read

    def as_int(self, digits: str) -> object:
        return int(digits) if len(digits) <= _MAX_DIGITS else _Unreadable(digits)

    def as_float(self, digits: str) -> object:
        number = float(digits)
        if "e" in digits.lower():
            self.floats[id(number)] = number, digits
        return number if math.isfinite(number) else _Unreadable(digits)

    def faults_of(self, value: object) -> Iterator[PayloadDiagnostic]:
        """Yield the problems in `value`, in the order of the text."""
        rest = [(self.pointer, value)]
        while rest:
            pointer, node = rest.pop()
            match node:
                case _Unreadable(text):
                    yield faults.NOT_JSON.at(pointer, f"{_number(text)} is not a JSON number that can be read")
                case float() if id(node) in self.floats:
                    self.exponents[pointer] = self.floats[id(node)][1]
                case str() if _has_surrogate(node):
                    yield faults.NOT_UNICODE.at(pointer, "half a surrogate pair, which is not a character")
                case dict():
                    _, keys = self.repeated.get(id(node), (node, []))
                    for key in keys:
                        yield faults.REPEATED_KEY.at(
                            below(pointer, key), f"the key{quoted_name(key)} is repeated in one object"
                        )
                    for key in filter(_has_surrogate, node):
                        yield faults.NOT_UNICODE.at(below(pointer, key), "a key with half a surrogate pair")
                    rest.extend((below(pointer, key), item) for key, item in reversed(node.items()))
                case list():
                    rest.extend((below(pointer, index), node[index]) for index in reversed(range(len(node))))


def _nothing(diagnostic: PayloadDiagnostic) -> JsonText:
    return JsonText(None, (diagnostic,))


def _has_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _number(text: str) -> str:
    """Return the name of a number that is not valid JSON. Digits may be personal, so they are only counted."""
    return text if text.lstrip("-").isalpha() else f"a number of {len(text):,} characters"


_is_name = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}").fullmatch
_MAX_DIGITS_OF_A_NAME = 3


def quoted_name(name: str) -> str:
    """Return a space and a key in quotes; empty if the key may be an identifier in the wrong place.

    >>> quoted_name("af_sub1"), quoted_name("9876F1AA-2983-3855-27BB-2C626772EFAB"), quoted_name("me@n.example")
    (" 'af_sub1'", '', '')
    """
    digits = sum(map(str.isdigit, name))
    return f" {name!r}" if _is_name(name) and digits <= _MAX_DIGITS_OF_A_NAME else ""
