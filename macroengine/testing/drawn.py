"""The result of drawing a case: a template, an event, and the right postback."""

from dataclasses import dataclass
from typing import Any

from macroengine.catalogue import DEFAULT_DIALECT
from macroengine.compiled_request import CompiledRequest
from macroengine.compiled_template import CompiledTemplate
from macroengine.event import Event
from macroengine.kinds import Postback
from macroengine.plan.segments import Missing
from macroengine.policy import Policy
from macroengine.request import PreparedRequest


@dataclass(frozen=True, slots=True, repr=False)
class Drawn:
    """A template, an event, and the URL to send; None if nothing may be sent."""

    template: CompiledTemplate
    """The template, compiled with the drawn options."""
    event: Event
    """The event."""
    url: str | None
    """The right URL; None if nothing may be sent."""

    @property
    def source(self) -> str:
        """The text of the template."""
        return self.template.source

    @property
    def options(self) -> dict[str, Any]:
        """The non-default options of `render`: `render(drawn.source, drawn.event, **drawn.options)`."""
        return _options(self.template)

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        # Shown by Hypothesis for a failing case.
        printer.text(repr(self))

    def __repr__(self) -> str:
        return _shown("Drawn", self.source, self.event, self.url, self.options)


@dataclass(frozen=True, slots=True, repr=False)
class DrawnPost:
    """A request with a body, an event, and the request to send; None if nothing may be sent."""

    template: CompiledRequest
    event: Event
    request: PreparedRequest | None

    @property
    def source(self) -> str:
        """The text of the body."""
        return self.template.request.body or ""

    @property
    def body(self) -> str | None:
        """The text of the body to send."""
        return None if self.request is None else self.request.body.decode()

    @property
    def options(self) -> dict[str, Any]:
        """The options of `compile_request` that differ from the default."""
        return _options(self.template.url)

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        printer.text(repr(self))

    def __repr__(self) -> str:
        return _shown("DrawnPost", self.source, self.event, self.body, self.options)


def _options(template: CompiledTemplate) -> dict[str, Any]:
    given = template.options
    options = {
        "dialect": template.dialect.name,
        "policy": template.policy,
        "missing": given.missing,
        "booleans": given.booleans,
    }
    return {name: value for name, value in options.items() if value != _DEFAULTS[name]}


_DEFAULTS = {"dialect": DEFAULT_DIALECT, "policy": Policy(), "missing": Missing.EMPTY, "booleans": "true/false"}


def _shown(kind: str, source: str, event: Event, sent: str | None, options: dict[str, Any]) -> str:
    # Omit empty and default values.
    parts = [f"{name}={getattr(event, name)!r}" for name in ("link", "sdk", "platform") if getattr(event, name)]
    if event.postback is not Postback.INSTALL:
        parts.append(f"postback={event.postback.value!r}")
    parts += ["attributed=False"] * (not event.attributed)
    given = [f"{name}={value!r}" for name, value in options.items()]
    shown = ", ".join([repr(source), f"Event({', '.join(parts)})", repr(sent), *given])
    return f"{kind}({shown})"
