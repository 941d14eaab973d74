"""Parts of a template that rules of several families examine."""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from macroengine.caching import late_pattern
from macroengine.diagnostics import Span
from macroengine.language.nodes import Literal, Macro, Pair
from macroengine.plan.resolve import Resolved
from macroengine.rules.tables import web_schemes
from macroengine.template import Template

# What begins and ends the name of a parameter after a semicolon, or shows that there is none.
_AROUND_NAMES = late_pattern("[;=/:?]")
_NESTED_URL = late_pattern(r"[A-Za-z][A-Za-z0-9+.-]*://[^?]*\?")
# The digit may be encoded, too: %25%34 decodes to %4.
_HALF_AN_ESCAPE = late_pattern(r"%(?:25)*(?:[0-9A-Fa-f]|%(?:25)*(?:3[0-9]|[46][1-6]))?\Z")
# If an escape is encoded more often than this, only its end is shown.
_LONGEST_ESCAPE = 64


def http_scheme(template: Template) -> Span | None:
    """Return the span of the scheme if it is `http`, else None."""
    first = template.scheme[0] if len(template.scheme) == 1 else None
    return first.span if first is not None and first.text.lower() == "http" else None


def nested_urls(template: Template) -> Iterator[Literal]:
    """Yield the beginnings of values that are URLs with a query."""
    for pair in template.query:
        first = pair.value[0] if pair.value else None
        if isinstance(first, Literal) and _NESTED_URL.match(first.text):
            yield first


def split_escapes(macros: Iterable[Resolved], source: str) -> Iterator[tuple[Resolved, Span]]:
    """Yield the macros whose values complete a percent-escape, each with the span of the escape before the macro."""
    for macro in macros:
        if macro.place.glued:
            stop = macro.node.start
            half = _HALF_AN_ESCAPE.search(source, max(0, stop - _LONGEST_ESCAPE), stop)
            yield macro, Span(half.start() if half else stop - 1, stop)


def malformed_start(source: str) -> tuple[Span, str] | None:
    """Return what is wrong between the scheme and the server, and its replacement; None if nothing is.

    >>> malformed_start("https:/n.example"), malformed_start("https://n.example")
    ((Span(start=5, stop=7), '://'), None)
    """
    twice, separator = _starts()
    match = twice.match(source)
    if match:
        return Span(0, match.end()), ""
    match = separator.match(source)
    if match is None or match[1] == "://" or not source[match.end() :]:
        return None
    return Span(*match.span(1)), "://"


@cache
def _starts() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return patterns for a scheme before another scheme, and for the separator after a scheme, as its group."""
    web = "|".join(web_schemes())
    twice = re.compile(rf"(?:{web}):?[/\\]+(?=(?:{web})(?::[/\\]|//))", re.IGNORECASE)
    return twice, re.compile(rf"(?:{web})(:[/\\]*|[;.,]?[/\\]{{2,}})", re.IGNORECASE)


def origin_end(template: Template) -> int:
    """Return where the scheme and the server of a template end."""
    origin = template.authority or template.scheme
    return origin[-1].span.stop if origin else 0


def server_end(template: Template) -> int:
    """Return where the server of a template with slashes ends; 0 without slashes."""
    if template.slashes is None:
        return 0
    # In an app URL, only the app decides what follows the slashes.
    is_for_app = len(template.scheme) == 1 and template.scheme[0].text.lower() not in web_schemes()
    last = template.slashes if is_for_app or not template.authority else template.authority[-1]
    return last.span.stop


def lacks_equals(pair: Pair) -> bool:
    """Say whether a parameter is a name and a macro with nothing between them."""
    return (
        pair.equals is None
        and len(pair.name) == 2
        and isinstance(pair.name[0], Literal)
        and not isinstance(pair.name[1], Literal)
    )


def separated_by_ampersands(template: Template) -> bool:
    """Say whether `&` separates the parameters of a query, so that `;` separates none."""
    return any(pair.opening is not None and pair.opening.text == "&" for pair in template.query)


def named_after_semicolons(pair: Pair) -> Iterator[tuple[Span, Macro]]:
    """Yield the macros between a `;` and the next `=` in the value of a parameter, each with the span of the `;`."""
    semicolon: Span | None = None
    macros: list[Macro] = []
    for piece in pair.value:
        if isinstance(piece, Macro):
            macros.append(piece)
            continue
        for match in _AROUND_NAMES.finditer(piece.text):
            if semicolon is not None and match[0] == "=":
                yield from ((semicolon, macro) for macro in macros)
            semicolon = Span(piece.start + match.start(), piece.start + match.end()) if match[0] == ";" else None
            macros.clear()
