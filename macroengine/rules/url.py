"""Rules about the server and the fragment of a URL, and about percent-encoding."""

from collections.abc import Iterator

from macroengine.caching import late_pattern
from macroengine.diagnostics import Finding, Fix, Span, new_finding, overlapping
from macroengine.language.nodes import Literal
from macroengine.rules.checked import Checked
from macroengine.rules.structure import http_scheme
from macroengine.rules.tables import web_schemes
from macroengine.template import Template

# RFC 3986 section 3.1. A colon before digits is a port: localhost:3000/pb
_SCHEME = late_pattern(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d)")
_HOST = late_pattern(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+(?::\d+)?(?=[/?]|$)")
_BAD_ESCAPE = late_pattern(r"%(?![0-9A-Fa-f]{2})")


def missing_scheme(checked: Checked) -> Iterator[Finding]:
    """URL without a scheme.

    What it does:
        Finds templates that do not begin with `https://` or another scheme.

    Why it matters:
        It is unclear how to send the postback.

    Example:
        n.example/pb?id=(clickid)

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    template, source = checked.template, checked.source
    if not source or template.scheme or _is_piece(template) or _has_scheme(template) or checked.malformed_start:
        return
    start = Span(0, 1)
    if template.slashes is None and not _HOST.match(source):
        yield Finding(start, "URL has no scheme", "write the scheme and the server before it")
    else:
        scheme = "https://" if template.slashes is None else "https:"
        yield Finding(start, f"URL has no scheme; begin with {scheme}", None, Fix(scheme, Span(0, 0), safe=False))


def missing_server(checked: Checked) -> Iterator[Finding]:
    """Part of a template, without a server.

    What it does:
        Finds templates that are only the end of a query, or only a macro.

    Why it matters:
        A postback cannot be sent to it. As a piece of a longer template it is valid.

    Example:
        &event=(clickid)&ip=(ip)

    Use instead:
        https://n.example/pb?event=(clickid)&ip=(ip)
    """
    if checked.source and _is_piece(checked.template):
        yield Finding(Span(0, 1), "incomplete template: it does not name a server")


def plain_http(checked: Checked) -> Iterator[Finding]:
    """URL that is sent without encryption.

    What it does:
        Finds templates that begin with `http:`.

    Why it matters:
        Anyone on the network path can read and change the data.

    Example:
        http://n.example/pb?id=(clickid)

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    scheme = http_scheme(checked.template)
    if scheme is not None:
        yield Finding(scheme, "http: is not encrypted; write https:", None, Fix("https", scheme, safe=False))


def fragment(checked: Checked) -> Iterator[Finding]:
    """Fragment.

    What it does:
        Finds `#` and the text after it. Not in an app URL such as `intent://...#Intent;...`, where the app reads it.

    Why it matters:
        Clients do not send the fragment of a URL.

    Example:
        https://n.example/pb#id=(clickid)

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    hash_ = checked.template.hash
    if hash_ is not None and not _is_for_app(checked.template) and not checked.in_broken_text(hash_.span):
        yield Finding(Span(hash_.start, len(checked.source)), "a fragment is never sent", "write %23 for a literal #")


def bad_percent_escape(checked: Checked) -> Iterator[Finding]:
    """Percent sign that does not begin an escape.

    What it does:
        Finds `%` without two hexadecimal digits after it.

    Why it matters:
        Servers reject such a URL, or read it in different ways.

    Example:
        https://n.example/pb?id=(clickid)&share=100%

    Use instead:
        https://n.example/pb?id=(clickid)&share=100%25
    """
    # Every template is compiled through here, so look for other platforms' macros only if they could be the reason.
    if not _BAD_ESCAPE.search(checked.source):
        return
    halves = (span for _, span in checked.split_escapes)
    is_explained = overlapping([*(macro.span for macro in checked.foreign_macros), *checked.program_texts, *halves])
    for match in _BAD_ESCAPE.finditer(checked.source):
        span = Span(*match.span())
        if not is_explained(span) and not checked.in_macro(span):
            yield new_finding((span, "% does not start an escape; write %25", None, Fix("%25", span, safe=False)))


def unencoded_nested_url(checked: Checked) -> Iterator[Finding]:
    """Nested URL that is not encoded.

    What it does:
        Finds values that are a URL with its own query.

    Why it matters:
        The first `&` of the nested URL ends the value: the parameters after it belong to the outer URL.

    Example:
        https://n.example/pb?u=https://m.example/?a=1&id=(clickid)

    Use instead:
        https://n.example/pb?u=https%3A%2F%2Fm.example%2F%3Fa%3D1%26id%3D(clickid)
    """
    for value in checked.nested_urls:
        hint = "percent-encode everything except the macro delimiters"
        yield Finding(value.span, "URL inside the URL is not encoded, and ends at the first &", hint)


def _is_piece(template: Template) -> bool:
    """Say whether a template is only a part of one: the end of a query, or a macro."""
    if template.slashes is not None or template.scheme:
        return False
    only_macro = len(template.path) == 1 and not isinstance(template.path[0], Literal)
    return not template.path or (only_macro and not template.query)


def _is_for_app(template: Template) -> bool:
    """Say whether a template begins with a scheme that is not followed by a server."""
    first = (template.scheme or template.path)[:1]
    text = first[0].text if first and isinstance(first[0], Literal) else ""
    scheme = _SCHEME.match(f"{text}:" if template.scheme else text)
    return scheme is not None and scheme[0][:-1].lower() not in web_schemes()


def _has_scheme(template: Template) -> bool:
    """Say whether a template without `//` still begins with a scheme."""
    first = template.path[0] if template.path else None
    return isinstance(first, Literal) and _SCHEME.match(first.text) is not None
