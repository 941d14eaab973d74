"""Test a receiver of postbacks: does it read the parameters correctly?"""

from collections.abc import Callable, Iterator, Mapping
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from macroengine.arguments import check_type, choice
from macroengine.catalogue import DEFAULT_DIALECT, Dialect
from macroengine.compiled_request import CompiledRequest
from macroengine.compiled_template import CompiledTemplate
from macroengine.errors import RenderError
from macroengine.event import Event
from macroengine.policy import Policy
from macroengine.request import PreparedRequest, Request
from macroengine.testing import reading
from macroengine.testing.applications import Application, Caller, calling
from macroengine.testing.mistakes import is_right, mistake
from macroengine.testing.parameters import (
    Names,
    Place,
    Repeated,
    Sent,
    parameter_names,
    sent_parameters,
    with_extra,
)

_EXTRAS = st.sampled_from([*[""] * 12, "earlier", "other case", *[""] * 6])


def check_receiver(
    application: Application,
    understood: Callable[[], Mapping[str, object]],
    template: str | Request | CompiledTemplate | CompiledRequest,
    *,
    dialect: str | Dialect = DEFAULT_DIALECT,
    policy: Policy | None = None,
    repeated: Repeated = "last",
    examples: int = 500,
) -> None:
    """Send postbacks of a template to an ASGI or WSGI application, and assert that it reads their parameters correctly.

    The requests are made in this process: GET for a URL, or as a `Request` says for a form or JSON. After each request,
    `understood` must return what the application has read: values by the names of parameters or JSON members, without
    those that it considers missing. `repeated` says which value counts if a parameter is sent twice.

    Raises:
        AssertionError: a parameter is misread. The message says which, and how, for the shortest postback that could be
            found.
        InvalidArgument: the template has errors, or no parameter with a macro.
    """
    check_type("understood", Callable, "a function", understood)  # type: ignore[arg-type] # mypy: a special form
    choice("repeated", get_args(Repeated), repeated)
    read = reading.reading_of(template, dialect, policy)
    sendable = read.template
    names = _checked_names(sendable)

    @settings(max_examples=examples, database=None, derandomize=True, deadline=None)
    @given(event=reading.events(read), extra=_EXTRAS)
    def every_postback_is_understood(send: Caller, event: Event, extra: str) -> None:
        try:
            request = with_extra(_prepared(sendable, event), names, extra, repeated)
        except RenderError:
            return
        status = send(request)
        if status >= 400:
            faults = [f"  the response has the status {status}"]
        else:
            faults = list(_faults(sent_parameters(request, names, sendable, repeated), understood()))
        if faults:
            raise AssertionError("\n".join(["the receiver misreads a postback", *faults, *_shown(request)]))

    with calling(application) as send:
        every_postback_is_understood(send)


def _checked_names(template: CompiledTemplate | CompiledRequest) -> Names:
    if isinstance(template, CompiledRequest) and template.request.signature is not None:
        raise InvalidArgument("a signed request needs a key; leave out its signature")
    names = parameter_names(template)
    if not names:
        raise InvalidArgument(f"the template has no parameter with a macro: {template.source}")
    in_body = {name for place, own in names.items() if place is not Place.QUERY for name in own}
    twice = in_body.intersection(names.get(Place.QUERY, ()))
    if twice:
        raise InvalidArgument(f"parameter {min(twice)!r} is in the URL and in the body; rename one of them")
    return names


def _prepared(template: CompiledTemplate | CompiledRequest, event: Event) -> PreparedRequest:
    if isinstance(template, CompiledRequest):
        return template.render(event)
    return PreparedRequest("GET", template.render(event))


def _faults(parameters: list[Sent], understood: Mapping[str, object]) -> Iterator[str]:
    """Yield a line for each misread parameter."""
    for sent in parameters:
        found = understood.get(sent.name)
        if not is_right(found, sent.value):
            kind = "member" if sent.place is Place.JSON else "parameter"
            yield f"  {kind} {sent.name!r} {mistake(found, sent)}: {found!r}, not {sent.value!r}"


def _shown(request: PreparedRequest) -> Iterator[str]:
    yield f"sent: {request.url}" if request.method == "GET" else f"sent: {request.method} {request.url}"
    if request.body:
        yield f"body: {request.body.decode()}"
