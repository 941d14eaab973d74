"""Parse a tracking URL into its parameters, and detect wrong separators."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote, urlsplit

from macroengine.diagnostics import Diagnostic, Fix, Span
from macroengine.intake import faults
from macroengine.intake.appmetrica.parameters import TRACKING, parameter, parameters
from macroengine.intake.tables import table
from macroengine.limits import Limits

# Line breaks from copying, with the indentation around them.
_line_break = re.compile(r"(?<![ \t])[ \t]*[\r\n\t][ \t\r\n]*")
# HTML writes & as &amp;, &#38; or &#x26;, and some tools remove the letters.
_separator = re.compile(r"&(?:(?:amp|#0*38|#x0*26)?;)*", re.IGNORECASE)
_fragment = re.compile(r"#(?!(?:(?<=&#)0*38|(?<=&#)x0*26);)", re.IGNORECASE)
_instead_of_question_mark = re.compile(rf"%3F|{_separator.pattern}", re.IGNORECASE)
# Characters of the surrounding text that stick to a name.
_STUCK = r"[\s?&;/\"'\u200b-\u200d\u2060\ufeff]"
_stuck = re.compile(rf"^{_STUCK}+|(?<!{_STUCK}){_STUCK}++$")
_MAX_LENGTH = Limits().template


@dataclass(frozen=True, slots=True)
class Argument:
    """A decoded name and value from the query. The value may be empty."""

    name: str
    value: str
    name_span: Span
    value_span: Span


@dataclass(frozen=True, slots=True)
class TrackingUrl:
    """A parsed tracking URL."""

    source: str
    kind: str
    """`click` or `impression`; empty if it is not a tracking URL."""
    tracking_id: str
    arguments: tuple[Argument, ...]
    diagnostics: tuple[Diagnostic, ...]

    def given(self) -> dict[str, Argument]:
        """Return the arguments of documented parameters by documented name; the first one if it is repeated."""
        found: dict[str, Argument] = {}
        for argument in self.arguments:
            row = parameter(argument.name)
            if row is not None:
                found.setdefault(row.name, argument)
        return found


def known_hosts() -> dict[str, str]:
    """Return the kind for each documented host."""
    return {host: kind for kind, hosts in table(TRACKING)["hosts"].items() for host in hosts}


def read_url(url: str, hosts: Mapping[str, str]) -> TrackingUrl:
    """Parse a URL. As in the documentation, the scheme may be missing, or a `GET` may precede it."""
    source = url.strip().removeprefix("\ufeff")  # some editors write it at the beginning of files
    if len(source) > _MAX_LENGTH:
        message = f"{len(source):,} characters; at most {_MAX_LENGTH:,} are read"
        return TrackingUrl(source, "", "", (), (faults.TOO_LARGE.on(source, Span(_MAX_LENGTH, len(source)), message),))
    fragment = _fragment.search(source)
    stop = fragment.start() if fragment else len(source)
    mark = _question_mark(source, stop)
    kind, tracking_id, found = _read_head(source, source[: mark.start], hosts)
    if kind:
        found += _check_separators(source, mark, stop)
    arguments = []
    for span in _pieces(source, mark.stop, stop):
        argument, faulty = _read_argument(source, span)
        arguments.append(argument)
        found += faulty
    for match in _line_break.finditer(source):
        span = Span(*match.span())
        fix = Fix("", span, safe=True)
        found.append(faults.RAW_LINE_BREAK.on(source, span, "a line break inside the URL", "take it out", fix))
    return TrackingUrl(source, kind, tracking_id, tuple(arguments), tuple(found))


def _question_mark(source: str, stop: int) -> Span:
    """Return the span of the `?` that begins the query, or of what was written instead."""
    found = re.compile(r"\?+").search(source, 0, stop) or _instead_of_question_mark.search(source, 0, stop)
    return Span(*found.span()) if found else Span(stop, stop)


def _check_separators(source: str, mark: Span, stop: int) -> Iterator[Diagnostic]:
    """Yield diagnostics for separators that the platform does not recognise."""
    written = source[mark.start : mark.stop]
    if written not in ("?", ""):
        message = "a query must begin with one '?'; the first parameter would not be read"
        fix = Fix("?", mark, safe=True)
        yield faults.LOST_PARAMETER.on(source, mark, message, "write one '?'", fix)
    escaped = [match for match in _separator.finditer(source, mark.stop, stop) if len(match[0]) > 1]
    if escaped:
        span = Span(escaped[0].start(), escaped[-1].end())
        fix = Fix(_separator.sub("&", source[span.start : span.stop]), span, safe=True)
        message = f"the link was damaged by HTML: {escaped[0][0]!r} stands for '&'"
        yield faults.HTML_ESCAPED.on(source, span, message, "write '&' between parameters", fix)


def _pieces(source: str, start: int, stop: int) -> Iterator[Span]:
    """Yield the spans of the pairs in the query, except empty ones."""
    for match in _separator.finditer(source, start, stop):
        if start < match.start():
            yield Span(start, match.start())
        start = match.end()
    if start < stop:
        yield Span(start, stop)


def _read_head(source: str, head: str, hosts: Mapping[str, str]) -> tuple[str, str, list[Diagnostic]]:
    """Return the kind and the tracking id of the URL, both empty if it is not a tracking URL, and the diagnostics."""
    written = _line_break.sub("", head).removeprefix("GET ").strip()
    before_id = table(TRACKING)["path"]["before_id"]
    try:
        parts = urlsplit(written if "://" in written else f"https://{written}")
        host, path = parts.hostname or "", parts.path
    except ValueError:  # unbalanced brackets
        host, path = "", ""
    tracking_id = path.removeprefix(before_id)
    span = Span(0, len(head))
    if path == tracking_id or not tracking_id or "/" in tracking_id:
        message = f"not a tracking URL; its path must be {before_id}ID"
        return "", "", [faults.NOT_TRACKING.on(source, span, message)]
    if host not in hosts:
        message = f"unknown host (known: {', '.join(hosts)})"
        return "", "", [faults.NOT_TRACKING.on(source, span, message)]
    if not tracking_id.isascii() or not tracking_id.isdecimal():
        span = Span(len(head) - len(tracking_id), len(head))
        return (
            hosts[host],
            tracking_id,
            [faults.TRACKING_ID.on(source, span, "the tracking id is not a decimal number")],
        )
    return hosts[host], tracking_id, []


def _read_argument(source: str, span: Span) -> tuple[Argument, list[Diagnostic]]:
    name, equals, _ = source[span.start : span.stop].partition("=")
    middle = span.start + len(name)
    spans = Span(span.start, middle), Span(middle + len(equals), span.stop)
    texts, found = [], []
    for part in spans:
        try:
            decoded = unquote(_line_break.sub("", source[part.start : part.stop]), errors="strict")
            decoded.encode()  # a lone surrogate raises the same error
        except UnicodeError:
            found.append(faults.BAD_ENCODING.on(source, part, "these bytes are not UTF-8", "percent-encode the UTF-8"))
            decoded = ""
        texts.append(decoded)
    cleaned = _stuck.sub("", texts[0])
    if cleaned != texts[0] and parameter(cleaned):
        message = f"{cleaned!r} has characters around it that are not part of its name; it would not be read"
        fix = Fix(cleaned, spans[0], safe=True)
        found.append(faults.LOST_PARAMETER.on(source, spans[0], message, f"write {cleaned!r}", fix))
        texts[0] = cleaned
    found += _lost_inside(source, spans[1])
    return Argument(texts[0], texts[1], *spans), found


def _lost_inside(source: str, value: Span) -> Iterator[Diagnostic]:
    """Yield diagnostics for documented parameters that became part of the previous value, unless it is a URL."""
    for match in _inner_parameter().finditer(source, value.start, value.stop):
        if "/" not in source[value.start : match.start()]:
            span = Span(*match.span())
            message = f"{match[0]!r} before a parameter makes it part of the value before; it would not be read"
            yield faults.LOST_PARAMETER.on(source, span, message, "write '&'", Fix("&", span, safe=False))


@cache
def _inner_parameter() -> re.Pattern[str]:
    return re.compile(rf"[?;](?=(?:{'|'.join(parameters())})=)")
