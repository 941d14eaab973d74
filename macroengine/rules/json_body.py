"""What is wrong with a JSON body as JSON."""

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
)

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_is_word = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null").fullmatch
# What other languages write for the constants of JSON.
_CONSTANTS = {"true": "true", "false": "false", "null": "null", "none": "null", "nil": "null", "undefined": "null"}
# RFC 8259 section 7
_BAD_CHARACTER = re.compile(r'(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*')
_is_identifier = re.compile(r"[A-Za-z_][\w-]*", re.ASCII).fullmatch


def json_findings(source: str, text: JsonText) -> Iterator[Diagnostic]:
    """Yield what is wrong with a JSON text."""
    if source.startswith("\ufeff"):
        span = Span(0, 1)
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
    yield from _of_run(source, text.run)
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


def _of_run(source: str, run: Run) -> Iterator[Diagnostic]:
    """Yield what is to be said of several parts where one is due."""
    for before, part in pairwise(run):
        if isinstance(part, Macro) or isinstance(before, Macro):
            macro = part if isinstance(part, Macro) else before
            text = source[macro.span.start : macro.span.stop]
            message = f"{text} is next to another value; put both in one string, or add a comma between them"
            yield LOOSE_MACRO.on(source, macro.span, message)
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
    seen: dict[str, Element] = {}
    for element, span in zip(container.elements, container.element_spans, strict=True):
        yield from _of_run(source, element.value)
        yield from _of_run(source, element.name)
        for part in element.name:
            if isinstance(part, Container | Word):
                yield _bad_name(source, part)
        name = _plain_name(source, element)
        if name is not None and name in seen:
            fix = Fix("", Span(span.start - 1, span.stop), safe=False)
            where = element.name[0].span
            yield REPEATED_MEMBER.on(source, where, f"duplicate member {name!r}", "give it another name", fix)
        if name is not None:
            seen[name] = element


def _bad_name(source: str, part: Container | Word) -> Diagnostic:
    text = source[part.span.start : part.span.stop]
    fix = Fix(f'"{text}"', part.span, safe=True) if _is_identifier(text) else None
    return MALFORMED_JSON.on(source, part.span, "member names need double quotes", fix=fix)


def _plain_name(source: str, element: Element) -> str | None:
    """Return the name of a member, unescaped; None where it depends on the event, or is none."""
    if len(element.name) != 1 or not isinstance(element.name[0], String):
        return None
    string = element.name[0]
    if any(isinstance(piece, Macro) for piece in string.pieces):
        return source[string.span.start : string.span.stop]
    try:
        name = json.loads(source[string.span.start : string.span.stop])
    except ValueError:
        return None
    return str(name)
