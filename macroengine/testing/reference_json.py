"""The reference renderer's JSON parser. The JSON may contain macros."""

import re
from dataclasses import dataclass

from macroengine.language.nodes import Macro


@dataclass(frozen=True, slots=True)
class Symbol:
    """A character or a macro. It becomes visible after the receiver has decoded `times` times."""

    char: str
    times: int
    start: int
    stop: int
    macro: Macro | None = None
    digits: str = ""


Symbols = list[Symbol]


class JsonReader:
    """Parses a text as JSON (RFC 8259) in which macros are parts of strings or whole values."""

    def __init__(self, symbols: Symbols, times: int) -> None:
        # Characters encoded more deeply appear as escapes: text in a string, and an error elsewhere.
        self._all = symbols
        self._text = "".join(
            "\1" if symbol.macro else symbol.char if symbol.times <= times and symbol.char not in "\1\2" else "\2"
            for symbol in symbols
        )
        self._times = times
        self._at = 0

    def read(self) -> list[Symbols] | None:
        """Return the texts of its strings; None if it is not JSON."""
        try:
            strings = self._value()
            self._take(r"[ \t\n\r]*\Z")
        except (ValueError, RecursionError):
            return None
        return strings

    def _take(self, pattern: str) -> str:
        match = re.compile(pattern).match(self._text, self._at)
        if match is None:
            raise ValueError(pattern)
        self._at = match.end()
        return match[0]

    def _next(self) -> str:
        self._take(r"[ \t\n\r]*")
        return self._text[self._at : self._at + 1]

    def _value(self) -> list[Symbols]:
        match self._next():
            case "{":
                return self._list("}", is_object=True)
            case "[":
                return self._list("]", is_object=False)
            case '"':
                return [self._string()]
        self._take(r"\x01|true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
        return []

    def _list(self, end: str, *, is_object: bool) -> list[Symbols]:
        self._at += 1
        strings: list[Symbols] = []
        if self._next() == end:
            self._at += 1
            return strings
        while True:
            if is_object:
                self._next()
                strings.append(self._string())
                self._next()
                self._take(":")
            strings += self._value()
            if self._next() == end:
                self._at += 1
                return strings
            self._take(",")

    def _string(self) -> Symbols:
        self._take('"')
        content: Symbols = []
        while self._text[self._at : self._at + 1] != '"':
            begin = self._at
            escape = self._take(r'\\(?:["\\/bfnrt\x01]|u[0-9A-Fa-f]{4})|[^\x00\x03-\x1f"\\]')
            symbol = self._all[self._at - 1]
            if escape[0] == "\\" and escape[1] == "u":
                content.append(Symbol(chr(int(escape[-4:], 16)), self._all[begin + 1].times, symbol.start, symbol.stop))
            else:
                content.append(symbol)
        self._at += 1
        return content
