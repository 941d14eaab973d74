"""Compile a request with macros into a function that returns requests ready to send."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Unpack

from macroengine.arguments import check_type, names_in
from macroengine.catalogue import DEFAULT_DIALECT, Dialect
from macroengine.compiled_template import CompiledTemplate
from macroengine.diagnostics import Diagnostic, Severity
from macroengine.engine import CompileOptions, compile_template
from macroengine.errors import LimitError, PolicyError, RenderError, TemplateError
from macroengine.event import Event
from macroengine.limits import Limits
from macroengine.plan.bodies import resolve_body, resolve_header
from macroengine.plan.options import Options
from macroengine.plan.planner import plan
from macroengine.plan.resolve import Resolution
from macroengine.plan.segments import Query, RenderPlan, values_of
from macroengine.policy import Policy
from macroengine.rendering.compiler import Render, compile_plan
from macroengine.request import Headers, PreparedRequest, Request
from macroengine.request_template import BodyKind, RequestTemplate, parse_request
from macroengine.rules.registry import RULES, enforced
from macroengine.rules.request_codes import ignored_rules, request_codes
from macroengine.rules.request_faults import REQUEST_FAULTS
from macroengine.rules.requests import findings, findings_beside_url

_CONTENT_TYPE = "Content-Type"
# Compiled instead of a URL that has errors, to validate the options.
_ANY_URL = "https://n.example/"


@dataclass(frozen=True, slots=True)
class _Part:
    """The render function of one part of a request, and its plan."""

    plan: RenderPlan = field(repr=False)
    render: Render
    drops: bool
    """Whether the whole part may be omitted."""

    @classmethod
    def of(cls, planned: RenderPlan) -> "_Part":
        drops = any(isinstance(segment, Query) for segments in planned.renderings for segment in segments)
        return cls(planned, compile_plan(planned), drops)


@dataclass(frozen=True, init=False)
class CompiledRequest:
    """A request ready to render. Equal requests compare equal and pickle, and threads may share them.

    Only `compile_request` creates them.
    """

    request: Request
    url: CompiledTemplate = field(repr=False)
    _parsed: RequestTemplate = field(repr=False, compare=False)
    _headers: tuple[tuple[str, _Part], ...] = field(repr=False, compare=False)
    _body: _Part | None = field(repr=False, compare=False)

    def __init__(self, *_: object, **__: object) -> None:
        raise TypeError("a CompiledRequest is made by compile_request; call it with what is to be different")

    def render(self, event: Event, *, key: bytes | None = None) -> PreparedRequest:
        r"""Return the request for one event. `key` signs it if the request has a signature; the key is not stored.

        >>> body = '{"click": "(clickid)", "price": (event_revenue)}'
        >>> template = Request("POST", "https://n.example/pb", {}, body, "application/json")
        >>> request = compile_request(template, policy=Policy("in-app"))
        >>> event = Event(link={"click_id": 'a"b'}, sdk={"event_revenue": "9.90"}, postback="in-app")
        >>> request.render(event).body
        b'{"click": "a\\"b", "price": 9.90}'

        Raises:
            RenderError: a value cannot be sent in its place, or a part is too long.
            MissingValueError: a value with Missing.RAISE is missing.
            SuppressedError: the request is not sent for this event; check `admits` first.
            ValueError: the request needs a key to sign it and none is given, or a key is given and it has no signature.
        """
        self._check_key(key)
        url = self.url.render(event)
        body = b"" if self._body is None else self._encoded(self._body.render(event))
        headers = dict(self._rendered_headers(event))
        if self.request.content_type is not None:
            headers[_CONTENT_TYPE] = self.request.content_type
        signature = self.request.signature
        if signature is not None and key is not None:
            headers[signature.header] = signature.value(key, url, body)
        return PreparedRequest(self.request.method, url, Headers.of(headers), body)

    def _rendered_headers(self, event: Event) -> Iterator[tuple[str, str]]:
        for name, part in self._headers:
            value = part.render(event)
            if value or not part.drops:
                # If the last macro is empty, the value ends in a space, which receivers strip.
                yield name, value.strip(" ")

    def _encoded(self, body: str) -> bytes:
        try:
            encoded = body.encode()
        except UnicodeEncodeError:
            encoded = None
        if encoded is None:  # raised outside the `except`: the UnicodeEncodeError would carry the values
            raise RenderError("cannot send a body with a lone surrogate")
        if len(encoded) > self._limits.body:
            raise RenderError(f"rendered body has more than {self._limits.body:,} bytes, the limit")
        return encoded

    def _check_key(self, key: object) -> None:
        if key is not None and not isinstance(key, bytes):
            # Don't show what was given: it may be the key as a string.
            raise TypeError(f"key must be bytes, not {type(key).__name__}")
        if self.request.signature is None and key is not None:
            raise ValueError("key given, but the request has no signature")
        if self.request.signature is not None and not key:
            raise ValueError("request is to be signed; give render(event, key=...)")

    def admits(self, event: Event) -> bool:
        """Say whether the request is sent for `event`."""
        return self.url.admits(event)

    @property
    def source(self) -> str:
        """The template of the URL."""
        return self.request.url

    @property
    def dialect(self) -> Dialect:
        """The dialect of its macros."""
        return self.url.dialect

    @property
    def policy(self) -> Policy:
        """Which event the request is for, and what its receiver may be told."""
        return self.url.policy

    @property
    def _limits(self) -> Limits:
        return self.url.options.limits

    @property
    def macros(self) -> tuple[str, ...]:
        """The names of the macros in all parts, as the request spells them, in order and without repeats."""
        parsed, policy = self._parsed, self.policy
        beside = [resolve_header(value, policy) for _, value in parsed.headers]
        beside += [] if parsed.body is None else [resolve_body(parsed.body, policy)]
        names = (macro.node.name for resolution in beside for macro in resolution.macros)
        return tuple(dict.fromkeys([*self.url.macros, *names]))

    @property
    def fields(self) -> tuple[str, ...]:
        """The event fields that are read, in order and without repeats; consent fields come last."""
        plans = self.plans
        values = [value for one in plans for value in values_of(one.attributed)]
        sent = [field for value in values for field in (*(read.field for read in value.reads), *value.other_fields)]
        heard = [signal.field for one in plans if one.unshared is not None for signal in one.unshared.signals]
        return tuple(dict.fromkeys([*sent, *heard]))

    @property
    def needs_consent(self) -> tuple[str, ...]:
        """The macros that stay empty when the user does not share identifiers, as the request spells them."""
        return tuple(
            dict.fromkeys(name for one in self.plans if one.unshared is not None for name in one.unshared.macros)
        )

    @property
    def plans(self) -> tuple[RenderPlan, ...]:
        """The render plans of the URL, each header, and the body."""
        parts = [*(part for _, part in self._headers), *([] if self._body is None else [self._body])]
        return (self.url.plan, *(part.plan for part in parts))

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Warnings and notes about the request."""
        ignored = self.url.ignore
        found = findings(self._parsed, self.policy, request_codes(None, ignored), ignored_rules(ignored))
        return tuple(diagnostic for _, diagnostic in found)

    def __reduce__(self) -> tuple[object, ...]:
        # Compiled functions cannot be pickled; pickle what they are compiled from.
        return _compiled, (self.request, self.url)


def compile_request(request: Request, **options: Unpack[CompileOptions]) -> CompiledRequest:
    """Return a request ready to render. The options are those of `compile_template` and apply to all parts.

    In a JSON body, a macro in quotes is escaped as part of the string; a macro that is a whole value is written as JSON
    of its type. With Missing.DROP, a header whose value is missing is omitted, as are parameters and JSON members.

    Raises:
        TemplateError: the request has errors; the exception lists all of them. PolicyError if only the policy forbids
            it, LimitError if a part is too large.
        UnsupportedError: a macro has an argument, and no event can have a value for that.
        ValueError: an option has an invalid value, or names a macro that the request does not have.
        TypeError: an argument is of the wrong type.
    """
    check_type("request", Request, "a Request", request)
    limits = options.get("limits")
    parsed = parse_request(request, options.get("dialect", DEFAULT_DIALECT), limits=limits)
    ignored = options.get("ignore", ())
    if not isinstance(ignored, str):
        options["ignore"] = names_in("ignore", ignored, "code")  # which may be an iterator, and is read twice
    url, found = _url(request.url, options)
    found += _errors_beside_url(parsed, url)
    if found:
        only_policy = all(one.code in RULES and RULES[one.code].about_policy for one in found)
        raise (PolicyError if only_policy else TemplateError)(request.url, found)
    return _compiled(request, url)


def _url(source: str, options: CompileOptions) -> tuple[CompiledTemplate, list[Diagnostic]]:
    """Return the compiled URL and its errors. A URL with errors is replaced by a placeholder."""
    ignored = options.get("ignore", ())
    request_codes(None, ignored)  # raises ValueError for anything that is not a code
    given = (ignored,) if isinstance(ignored, str) else tuple(ignored)
    others = [code for code in given if not any(own.startswith(code) for own in REQUEST_FAULTS) or len(code) < 3]
    about_url: CompileOptions = {**options, "ignore": others}
    try:
        return compile_template(source, **about_url), []
    except LimitError:
        raise
    except TemplateError as error:
        return compile_template(_ANY_URL, **about_url), [*error.diagnostics]


def _errors_beside_url(parsed: RequestTemplate, url: CompiledTemplate) -> list[Diagnostic]:
    """Return the errors in the headers, the body and the request as a whole."""
    about_macros = enforced(url.ignore, (("unknown", url.options.unknown),))
    about_requests = [fault.code for fault in REQUEST_FAULTS.values() if fault.severity is Severity.ERROR]
    found = findings_beside_url(parsed, url.policy, {*about_macros, *about_requests})
    return [diagnostic for _, diagnostic in found]


def _compiled(request: Request, url: CompiledTemplate) -> CompiledRequest:
    """Return a request ready to render; it must have no errors."""
    return _compiled_in_order(request, url, tuple(request.headers))


@lru_cache(maxsize=1024)
def _compiled_in_order(request: Request, url: CompiledTemplate, _: tuple[str, ...]) -> CompiledRequest:
    # Requests whose headers are in another order are equal, but send them in that order.
    options = url.options
    parsed = parse_request(request, url.dialect, limits=options.limits)
    headers = tuple(
        (name, _part(resolve_header(value, url.policy), options, "header", options.limits.header))
        for name, value in parsed.headers
    )
    body = None
    if parsed.body is not None:
        is_form = parsed.body.kind is BodyKind.FORM
        resolution = resolve_body(parsed.body, url.policy)
        body = _part(resolution, replace(options, is_form=is_form), "body", options.limits.body)
    made = object.__new__(CompiledRequest)
    vars(made).update(request=request, url=url, _parsed=parsed, _headers=headers, _body=body)
    return made


def _part(resolution: Resolution, options: Options, kind: str, most: int) -> _Part:
    return _Part.of(plan(resolution, replace(options, kind=kind, limits=replace(options.limits, url=most))))
