"""Preview what a partner receives from a request, rendered with the catalogue's examples."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from macroengine.catalogue import Dialect
from macroengine.compiled_request import CompiledRequest, compile_request
from macroengine.event import Event
from macroengine.plan.bodies import resolve_body, resolve_header
from macroengine.plan.resolve import Resolution, resolve
from macroengine.plan.segments import Missing, MissingWord
from macroengine.policy import Policy
from macroengine.request import PreparedRequest, Request
from macroengine.request_template import BodyKind, RequestTemplate, parse_request
from macroengine.workspace.preview import (
    Parameter,
    Preview,
    example_event,
    macros_by_name,
    parameters_of,
    refusing,
    rendered_or_none,
    with_values,
)
from macroengine.workspace.request_text import prepared_text, public_headers, signed_header, template_text


@dataclass(frozen=True, slots=True)
class RequestPreview:
    """What a partner would receive for one event. Instead of a signature, it says what will be signed."""

    request: Request
    dialect: Dialect
    policy: Policy
    attributed: PreparedRequest
    """For an event that is attributed to the network."""
    not_attributed: PreparedRequest | None
    """For any other event; None if no postback is sent for those, or it cannot be rendered."""
    without_consent: PreparedRequest | None
    """For an event whose user does not share identifiers; None if it is the same, or cannot be rendered."""
    without_values: PreparedRequest | None
    """For an event without any values; None if it cannot be rendered."""
    withheld: tuple[str, ...]
    needs_consent: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    """The parameters that the receiver reads in the URL of `attributed`, then in its body if that is a form."""


def preview_request(
    request: Request,
    *,
    dialect: Dialect,
    policy: Policy,
    event: Event | None = None,
    values: Mapping[str, object] | None = None,
    missing: Missing | MissingWord = Missing.EMPTY,
) -> RequestPreview:
    """Return what the partner would receive for an event, like `preview` for a template.

    Raises:
        TemplateError: the request has errors.
        RenderError: the event cannot be sent, although it is attributed and its user shares identifiers.
        ValueError: `values` has a name that the dialect does not have.
    """
    # Nothing is signed here, so no key is needed.
    unsigned = replace(request, signature=None)
    compile_request(request, dialect=dialect, policy=policy, missing=missing)
    compiled = compile_request(unsigned, dialect=dialect, policy=policy, missing=missing)
    parsed = parse_request(request, dialect)
    known = example_event(compiled) if event is None else event
    known = replace(with_values(known, {} if values is None else values, dialect), postback=policy.postback)

    rendered = partial(_rendered, compiled, request)
    attributed = rendered(replace(known, attributed=True))
    macros = [macro for resolution in _resolutions(parsed, policy) for macro in resolution.macros]
    withheld = [macro.node.text for macro in macros if macro.withheld] if policy.send_all else []
    return RequestPreview(
        request,
        dialect,
        policy,
        attributed,
        rendered_or_none(rendered, replace(known, attributed=False)) if policy.send_all else None,
        rendered_or_none(rendered, refusing(known, dialect)) if compiled.needs_consent else None,
        rendered_or_none(rendered, Event(postback=policy.postback)),
        tuple(dict.fromkeys(withheld)),
        tuple(dict.fromkeys(macro.node.text for macro in macros if macro.needs_consent)),
        tuple(_parameters(attributed, parsed)),
    )


def _rendered(compiled: CompiledRequest, request: Request, event: Event) -> PreparedRequest:
    sent = compiled.render(event)
    return replace(sent, headers={**sent.headers, **signed_header(request)})


def _resolutions(parsed: RequestTemplate, policy: Policy) -> Iterator[Resolution]:
    yield resolve(parsed.url, parsed.dialect, policy)
    yield from (resolve_header(value, policy) for _, value in parsed.headers)
    if parsed.body is not None:
        yield resolve_body(parsed.body, policy)


def _parameters(sent: PreparedRequest, parsed: RequestTemplate) -> Iterator[Parameter]:
    yield from parameters_of(sent.url, parsed.dialect, macros_by_name(parsed.url.query))
    if parsed.body is not None and parsed.body.kind is BodyKind.FORM:
        macros = macros_by_name(parsed.body.template.query)
        # In a form, a number sign is text, since there is no fragment.
        form = sent.body.decode().replace("#", "%23")
        yield from parameters_of(f"?{form}", parsed.dialect, macros, is_form=True)


def for_report(shown: RequestPreview) -> Preview:
    """Return a preview for reports, without headers that may contain secrets."""
    parsed = parse_request(shown.request, shown.dialect)

    def text(sent: PreparedRequest | None) -> str | None:
        return None if sent is None else prepared_text(sent, public_headers(sent, parsed))

    return Preview(
        template_text(parsed)[0],
        shown.dialect,
        shown.policy,
        text(shown.attributed) or "",
        text(shown.not_attributed),
        text(shown.without_consent),
        text(shown.without_values),
        shown.withheld,
        shown.needs_consent,
        (),
        shown.parameters,
        (),
    )
