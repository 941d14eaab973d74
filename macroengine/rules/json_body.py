"""Check the JSON syntax of a request body."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise

from macroengine.diagnostics import Diagnostic, Fix, Span
from macroengine.language.json_nodes import Container, Element, JsonFault, JsonText, Part, Run, String, Word, parts_of
from macroengine.language.nodes import Literal, Macro
from macroengine.rules.request_faults import (
    BYTE_ORDER_MARK,
    JSON_COMMENT,
    LOOSE_MACRO,
    MALFORMED_JSON,
    MALFORMED_STRING,
    MALFORMED_WORD,
    REPEATED_MEMBER,
    SINGLE_QUOTES,
    TRAILING_COMMA,
    VARIABLE_MEMBER,
)

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_is_word = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null").fullmatch
# Constants of other languages, and the JSON constants they stand for.
_CONSTANTS = {"true": "true", "false": "false", "null": "null", "none": "null", "nil": "null", "undefined": "null"}
# RFC 8259 section 7
_BAD_CHARACTER = re.compile(r'(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*')
# Matches a surrogate pair as a whole, and any other escape including the character after the backslash.
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)
_BLANKS = " \t\r\n"
_is_identifier = re.compile(r"[A-Za-z_][\w-]*", re.ASCII).fullmatch


def json_findings(source: str, text: JsonText) -> Iterator[Diagnostic]:
    """Yield the problems of a JSON text."""
    start = len(source) - len(source.lstrip(_BLANKS))
    if source.startswith("\ufeff", start):
        span = Span(start, start + 1)
        yield BYTE_ORDER_MARK.on(
            source, span, "byte order mark before the body; remove it", fix=Fix("", span, safe=True)
        )
    if text.fault is not None:
        yield _of_fault(source, text.fault)
        return
    if not text.run:
        yield MALFORMED_JSON.on(
            source, Span(0, len(source)), "body is empty, which is not valid JSON", "for no body, give None"
        )
        return
    parts = [*parts_of(text.run)]
    names = {part for one in parts if isinstance(one, Container) for element in one.elements for part in element.name}
    yield from _comments(source, parts)
    yield from _of_run(source, text.run, is_body=True)
    for part in parts:
        match part:
            case String():
                yield from _of_string(source, part)
            case Word() if part not in names:
                yield from _of_word(source, part)
            case Container():
                yield from _of_container(source, part)
            case Word() | Macro():  # pragma: no branch - there is no other part
                pass


def _of_fault(source: str, fault: JsonFault) -> Diagnostic:
    if fault.after_macro:
        message = "macro between JSON tokens; put it in quotes, or make it a whole value"
        return LOOSE_MACRO.on(source, fault.span, message)
    if not fault.found:
        return MALFORMED_JSON.on(source, fault.span, "body ends before the JSON does; something is not closed")
    return MALFORMED_JSON.on(source, fault.span, f"unexpected {fault.found[:20]!r} in JSON")


def _comments(source: str, parts: list[Part]) -> Iterator[Diagnostic]:
    text = [*source]
    for part in parts:
        if isinstance(part, String | Macro):
            text[part.span.start : part.span.stop] = "x" * (part.span.stop - part.span.start)
    for match in _COMMENT.finditer("".join(text)):
        span = Span(*match.span())
        yield JSON_COMMENT.on(source, span, "JSON has no comments; remove this one", fix=Fix("", span, safe=True))


def _of_run(source: str, run: Run, *, is_body: bool = False) -> Iterator[Diagnostic]:
    """Yield the findings about several values where only one is allowed."""
    for before, part in pairwise(run):
        if isinstance(part, Macro) or isinstance(before, Macro):
            macro = part if isinstance(part, Macro) else before
            text = source[macro.span.start : macro.span.stop]
            message = f"{text} is next to another value; put both in one string, or add a comma between them"
            yield LOOSE_MACRO.on(source, macro.span, message)
        elif is_body:
            message = "a body is one value of JSON, and this is another one; put both in one array, or send one"
            yield MALFORMED_JSON.on(source, part.span, message)
        else:
            fix = Fix(",", Span(before.span.stop, before.span.stop), safe=False)
            yield MALFORMED_JSON.on(source, part.span, "missing comma before this value", fix=fix)


def _of_string(source: str, string: String) -> Iterator[Diagnostic]:
    if string.quote == "'":
        inside = source[string.span.start + 1 : string.span.stop - 1]
        quoted = '"' + inside.replace("\\'", "'").replace('"', '\\"') + '"'
        fix = Fix(quoted, string.span, safe=True)
        yield SINGLE_QUOTES.on(source, string.span, 'JSON strings need double quotes (")', fix=fix)
        return
    for piece in string.pieces:
        if not isinstance(piece, Literal):
            continue
        match = _BAD_CHARACTER.match(piece.text)
        at = match.end() if match else 0
        if at < len(piece.text):
            yield _bad_character(source, piece.start + at)
        for half in _halves(piece.text):
            span = Span(piece.start + half.start(), piece.start + half.end())
            message = f"{half[0]} is half of a character; write both halves, or leave it out"
            yield MALFORMED_STRING.on(source, span, message)


def _halves(text: str) -> Iterator[re.Match[str]]:
    """Yield escapes that are half of a surrogate pair; parsers disagree about them (RFC 8259 section 8.2)."""
    return (match for match in _ESCAPE.finditer(text) if match["half"])


def _bad_character(source: str, at: int) -> Diagnostic:
    if source[at] == "\\":
        span = Span(at, at + 2)
        message = f"{source[at : at + 2]!r} is not a JSON escape; for a backslash, write two"
        return MALFORMED_STRING.on(source, span, message)
    span, escaped = Span(at, at + 1), json.dumps(source[at])[1:-1]
    message = f"control character in a JSON string; write {escaped}"
    return MALFORMED_STRING.on(source, span, message, fix=Fix(escaped, span, safe=True))


def _of_word(source: str, word: Word) -> Iterator[Diagnostic]:
    if _is_word(word.text):
        return
    meant = _CONSTANTS.get(word.text.lower())
    fix = None if meant is None else Fix(meant, word.span, safe=meant == word.text.lower())
    way_out = "write text in quotes" if meant is None else f"write {meant}"
    yield MALFORMED_WORD.on(source, word.span, f"{word.text[:20]!r} is not a JSON value; {way_out}", fix=fix)


def _of_container(source: str, container: Container) -> Iterator[Diagnostic]:
    if container.elements and len(container.commas) == len(container.elements):
        span = Span(container.commas[-1], container.commas[-1] + 1)
        message = "comma after the last element; remove it"
        yield TRAILING_COMMA.on(source, span, message, fix=Fix("", span, safe=True))
    about_names: list[Diagnostic] = []
    seen: set[tuple[bool, str]] = set()
    for element, span in zip(container.elements, container.element_spans, strict=True):
        yield from _of_run(source, element.value)
        yield from _of_run(source, element.name)
        for part in element.name:
            if isinstance(part, Container | Word):
                yield _bad_name(source, part)
        about_names += _of_name(source, element, span, seen, is_alone=len(container.elements) == 1)
    repeated = [one for one in about_names if one.code == REPEATED_MEMBER.code]
    # For a repeated name, report only that.
    yield from repeated or about_names


def _of_name(
    source: str, element: Element, span: Span, seen: set[tuple[bool, str]], *, is_alone: bool
) -> Iterator[Diagnostic]:
    """Yield the problems of a member's name; `seen` holds the names before it."""
    name = _name(source, element)
    if name is None:
        return
    has_macro, text = name
    where = element.name[0].span
    if name in seen:
        fix = Fix("", Span(span.start - 1, span.stop), safe=False)
        yield REPEATED_MEMBER.on(source, where, f"member {text!r} is repeated", "give it another name", fix)
    elif has_macro and not is_alone:
        message = f"the value of {text} can be the name of another member; give it an object of its own"
        yield VARIABLE_MEMBER.on(source, where, message)
    seen.add(name)


def _bad_name(source: str, part: Container | Word) -> Diagnostic:
    text = source[part.span.start : part.span.stop]
    fix = Fix(f'"{text}"', part.span, safe=True) if _is_identifier(text) else None
    return MALFORMED_JSON.on(source, part.span, "member names need double quotes", fix=fix)


def _name(source: str, element: Element) -> tuple[bool, str] | None:
    """Return whether a member's name contains macros, and the name, unescaped if it has none. None: it has no name."""
    match element.name:
        case (Macro(text=text),):
            return True, text
        case (String(span=span, pieces=pieces),):
            if any(isinstance(piece, Macro) for piece in pieces):
                return True, source[span.start + 1 : span.stop - 1]
            try:
                return False, str(json.loads(source[span.start : span.stop]))
            except ValueError:
                return None
    return None
