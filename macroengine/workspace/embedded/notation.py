"""How a language writes text inside a literal: decode what is written, and write text."""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from html.entities import html5
from typing import NamedTuple

_NUMBER = re.compile(r"\\(?:[xuU]\{?([0-9A-Fa-f]+)\}?|([0-7]{1,3}))")
_NUMBERS = re.compile(rf"(?:{_NUMBER.pattern})+")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9A-Fa-f]+)|([0-9]+));?")
_BREAKS = re.compile(r"\r?\n")
# Higher numbers are not characters.
_LAST = 0x10FFFF
HOLE = "…"
"""In a decoded text, replaces each placeholder that a program fills in."""


class Piece(NamedTuple):
    """A piece of decoded text, and its place in the source. If both have the same length, it is written unchanged."""

    text: str
    start: int
    end: int


class CannotWriteError(ValueError):
    """The literal cannot contain the text; the message says why."""


@dataclass(frozen=True, eq=False)
class Notation:
    """How text is written inside one kind of literal."""

    name: str
    escape: str = ""
    """The pattern of text that is read as something else."""
    texts: dict[str, str] = field(default_factory=dict)
    """Escapes, and the texts they stand for."""
    codes: tuple[str, ...] = ()
    """Formats for a character by its number, the shortest first."""
    escaped: str = ""
    """The pattern of characters that cannot be written unchanged."""
    unknown: str = "kept"
    bytes: bool = False
    entities: bool = False
    folds: bool = False
    valid: str = ""
    """The pattern of valid content, for a literal that nothing closes."""

    def pieces(self, text: str, start: int, end: int, hole: str = "") -> list[Piece]:
        """Return the decoded pieces of `text[start:end]`. `hole` is the pattern of placeholders a program fills in."""
        found: list[Piece] = []
        done = start
        for match in self._pattern(hole).finditer(text, start, end):
            is_hole = match.lastgroup == "hole"
            meant = HOLE if is_hole else self.meaning(match[0])
            if meant is None:
                continue
            if done < match.start():
                found.append(Piece(text[done : match.start()], done, match.start()))
            if meant:
                found.append(Piece(meant, match.start(), match.end()))
            done = match.end()
        if done < end:
            found.append(Piece(text[done:end], done, end))
        return found

    def meaning(self, written: str) -> str | None:
        """Return the text that an escape stands for; None if it is ordinary text."""
        if written in self.texts:
            return self.texts[written]
        if not written.strip(" \t\r\n"):  # a line break, with the white space around it
            return self._line_break(written)
        if self.entities and written.startswith("&"):
            return _reference(written)
        if _NUMBERS.fullmatch(written):
            return self._numbered(written)
        return self._other(written[1:])

    def _other(self, rest: str) -> str | None:
        """Return the text that a backslash and the characters after it stand for."""
        if rest.startswith("N{"):
            return _named(rest[2:-1])
        if rest.isspace() and "\n" in rest:  # the line continues on the next one
            return ""
        return rest if self.unknown == "dropped" else None

    def write(self, text: str, close: str) -> str:
        """Return a text as it is written in a literal that ends with `close`.

        Raises:
            CannotWriteError: the literal cannot contain the text.
        """
        must = self._must
        return "".join(self._character(char) if char in close or must.fullmatch(char) else char for char in text)

    def _character(self, char: str) -> str:
        if char in self._written:
            return self._written[char]
        number = ord(char)
        if self.bytes and number > 0x7F:
            return "".join(self.codes[0] % byte for byte in char.encode("utf-8", "surrogatepass"))
        code = next((code for code, last in zip(self.codes, _lasts(self.codes), strict=True) if number <= last), None)
        if code is None:
            raise CannotWriteError(f"a literal of this kind cannot have the character {char!r}")
        return code % number

    def _line_break(self, written: str) -> str:
        breaks = len(_BREAKS.findall(written)) or written.count("\r")
        return "\n" if not self.folds else " " if breaks == 1 else "\n" * (breaks - 1)

    def _numbered(self, written: str) -> str | None:
        numbers = [
            int(hexadecimal, 16) if hexadecimal else int(octal, 8) for hexadecimal, octal in _NUMBER.findall(written)
        ]
        if max(numbers) > _LAST:
            return None
        if self.bytes and written[1] == "x":
            return bytes(numbers).decode("utf-8", "replace")
        text = "".join(map(chr, numbers))
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass") if len(numbers) > 1 else text

    def _pattern(self, hole: str) -> re.Pattern[str]:
        parts = [self.escape] if self.escape else []
        parts += [f"(?P<hole>{hole})"] if hole else []
        return re.compile("|".join([*parts, r"\r\n?"]))

    @cached_property
    def _must(self) -> re.Pattern[str]:
        return re.compile(self.escaped or r"(?!)")

    @cached_property
    def _written(self) -> dict[str, str]:
        return {text: escape for escape, text in self.texts.items() if len(text) == 1}


def _lasts(codes: tuple[str, ...]) -> list[int]:
    """Return the highest number that each format can write: `%04x` has four digits, `%x` and `%d` any number."""
    digits = [re.search(r"%0(\d)x", code) for code in codes]
    return [16 ** int(found[1]) - 1 if found else _LAST for found in digits]


def _named(name: str) -> str | None:
    try:
        return unicodedata.lookup(name)
    except KeyError:
        return None


def _reference(written: str) -> str | None:
    number = _REFERENCE.fullmatch(written)
    if number is None:
        return html5.get(written[1:])
    value = int(number[1], 16) if number[1] else int(number[2])
    return chr(value) if 0 < value <= _LAST else None
