"""A Hypothesis strategy for events with values for a given template or request."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from macroengine import sampling
from macroengine.arguments import check_type
from macroengine.catalogue import Dialect
from macroengine.compiled_request import CompiledRequest, compile_request
from macroengine.compiled_template import CompiledTemplate
from macroengine.engine import compile_template
from macroengine.errors import MacroEngineError
from macroengine.event import Event
from macroengine.policy import Policy
from macroengine.request import Request
from macroengine.testing.filling import consent_values, draw_contents, event_of, presences

_HOW = st.sampled_from(presences(missing=None, misplaced=None))
_ATTRIBUTED = st.sampled_from([*[True] * 50, *[False] * 15, *[True] * 35])
_SELDOM = st.sampled_from([*[True] * 50, *[False] * 2, *[True] * 48])
_REFUSED = st.sampled_from([*[False] * 5, *[True] * 4, *[False] * 5])


@dataclass(frozen=True, eq=False)
class Reading:
    """A template, and the rows of the catalogue that it reads."""

    template: CompiledTemplate | CompiledRequest
    reads: tuple[sampling.Reading, ...]

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        # Shown by Hypothesis as the argument of the strategy.
        printer.text(repr(self.template.source))


def reading_of(
    template: str | Request | CompiledTemplate | CompiledRequest, dialect: str | Dialect, policy: Policy | None
) -> Reading:
    """Return what a template or request reads.

    Raises:
        InvalidArgument: it has errors, or none of its macros are filled.
    """
    kinds = str | Request | CompiledTemplate | CompiledRequest
    check_type("template", kinds, "a string, a Request or a compiled one of them", template)
    check_type("policy", Policy | None, "a Policy", policy)
    if isinstance(template, str | Request):
        compiled = _compiled(template, dialect, policy or Policy())
    elif policy is not None:
        raise InvalidArgument("a compiled template has its own policy; omit the policy")
    else:
        compiled = template
    reads = sampling.readings(compiled)
    if not reads:
        raise InvalidArgument(f"the template has no macro that can be filled: {compiled.source}")
    return Reading(compiled, reads)


def _compiled(template: str | Request, dialect: str | Dialect, policy: Policy) -> CompiledTemplate | CompiledRequest:
    try:
        if isinstance(template, str):
            return compile_template(template, dialect=dialect, policy=policy)
        return compile_request(template, dialect=dialect, policy=policy)
    except MacroEngineError as error:
        raise InvalidArgument(f"the template cannot be filled: {error}") from None


@st.composite
def events(draw: st.DrawFn, reading: Reading) -> Event:
    """Draw an event for a template."""
    template = reading.template
    policy, dialect = template.policy, template.dialect
    contents = []
    for read in reading.reads:
        contents += draw_contents(draw, read.spec, dialect.syntax, draw(_HOW), raw=read.raw)
    if policy.consent:
        contents.append(draw(consent_values(dialect, refused=draw(_REFUSED))))
    attributed = draw(_ATTRIBUTED if policy.send_all else _SELDOM)
    return event_of(contents, policy.postback, attributed=attributed)
