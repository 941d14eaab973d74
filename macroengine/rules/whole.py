"""Decide what a text is as a whole: a template, a template with text around it, or something else."""

import re

from macroengine.caching import late_pattern
from macroengine.catalogue import Dialect
from macroengine.catalogue.hosts import Platform, platforms_with_links, tracking_platform
from macroengine.diagnostics import Span
from macroengine.rules.beginnings import BEGINNING, STARTS, STRIPPED, urls_in
from macroengine.rules.pasted import pasted
from macroengine.rules.whole_finding import SERVER, Whole, span_of

# The maximum number of layers that are removed from around a template.
_MAX_LAYERS = 20
_BARE_SERVER = late_pattern(r"((?:[\w-]+\.)+[a-z]{2,})(?::\d+)?(?=[/?])([^?#\s]*)", re.IGNORECASE)
# Matches nearly all templates. Only their server and their equals signs need a closer look.
_CALM = late_pattern(r"[A-Za-z][A-Za-z0-9+.-]*://[!#-;=?-Z\[\]_a-~]*")


def whole_text(source: str, dialect: Dialect) -> Whole | None:
    """Return the finding about a text as a whole, or None for a template.

    >>> from macroengine import dialect
    >>> whole_text("GET https://n.example/pb", dialect("appsflyer")).inner
    'https://n.example/pb'
    """
    first = layer = _layer(source, dialect)
    for _ in range(_MAX_LAYERS):
        if layer is None or layer.inner is None:
            return first
        layer = _layer(layer.inner, dialect)
    return first._replace(inner=None, offset=None) if first else None


def _layer(source: str, dialect: Dialect) -> Whole | None:
    """Return the finding about the outermost layer of a text."""
    core = source.strip(STRIPPED)
    found = _of_core(core, dialect)
    start = len(source) - len(source.lstrip(STRIPPED))
    if found is None or not start:
        return found
    span = Span(found.span.start + start, found.span.stop + start)
    return found._replace(span=span, offset=None if found.offset is None else found.offset + start)


def _of_core(core: str, dialect: Dialect) -> Whole | None:
    if not core:
        return None
    server = SERVER.match(core) or _BARE_SERVER.match(core)
    host = server[1] if server else ""
    platform = tracking_platform(host)
    if _CALM.fullmatch(core) and not platform and "=3" not in core and not pasted.rewriter_hosts.fullmatch(host):
        return None
    from macroengine.rules import layers, pairs  # noqa: PLC0415 - few templates need them

    return (
        layers.quoted_printable(core)
        or layers.rewritten(core)
        or _tracking_link(core, platform, dialect)
        or _document(core, is_linked=layers.linked(core) is not None)
        or layers.linked(core)
        or layers.command(core)
        or _several(core)
        or pairs.paired(core)
        or layers.before(core)
        or layers.after(core, dialect)
        or pairs.half_paired(core)
        or layers.lines_after(core)
        or _prose(core)
    )


def _tracking_link(core: str, platform: Platform | None, dialect: Dialect) -> Whole | None:
    # For other dialects, such as those of ad networks, a tracking link may be just what the macros are for.
    if platform is None or len(urls_in(core)) > 1 or dialect.title not in platforms_with_links():
        return None
    message = f"this is a tracking link of {platform.title}, not a postback; write the URL that {dialect.title} calls"
    return Whole("tracking_link", span_of(core), message, "its macros are for the ad network to replace")


def _document(core: str, *, is_linked: bool) -> Whole | None:
    others = pasted.others
    if others["json"].match(core):
        message = "this is a JSON document, not a template; check the URLs in it one by one"
        return Whole("json_document", span_of(core), message)
    if others["request"].match(core):
        message = "this is a whole HTTP request; check only its URL"
        return Whole("http_request", span_of(core), message)
    is_markup = others["markup"].match(core) or others["anchor"].search(core)
    if is_markup and not is_linked:
        message = "this is HTML or XML, not a template; check the URLs in it one by one"
        return Whole("html_document", span_of(core), message)
    return None


def _several(core: str) -> Whole | None:
    urls = urls_in(core)
    if len(urls) + (not STARTS.match(core) and bool(BEGINNING.match(core))) < 2:
        return None
    return Whole("several_templates", span_of(core), "several templates in one; check them one by one")


def _prose(core: str) -> Whole | None:
    if not pasted.others["prose"].match(core) or STARTS.search(core):
        return None
    return Whole("prose", span_of(core), "this is prose, not a template; write a URL")
