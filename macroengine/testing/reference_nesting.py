"""The reference renderer's parser for nested URLs and JSON.

It decodes a component as often as possible and parses the result, as its receivers would.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote

from macroengine.language.nodes import Literal, Part, Pieces
from macroengine.testing.reference_json import JsonReader, Symbol, Symbols

PERCENT, STRING, WHOLE = "percent", "string", "whole"
Steps = tuple[str, ...]
"""What is done with a value, starting with the outermost receiver."""


class Pairs(NamedTuple):
    """The parameters of an inner URL, as places in the source. `opening` is dropped with the last of them."""

    opening: tuple[int, int]
    separator: str
    pairs: list[tuple[int, int]]


@dataclass(slots=True)
class Inside:
    """The content of a component: what is nested inside it."""

    steps: dict[int, Steps] = field(default_factory=dict)
    in_path: set[int] = field(default_factory=set)
    glued: set[int] = field(default_factory=set)
    queries: list[Pairs] = field(default_factory=list)


def inside(pieces: Pieces, part: Part) -> Inside:
    """Return what is nested inside a component. The keys of `steps` and the sets are the start positions of macros."""
    found = Inside()
    symbols = _decoded(pieces)
    if part in (Part.SCHEME, Part.AUTHORITY):
        _leave(symbols, (PERCENT,), found)
    else:
        for text in _split(symbols, {Part.PATH: "/", Part.FRAGMENT: "&="}.get(part, "")):
            is_body = part is Part.PATH and bool(text) and text[0].start == 0
            _read(text, 1, (PERCENT,), found, is_path=part is Part.PATH, is_json=not is_body)
    text_before = ""
    for piece in pieces:
        if isinstance(piece, Literal):
            text_before = piece.text
        else:
            if _completes(text_before, found.steps[piece.start].count(PERCENT)):
                found.glued.add(piece.start)
            text_before = ""
    return found


def _completes(text: str, times: int) -> bool:
    # The value must not become part of an escape for any receiver that decodes it.
    for _ in range(times):
        if re.search(r"%[0-9A-Fa-f]?\Z", text):
            return True
        text = unquote(text, "latin-1")
    return False


def _decoded(pieces: Pieces) -> Symbols:
    symbols: Symbols = []
    for piece in pieces:
        at = piece.start
        if isinstance(piece, Literal):
            symbols += [Symbol(char, 0, at + index, at + index + 1) for index, char in enumerate(piece.text)]
        else:
            symbols.append(Symbol("", 0, at, at + len(piece.text), piece))
    times = 0
    while True:
        times += 1
        again = _decoded_once(symbols, times)
        if len(again) == len(symbols):
            return symbols
        symbols = again


def _decoded_once(symbols: Symbols, times: int) -> Symbols:
    found: Symbols = []
    index = 0
    while index < len(symbols):
        escape = symbols[index : index + 3]
        digits = "".join(symbol.char for symbol in escape[1:])
        if symbols[index].char == "%" and re.fullmatch("[0-9A-Fa-f]{2}", digits) and len(escape) == 3:
            found.append(Symbol(chr(int(digits, 16)), times, escape[0].start, escape[-1].stop))
            index += 3
        else:
            found.append(symbols[index])
            index += 1
    return found


def _split(symbols: Symbols, delimiters: str) -> Iterator[Symbols]:
    text: Symbols = []
    for symbol in symbols:
        if symbol.char and symbol.char in delimiters and symbol.times == 0:
            yield text
            text = []
        else:
            text.append(symbol)
    yield text


def _leave(symbols: Symbols, steps: Steps, found: Inside, *, is_path: bool = False) -> None:
    for symbol in symbols:
        if symbol.macro:
            found.steps[symbol.start] = steps
            found.in_path.discard(symbol.start)
            found.in_path.update([symbol.start] * is_path)


def _read(symbols: Symbols, times: int, steps: Steps, found: Inside, *, is_path: bool, is_json: bool = True) -> None:
    """Read a text that its receiver has decoded `times` times."""
    if not any(symbol.macro for symbol in symbols):
        return
    if is_json and symbols[0].char and symbols[0].char in "{[":
        seen = max(times, symbols[0].times)
        json = JsonReader(symbols, seen).read()
        if json is not None:
            around = (*steps, *[PERCENT] * (seen - times))
            _leave(symbols, (*around, WHOLE), found)
            for text in json:
                _read(text, seen, (*around, STRING), found, is_path=False)
            return
    opening = _opening(symbols, times, in_string=steps[-1] == STRING)
    if opening is None:
        _leave(symbols, steps, found, is_path=is_path)
        return
    _leave(symbols[: opening[0]], steps, found, is_path=is_path)
    while opening is not None:
        begin, seen, _, _ = opening
        after = _reopening(symbols, begin, times, seen)
        end = len(symbols) if after is None else after[0] - (3 if after[2] == "server" else 1)
        _read_url(symbols, opening, end, (*steps, *[PERCENT] * (seen + 1 - times)), found)
        opening = after


Opening = tuple[int, int, str, int | None]
"""Where a URL begins, at which decoding depth it is seen, in which part it begins, and where its pair begins."""


def _opening(symbols: Symbols, times: int, *, in_string: bool) -> Opening | None:
    # `name=` or `scheme://`, encoded more deeply than the text. In a JSON string, a URL needs no encoding.
    for index, symbol in enumerate(symbols):
        if symbol.char == "=" and symbol.times >= (1 if in_string else times):
            seen = max(symbol.times, times)
            return index + 1, seen, "value", _pair_begin(symbols, index, seen)
        scheme = _scheme(symbols, index)
        if scheme is not None and scheme >= (0 if in_string else times):
            return index + 3, max(scheme, times), "server", None
    return None


def _reopening(symbols: Symbols, begin: int, times: int, seen: int) -> Opening | None:
    # If a URL is encoded more than once deeper than the text, other URLs are in between, and continue here.
    for index in range(begin, len(symbols)):
        symbol = symbols[index]
        if times <= symbol.times < seen and symbol.char:
            scheme = _scheme(symbols, index)
            if symbol.char in ("?", "&"):
                return index + 1, symbol.times, "name", index + 1
            if symbol.char == "#":
                return index + 1, symbol.times, "fragment", None
            if symbol.char == "=":
                return index + 1, symbol.times, "value", _pair_begin(symbols, index, symbol.times, times)
            if scheme is not None and scheme < seen:
                return index + 3, scheme, "server", None
    return None


def _scheme(symbols: Symbols, index: int) -> int | None:
    mark = symbols[index : index + 3]
    if index == 0 or "".join(symbol.char or "()" for symbol in mark) != "://":
        return None
    before = symbols[index - 1]
    if before.macro or re.fullmatch("[A-Za-z0-9+.-]", before.char):
        return max(symbol.times for symbol in mark)
    return None


def _pair_begin(symbols: Symbols, equals: int, seen: int, least: int = 0) -> int:
    marks = [index for index in range(equals) if symbols[index].char in ("?", "&")]
    begins = [index + 1 for index in marks if least <= symbols[index].times <= seen]
    return max(begins, default=0)


def _read_url(symbols: Symbols, opening: Opening, end: int, steps: Steps, found: Inside) -> None:
    """Parse an inner URL, which is visible after as many decodings as `opening` says."""
    begin, seen, part, pair = opening
    texts: list[tuple[str, Symbols]] = []
    cuts: list[int] = []  # the positions of its &
    first, last, kind = pair, end, None
    text: Symbols = []
    for index in range(begin, end):
        symbol = symbols[index]
        ends = {"server": "/\\?#", "path": "/?#", "name": "=&#", "value": "&#"}.get(part, "")
        if not symbol.char or symbol.char not in ends or symbol.times > seen:
            text.append(symbol)
            continue
        texts.append((part, text))
        text = []
        if symbol.char == "?":
            first = index + 1
        elif symbol.char == "&" and kind in (None, symbol.times):
            kind = symbol.times
            cuts.append(index)
        elif symbol.char == "#":
            last = index
        part = {"/": "path", "\\": "path", "?": "name", "&": "name", "=": "value", "#": "fragment"}[symbol.char]
    texts.append((part, text))
    for name, inner in texts:
        _read(inner, seen + 1, steps, found, is_path=name == "path")
    if first is not None:
        found.queries.append(_pairs(symbols, first, last, cuts, kind))


def _pairs(symbols: Symbols, first: int, last: int, cuts: list[int], kind: int | None) -> Pairs:
    ends = [*cuts, last]
    begins = [first, *(cut + 1 for cut in cuts)]
    edge = symbols[first - 1].stop if first else symbols[0].start
    opening = edge, edge
    if first and symbols[first - 1].char in ("?", "&"):
        opening = symbols[first - 1].start, symbols[first - 1].stop
    places = [
        (symbols[begin].start, symbols[stop - 1].stop) if begin < stop else (symbols[stop - 1].stop,) * 2
        for begin, stop in zip(begins, ends, strict=True)
    ]
    separator = "&" if not kind else "%" + "25" * (kind - 1) + "26"
    return Pairs(opening, separator, places)
