"""A request as text for people, without the secrets in its headers."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from macroengine.diagnostics import Diagnostic, Fix, Span
from macroengine.language.nodes import Macro
from macroengine.request import PreparedRequest, Request
from macroengine.request_template import RequestTemplate
from macroengine.rules.requests import masked

NOT_SHOWN = "[not shown]"


def signed_header(request: Request) -> dict[str, str]:
    """Return the signature's header with a description of its value; empty if there is no signature."""
    signature = request.signature
    return {} if signature is None else {signature.header: f"[{signature.algorithm} of the {signature.over}]"}


def template_text(parsed: RequestTemplate) -> tuple[str, dict[str, int]]:
    """Return a request with macros as text, and where each part begins. The key `NAME:` is for a header's name."""
    request = parsed.request
    starts = {"method": 0, "url": len(request.method) + 1}
    text = f"{request.method} {request.url}"
    others = {} if request.content_type is None else {"Content-Type": request.content_type}
    headers = [(name, masked(value)) for name, value in parsed.headers]
    for name, value in (*headers, *others.items(), *signed_header(request).items()):
        part = "content_type" if name in others else f"headers.{name}"
        starts[f"{part}:"], starts[part] = len(text) + 1, len(text) + len(name) + 3
        text += f"\n{name}: {value}"
    starts["body"] = len(text) + 2
    return text + (f"\n\n{request.body}" if request.body is not None else ""), starts


def in_text(found: Iterable[tuple[str, Diagnostic]], parsed: RequestTemplate) -> list[Diagnostic]:
    """Return findings in the parts as findings in the text of the whole request."""
    text, starts = template_text(parsed)
    moved = []
    for part, one in found:
        is_name = part == f"headers.{one.source}"
        by = starts.get(f"{part}:" if is_name else part, 0)
        fix = one.fix and Fix(one.fix.replacement, _moved(one.fix.span, by), one.fix.safe)
        message = f"{part}: {one.message}"
        moved.append(replace(one, source=text, span=_moved(one.span, by), fix=fix, message=message))
    return moved


def _moved(span: Span, by: int) -> Span:
    return Span(span.start + by, span.stop + by)


def prepared_text(request: PreparedRequest, shown: Mapping[str, str] | None = None) -> str:
    """Return a rendered request as text. If `shown` is given, its headers replace those of the request."""
    headers = request.headers if shown is None else shown
    lines = [f"{request.method} {request.url}", *(f"{name}: {value}" for name, value in headers.items())]
    body = request.body.decode()
    return "\n".join([*lines, *(["", body] if body else [])])


def public_headers(request: PreparedRequest, parsed: RequestTemplate) -> dict[str, str]:
    """Return the headers of a rendered request, without those that contain literal text, which may be secret."""
    secret = {
        name.lower() for name, value in parsed.headers if not all(isinstance(one, Macro) for one in value.fragment)
    }
    return {name: NOT_SHOWN if name.lower() in secret else value for name, value in request.headers.items()}
