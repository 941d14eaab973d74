"""Check a request: its URL, method, headers and body."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from macroengine.arguments import check_type
from macroengine.catalogue import DEFAULT_DIALECT, Dialect
from macroengine.diagnostics import Diagnostic, Fix, Span, printable
from macroengine.language.json_nodes import Container, JsonText, parts_of
from macroengine.language.nodes import Literal
from macroengine.plan.bodies import resolve_body, resolve_header
from macroengine.plan.resolve import Resolution
from macroengine.policy import Policy
from macroengine.request import Request
from macroengine.request_facts import request_facts
from macroengine.request_template import Body, BodyKind, RequestTemplate, parse_request
from macroengine.rules import check, found_in_text, place
from macroengine.rules.json_body import json_findings
from macroengine.rules.json_strings import findings_in_strings
from macroengine.rules.registry import RULES, prefixes
from macroengine.rules.request_codes import ignored_rules, request_codes
from macroengine.rules.request_faults import (
    MALFORMED_HEADER,
    MALFORMED_HEADER_NAME,
    MALFORMED_METHOD,
    MISSING_CONTENT_TYPE,
    REPEATED_HEADER,
    RESERVED_HEADER,
    UNEXPECTED_BODY,
    UNKNOWN_CONTENT_TYPE,
)
from macroengine.rules.structure import http_scheme
from macroengine.template import Template

Found = Iterator[tuple[str, Diagnostic]]
"""Pairs of a part and a finding in it. Parts: `url`, `method`, `headers.NAME`, `content_type`, `body`."""

# Rules about macros, which apply wherever a macro may be.
_ABOUT_MACROS = (
    "ME005",
    "ME011",
    "ME040",
    "ME041",
    "ME044",
    "ME046",
    "ME10",
    "ME228",
    "ME301",
    "ME302",
    "ME303",
    "ME304",
)
_ABOUT_CONSENT = ("ME306", "ME307", "ME308")
# Rules about text that is almost a macro. Not for texts that use the delimiters of macros for something else.
_ABOUT_SIGNS = ("ME006", "ME007", "ME009", "ME012", "ME042", "ME043")
_ABOUT_PARAMETERS = ("ME002", "ME003", "ME010", "ME211", "ME212", "ME216", "ME218", "ME220", "ME221")
# Rules whose messages show nothing of a header except a macro name, which is in the catalogue or similar to one in it.
_IN_HEADERS = ("ME006", "ME007", "ME040", "ME042", "ME046", "ME10", "ME30")
# RFC 9110 section 5.6.2
_is_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_not_in_header = re.compile(r"[^ -~]|\A | \Z").search


def check_request(
    request: Request | RequestTemplate,
    *,
    dialect: str | Dialect | None = None,
    policy: Policy | None = None,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] = (),
) -> list[Diagnostic]:
    """Return the problems of a request, those of the URL first; an empty list for a valid one.

    The source of each finding is the text of its part. In a header, everything except macros is replaced by stars.

    >>> request = Request("POST", "https://n.example/pb", {}, '{"id": "(clickid)",}', "application/json")
    >>> print(check_request(request)[0])
    error[ME602]: comma after the last element; remove it
      {"id": "(clickid)",}
                        ^

    Raises:
        LimitError: a part of the request is too large to check.
        ValueError: a code is unknown.
    """
    check_type("request", Request | RequestTemplate, "a Request", request)
    check_type("policy", Policy | None, "a Policy", policy)
    if isinstance(request, Request):
        request = parse_request(request, DEFAULT_DIALECT if dialect is None else dialect)
    elif dialect is not None:
        request = parse_request(request.request, dialect)
    ignored = prefixes("ignore", ignore)
    wanted = request_codes(select, ignored)
    found = findings(request, policy or Policy(), wanted, ignored_rules(ignored))
    return [diagnostic for _, diagnostic in found]


def findings(request: RequestTemplate, policy: Policy, wanted: Collection[str], ignored: Collection[str] = ()) -> Found:
    """Yield what the wanted rules find, each with the name of its part. An `ignored` rule silences no other rule."""
    url = [code for code in wanted if code in RULES]
    yield from (("url", found) for found in check(request.url, policy=policy, select=url, ignore=ignored))
    yield from findings_beside_url(request, policy, wanted)


def findings_beside_url(request: RequestTemplate, policy: Policy, wanted: Collection[str]) -> Found:
    """Yield what the given rules find in all parts except the URL."""
    chosen = frozenset(wanted)
    for part, found in (
        *_of_request(request.request),
        *_of_headers(request, policy, wanted),
        *_of_body(request, policy, wanted),
    ):
        if found.code in chosen:
            # A body may have thousands of findings, and replacing one takes longer than finding it.
            is_printable = found.message.isprintable()
            yield part, found if is_printable else replace(found, message=printable(found.message))


def _of_request(request: Request) -> Found:
    method, source = request.method, request.method
    words = request_facts()["methods"]
    if method not in words["known"]:
        span = Span(0, len(method))
        if method.upper() in words["known"]:
            fix = Fix(method.upper(), span, safe=True)
            message = f"method {method!r} is case-sensitive; write {method.upper()}"
            yield "method", MALFORMED_METHOD.on(source, span, message, fix=fix)
        elif not _is_token(method) or method.upper() in words["refused"]:
            yield "method", MALFORMED_METHOD.on(source, span, f"method {method[:20]!r} is not used for postbacks")
    if request.body and method in words["no_body"]:
        span = Span(0, len(request.body))
        message = f"servers rarely read the body of a {method} request; send it with POST, or as parameters"
        yield "body", UNEXPECTED_BODY.on(request.body, span, message)


def _of_headers(request: RequestTemplate, policy: Policy, wanted: Collection[str]) -> Found:
    seen: set[str] = set()
    given = [*request.request.headers]
    if request.request.signature is not None:
        given.append(request.request.signature.header)
    for name in given:
        part, span = f"headers.{name}", Span(0, len(name))
        if not _is_token(name):
            message = f"header name {name[:40]!r} may have only letters, digits and -_.!#$%&'*+^`|~"
            yield part, MALFORMED_HEADER_NAME.on(name, span, message)
        if name.lower() in seen:
            yield part, REPEATED_HEADER.on(name, span, f"header {name[:40]!r} is repeated; case is ignored")
        if name.lower() in request_facts()["reserved"]["names"]:
            message = f"header {name!r} is set from the request itself; remove it"
            yield part, RESERVED_HEADER.on(name, span, message)
        if name.lower() == "content-type":
            yield part, RESERVED_HEADER.on(name, span, "give the content type as content_type, not as a header")
        seen.add(name.lower())
    for name, value in request.headers:
        for found in _of_header(value, request, policy, wanted):
            yield f"headers.{name}", found


def _of_header(
    value: Template, request: RequestTemplate, policy: Policy, wanted: Collection[str]
) -> Iterator[Diagnostic]:
    """Yield the problems of a header's value, of which only the macros are shown."""
    shown = masked(value)
    bad = _not_in_header(value.source)
    if bad is not None:
        message = "headers allow only visible ASCII and inner spaces; encode the rest"
        yield MALFORMED_HEADER.on(shown, Span(*bad.span()), message)
    resolution = resolve_header(value, policy)
    chosen = [code for code in wanted if code.startswith(_IN_HEADERS) and code not in _ABOUT_CONSENT]
    for found in (*found_in_text(resolution, chosen), *_over_http(resolution, request, wanted)):
        yield replace(found, source=shown)


def masked(value: Template) -> str:
    """Return the value of a header with stars for everything except macros."""
    return "".join("*" * len(piece.text) if isinstance(piece, Literal) else piece.text for piece in value.fragment)


def _of_body(request: RequestTemplate, policy: Policy, wanted: Collection[str]) -> Found:
    body, given = request.body, request.request.content_type
    if body is None:
        if given is not None:
            message = "content type without a body; remove it, or give a body"
            yield "content_type", MISSING_CONTENT_TYPE.on(given, Span(0, len(given)), message)
        return
    source = body.template.source
    kinds = ", ".join(BodyKind)
    if given is None:
        message = f"body has no content type; give one of {kinds}"
        yield "body", MISSING_CONTENT_TYPE.on(source, Span(0, len(source)), message)
    elif body.kind is None:
        message = f"content type {given[:60]!r} is not supported; use one of {kinds}, in UTF-8"
        yield "content_type", UNKNOWN_CONTENT_TYPE.on(given, Span(0, len(given)), message)
    found = [] if body.json is None else [*json_findings(source, body.json)]
    resolution = resolve_body(body, policy)
    chosen = [code for code in wanted if code.startswith(_families(body))]
    what = "a form" if body.kind is BodyKind.FORM else "a text"
    found += [*found_in_text(resolution, chosen, what), *_over_http(resolution, request, wanted)]
    if body.json is not None:
        about_signs = [code for code in wanted if code in _ABOUT_SIGNS]
        in_strings = findings_in_strings(source, body.json, body.template.dialect, policy, about_signs)
        known = {(one.code, one.span) for one in found}
        found += [one for one in in_strings if (one.code, one.span) not in known]
    found.sort(key=place)
    containers = set() if body.json is None else _containers(body.json)
    # A JSON object may look like a macro of another platform.
    yield from (("body", one) for one in found if one.code != "ME011" or one.span not in containers)


def _containers(text: JsonText) -> set[Span]:
    return {part.span for part in parts_of(text.run) if isinstance(part, Container)}


def _families(body: Body) -> tuple[str, ...]:
    """Return the rules that apply to a body."""
    families: tuple[str, ...] = _ABOUT_MACROS + _ABOUT_CONSENT
    if body.kind is BodyKind.FORM:
        families += _ABOUT_PARAMETERS
    # In JSON, braces and brackets are not part of broken macros.
    if body.kind is not BodyKind.JSON or not set("{}[]") & set("".join(body.template.dialect.syntax.openers)):
        families += _ABOUT_SIGNS
    return families


def _over_http(resolution: Resolution, request: RequestTemplate, wanted: Collection[str]) -> Iterator[Diagnostic]:
    """Yield the personal values in a request to an unencrypted URL."""
    rule, code = RULES["ME305"], "ME305"
    if code not in wanted or http_scheme(request.url) is None:
        return
    for macro in resolution.macros:
        if macro.spec is not None and macro.spec.personal:
            message = f"{macro.node.text} is personal, and http: is not encrypted; use https:"
            yield Diagnostic(code, rule.name, rule.severity, message, macro.node.span, resolution.template.source)
