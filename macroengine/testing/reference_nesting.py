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
    parts: dict[int, str] = field(default_factory=dict)
    """The part of the innermost inner URL around each macro, also if it is in JSON there; empty if there is none."""
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
            found.append(Symbol(chr(int(digits, 16)), times, escape[0].start, escape[-1].stop, digits=digits))
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


def _leave(symbols: Symbols, steps: Steps, found: Inside, *, is_path: bool = False, part: str = "") -> None:
    for symbol in symbols:
        if symbol.macro:
            found.parts[symbol.start] = part
            found.steps[symbol.start] = steps
            found.in_path.discard(symbol.start)
            found.in_path.update([symbol.start] * is_path)


def _read(
    symbols: Symbols, times: int, steps: Steps, found: Inside, *, is_path: bool, is_json: bool = True, part: str = ""
) -> None:
    """Read a text that its receiver has decoded `times` times. It is in this part of an inner URL."""
    if not any(symbol.macro for symbol in symbols):
        return
    if is_json and symbols[0].char and symbols[0].char in "{[":
        seen = max(times, symbols[0].times)
        json = JsonReader(symbols, seen).read()
        if json is not None:
            around = (*steps, *[PERCENT] * (seen - times))
            _leave(symbols, (*around, WHOLE), found, part=part)
            for text in json:
                _read(text, seen, (*around, STRING), found, is_path=False, part=part)
            return
    opening = _opening(symbols, times, in_string=steps[-1] == STRING)
    if opening is None:
        _leave(symbols, steps, found, is_path=is_path, part=part)
        return
    _leave(symbols[: opening[0]], steps, found, is_path=is_path, part=part)
    first = opening
    while opening is not None:
        begin, seen, _, _ = opening
        after = _reopening(symbols, begin, times, seen)
        # A URL that continues at a = has lost its other pairs to the URL before.
        is_whole = opening == first or opening[2] != "value"
        end = len(symbols) if after is None else after[0] - (3 if after[2] == "server" else 1)
        separator = ";" if is_whole and _has_semicolons(symbols, opening, end) else "&"
        _read_url(symbols[:end], opening, (*steps, *[PERCENT] * (seen + 1 - times)), found, separator)
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


def _read_url(symbols: Symbols, opening: Opening, steps: Steps, found: Inside, separator: str) -> None:
    """Parse an inner URL, which is visible after as many decodings as `opening` says."""
    begin, seen, part, pair = opening
    texts: list[tuple[str, Symbols]] = []
    cuts: list[int] = []  # the positions of its separators
    first, last, kind = pair, len(symbols), None
    for index in range(begin if pair is None else pair, begin):
        symbol = symbols[index]
        if symbol.char == separator == ";" and symbol.times <= seen and kind in (None, _kind(symbol)):
            kind = _kind(symbol)
            cuts.append(index)
    text: Symbols = []
    for index in range(begin, len(symbols)):
        symbol = symbols[index]
        ends = {"server": "/\\?#", "path": "/?#", "name": f"={separator}#", "value": f"{separator}#"}.get(part, "")
        if not symbol.char or symbol.char not in ends or symbol.times > seen:
            text.append(symbol)
            continue
        texts.append((part, text))
        text = []
        if symbol.char == "?":
            first = index + 1
        elif symbol.char == separator and kind in (None, _kind(symbol)):
            kind = _kind(symbol)
            cuts.append(index)
        elif symbol.char == "#":
            last = index
        part = {"/": "path", "\\": "path", "?": "name", "&": "name", ";": "name", "=": "value", "#": "fragment"}[
            symbol.char
        ]
    texts.append((part, text))
    for name, inner in texts:
        _read(inner, seen + 1, steps, found, is_path=name == "path", part=name)
    if first is not None:
        found.queries.append(_pairs(symbols, first, last, cuts, separator))


def _kind(separator: Symbol) -> tuple[int, str]:
    return separator.times, separator.digits


def _has_semicolons(symbols: Symbols, opening: Opening, end: int) -> bool:
    # As in the outermost URL: a literal ;name= and no &.
    begin, seen, part, pair = opening
    start = begin if pair is None else pair
    if part == "fragment" or (start and symbols[start - 1].char == "&"):
        return False
    query = "".join((one.char or "/") if one.times <= seen else "%" for one in symbols[start:end]).split("#")[0]
    if part == "server":
        query = query.partition("?")[2]
    return "&" not in query and re.search(";[^/:;?#&=]+=", query) is not None


def _pairs(symbols: Symbols, first: int, last: int, cuts: list[int], char: str) -> Pairs:
    ends = [*cuts, last]
    begins = [first, *(cut + 1 for cut in cuts)]
    edge = symbols[first - 1].stop if first else symbols[0].start
    opening = edge, edge
    if first and symbols[first - 1].char in ("?", "&"):
        opening = symbols[first - 1].start, symbols[first - 1].stop
    places = [
        (symbols[begin].start, symbols[stop - 1].stop)
        if begin < stop
        else (symbols[stop - 1].stop if stop else edge,) * 2
        for begin, stop in zip(begins, ends, strict=True)
    ]
    times, digits = _kind(symbols[cuts[0]]) if cuts else (0, "")
    separator = "%" + "25" * (times - 1) + digits if times else char
    return Pairs(opening, separator, places)
