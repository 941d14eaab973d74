"""Find text that is almost a macro in the strings of a JSON body. Each string ends like a value of a URL."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from macroengine.catalogue import Dialect
from macroengine.diagnostics import Diagnostic, Fix, Span
from macroengine.language.json_nodes import Container, JsonText, String, parts_of
from macroengine.language.nodes import Delimiter, Literal, Pair
from macroengine.limits import Limits
from macroengine.plan.resolve import resolve
from macroengine.policy import Policy
from macroengine.request_template import text_template
from macroengine.rules import found_in_text
from macroengine.template import Template

_BEGINNINGS = ("{", "[")
# The name of a member may look like a placeholder.
_ABOUT_VALUES = ("ME012",)
_CUT_OFF = "ME043"


def findings_in_strings(
    source: str, text: JsonText, dialect: Dialect, policy: Policy, wanted: Collection[str]
) -> Iterator[Diagnostic]:
    """Yield what the given rules find in each string of a JSON text."""
    signs = set("".join(dialect.syntax.delimiters))
    parts = [*parts_of(text.run)]
    names = {part for one in parts if isinstance(one, Container) for element in one.elements for part in element.name}
    about_names = [code for code in wanted if code not in _ABOUT_VALUES]
    for string in (part for part in parts if isinstance(part, String)):
        is_name = string in names
        if (not is_name and len(string.pieces) == 1) or _has_signs(string, signs):
            yield from _in_string(source, string, dialect, policy, about_names if is_name else wanted)


def _has_signs(string: String, signs: set[str]) -> bool:
    return any(isinstance(piece, Literal) and signs & set(piece.text) for piece in string.pieces)


def _in_string(
    source: str, string: String, dialect: Dialect, policy: Policy, wanted: Collection[str]
) -> Iterator[Diagnostic]:
    inside = source[string.span.start + 1 : string.span.stop - 1]
    beginning = inside.lstrip()[:1]
    # For JSON in a string, brackets are not part of broken macros.
    if beginning in _BEGINNINGS and '"' in inside and beginning in "".join(dialect.syntax.openers):
        return
    # The rules expect a value to follow a `=`; put it where the quote was.
    start, size = string.span.start, len(inside) + 1
    equals, *value = text_template(f"={inside}", dialect, Limits(template=size, macros=size)).fragment
    pieces = (Literal(equals.text[1:], 1), *value) if equals.text[1:] else tuple(value)
    pair = Pair(None, (), Delimiter("=", 0), pieces)
    resolution = resolve(Template(f"={inside}", dialect, query=(pair,)), dialect, policy)
    for found in found_in_text(resolution, wanted):
        # A text may end in a bracket; a template that does was cut off.
        if found.code == _CUT_OFF and found.source[found.span.start : found.span.stop] in dialect.syntax.openers:
            continue
        fix = found.fix and Fix(found.fix.replacement, _moved(found.fix.span, start), found.fix.safe)
        yield replace(found, source=source, span=_moved(found.span, start), fix=fix)


def _moved(span: Span, by: int) -> Span:
    return Span(span.start + by, span.stop + by)
