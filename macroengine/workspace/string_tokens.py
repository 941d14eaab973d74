"""The strings of a TOML or JSON text as they are written, so that one can be edited without changing the rest."""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from macroengine.diagnostics import Fix, Span

Path = tuple[str, ...]
# TOML 1.0, "String" and "Comment"; RFC 8259, section 7.
_TOML = re.compile(
    r'#[^\n]*|"""(?:[^"\\]|\\.|"{1,2}(?!"))*+"{3,5}|"(?:[^"\\\n]|\\.)*+"'
    r"|'''(?:[^']|'{1,2}(?!'))*+'{3,5}|'[^'\n]*+'",
    re.DOTALL,
)
_JSON = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_QUOTES = re.compile(r"\"\"\"(?:\r?\n)?|'''(?:\r?\n)?|\"|'")
# The source text of one character. A line break escaped with a backslash may come before it.
_JOINED = r"(?:\\[ \t]*\r?\n[ \t\r\n]*)"
_PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPED = re.compile(
    rf"{_JOINED}*+(?:{_PAIR}|\\u[0-9a-fA-F]{{4}}|\\U[0-9a-fA-F]{{8}}|\\.|\r\n|.)|{_JOINED}+\Z", re.DOTALL
)
_RAW = re.compile(r"\r\n|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Text:
    """A string as it is written: its quotes, and the source text of each character of its value."""

    span: Span
    """The span of the whole string."""
    opening: str
    """Its opening quotes, and an ignored line break after them."""
    units: tuple[str, ...]
    closing: str
    """Its closing quotes, with ignored text before them."""

    @property
    def escapes(self) -> bool:
        """Whether backslashes escape in it."""
        return self.opening[0] == '"'

    def offset(self, index: int) -> int:
        """Return the offset of a character of the value in the surrounding text."""
        return self.span.start + len(self.opening) + sum(map(len, self.units[:index]))


def strings_of(text: str, *, is_toml: bool) -> dict[Path, Text]:
    """Return the strings of a text that are values of its tables and their subtables, by their keys.

    The text must be valid TOML or JSON.
    """
    pattern, parse = (_TOML, tomllib.loads) if is_toml else (_JSON, json.loads)
    tokens = [match for match in pattern.finditer(text) if match[0][0] != "#"]
    # Replace each string by its number and parse the result, to learn which string is where. A bare key cannot be
    # mistaken for such a number, since it has no space.
    pieces, end = [], 0
    for index, token in enumerate(tokens):
        pieces += [text[end : token.start()], f'"string {index}"']
        end = token.end()
    found: dict[Path, Text] = {}
    for path, value in _leaves(parse("".join([*pieces, text[end:]]))):
        keys = [key if (number := _number(key)) is None else _value(tokens[number], parse) for key in path]
        place = _number(value)
        if place is not None:
            found[tuple(keys)] = _text(tokens[place], parse)
    return found


def _leaves(table: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    for key, value in table.items():
        if isinstance(value, dict) and not path:
            yield from _leaves(value, (key,))
        else:
            yield (*path, key), value


def _number(text: object) -> int | None:
    return int(text[7:]) if isinstance(text, str) and text.startswith("string ") else None


def _value(token: re.Match[str], parse: Callable[[str], Any]) -> str:
    """Return the value of a string, parsed as TOML or JSON."""
    value: str = json.loads(token[0]) if parse is json.loads else tomllib.loads(f"x = {token[0]}")["x"]
    return value


def _text(token: re.Match[str], parse: Callable[[str], Any]) -> Text:
    value, written = _value(token, parse), token[0]
    quotes = _QUOTES.match(written)
    opening = quotes[0] if quotes is not None and parse is not json.loads else written[0]
    closing = opening.rstrip("\r\n")
    inside = written[len(opening) : -len(closing)]
    units = (_ESCAPED if opening[0] == '"' else _RAW).findall(inside)
    rest = "".join(units[len(value) :])
    return Text(Span(*token.span()), opening, tuple(units[: len(value)]), rest + closing)


def edited(text: str, string: Text, fixes: Iterable[Fix]) -> Iterator[str]:
    """Yield the text with fixes in one of its strings, for each way to write it, closest to the original first.

    Each fix refers to the value after the previous fixes. To find out which result is right, parse it again.
    """
    units: list[tuple[str, bool]] = [(unit, False) for unit in string.units]
    for fix in fixes:
        units[fix.span.start : fix.span.stop] = [(character, True) for character in fix.replacement]
    is_long = len(string.opening.rstrip("\r\n")) == 3
    raw = "".join(unit for unit, _ in units)
    if is_long or not string.escapes:
        yield _with(text, string, f"{string.opening}{raw}{string.closing}")
    if string.escapes:
        written = "".join(_escaped(unit) if is_new else unit for unit, is_new in units)
        yield _with(text, string, f"{string.opening}{written}{string.closing}")
    else:
        written = "".join(map(_escaped, raw.replace("\r\n", "\n")))
        yield _with(text, string, f'"{written}"')


def _with(text: str, string: Text, written: str) -> str:
    return text[: string.span.start] + written + text[string.span.stop :]


def _escaped(character: str) -> str:
    # TOML requires an escape for one character that JSON does not.
    return "\\u007f" if character == "\x7f" else "".join(json.dumps(one, ensure_ascii=False)[1:-1] for one in character)
