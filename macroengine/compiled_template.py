"""A compiled template: what `compile_template` returns."""

import pickle
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from macroengine.arguments import check_type, text_of
from macroengine.catalogue import Dialect
from macroengine.diagnostics import Diagnostic
from macroengine.event import Event
from macroengine.plan.options import Options
from macroengine.plan.resolve import resolve
from macroengine.plan.segments import Missing, RenderPlan, values_of
from macroengine.policy import Policy
from macroengine.rendering.compiler import Render, compile_plan, plan_source
from macroengine.rules import codes, diagnose
from macroengine.template import parse

if TYPE_CHECKING:
    from macroengine.matching.result import Match


@dataclass(frozen=True, init=False, repr=False)
class CompiledTemplate:
    """A template ready to render. Equal templates compare equal, pickles are small, and threads may share them.

    Only `compile_template` creates them, so each has been checked against its policy.
    """

    source: str
    """The text of the template."""
    dialect: Dialect
    """The dialect of its macros."""
    policy: Policy
    """Which event the postback is for, and what its receiver may be told."""
    options: Options
    """The other options of `compile_template`."""
    ignore: frozenset[str]
    """The rules that were ignored when it was compiled."""
    _plan: RenderPlan | bytes = field(compare=False)
    """Pickled bytes between unpickling and the first use: they are small and load fast."""

    def __init__(self, *_: object, **__: object) -> None:
        raise TypeError("a CompiledTemplate is made by compile_template; call it with what is to be different")

    def __repr__(self) -> str:
        return f"<CompiledTemplate {self.source!r}, dialect {self.dialect.name}, {self.policy!r}>"

    def render(self, event: Event) -> str:
        """Return the URL for one event.

        >>> from macroengine import Event, compile_template
        >>> template = compile_template("https://n.example/pb?c=(clickid)&country=(country_code)")
        >>> template.render(Event(link={"click_id": "a b"}, platform={"country_code": "DE"}))
        'https://n.example/pb?c=a%20b&country=DE'

        Raises:
            RenderError: a value cannot be written as text, or the URL is too long.
            MissingValueError: a value with Missing.RAISE is missing.
            SuppressedError: the postback is not sent for this event; check `admits` first.
        """
        # After the first call the compiled function shadows this method. A bound method taken earlier still comes here.
        return self._function()(event)

    def _function(self) -> Render:
        function: Render | None = vars(self).get("render")
        if function is None:
            function = compile_plan(self.plan)
            object.__setattr__(self, "render", function)
        return function

    def render_many(self, events: Iterable[Event]) -> list[str]:
        """Return the URL for each event, in order. Faster than calling `render` for each.

        >>> from macroengine import Event, compile_template
        >>> template = compile_template("https://n.example/pb?c=(clickid)")
        >>> template.render_many(Event(link={"click_id": str(number)}) for number in range(2))
        ['https://n.example/pb?c=0', 'https://n.example/pb?c=1']

        Raises:
            RenderError: as for `render`, for the first event that cannot be sent.
        """
        check_type("events", Iterable, "an iterable of events", events)
        render = self._function()
        together: Callable[[Iterable[Event]], list[str]] | None = getattr(render, "render_many", None)
        return [render(event) for event in events] if together is None else together(events)

    @property
    def plan(self) -> RenderPlan:
        """The render plan, as backends take it."""
        # Read the attribute once: another thread may replace it.
        plan = self._plan
        if isinstance(plan, bytes):
            plan = cast("RenderPlan", pickle.loads(plan))  # noqa: S301 - part of a pickle that was already loaded
            object.__setattr__(self, "_plan", plan)
        return plan

    def __call__(self, event: Event) -> str:
        """Return the URL for one event, like `render`."""
        return self.render(event)

    def admits(self, event: Event) -> bool:
        """Say whether a postback is sent for `event`."""
        return self.policy.admits(event)

    def match(self, url: str, *, event: Event | None = None) -> "Match":
        """Return the values in a URL that was rendered from this template, and what is wrong with the URL.

        With an `event`, each value is compared with the one that would be sent for it, and hashes are verified.

        >>> from macroengine import compile_template
        >>> compile_template("https://n.example/pb?c=(clickid)").match("https://n.example/pb?c=a%20b").values
        {'click_id': 'a b'}
        """
        from macroengine.matching.front import match_plan, plan_with_gaps  # noqa: PLC0415 - not needed for rendering

        url = text_of("url", url)
        check_type("event", Event | None, "an Event", event)
        plan = self.plan
        if self.dialect.partial and (self.options.unknown, self.options.missing) == ("error", Missing.EMPTY):
            plan = plan_with_gaps(self.source, self.dialect, self.policy, self.options)
        return match_plan(plan, self.dialect, url, event, self.render)

    @property
    def macros(self) -> tuple[str, ...]:
        """The names of the macros, as the template spells them, in order and without repeats.

        What is only part of another platform's macro, and sent literally, is not one of them.
        """
        template = parse(self.source, self.dialect, limits=self.options.limits)
        resolution = resolve(template, self.dialect, self.policy)
        return tuple(dict.fromkeys(macro.node.name for macro in resolution.macros))

    @property
    def fields(self) -> tuple[str, ...]:
        """The event fields that are read, in order and without repeats; consent fields come last."""
        plan = self.plan
        values = list(values_of(plan.attributed))
        sent = [field for value in values for field in (*(read.field for read in value.reads), *value.other_fields)]
        heard = [] if plan.unshared is None else [signal.field for signal in plan.unshared.signals]
        return tuple(dict.fromkeys([*sent, *heard]))

    @property
    def needs_consent(self) -> tuple[str, ...]:
        """The macros that stay empty when the user does not share identifiers, as the template spells them.

        >>> from macroengine import Policy, compile_template
        >>> compile_template("https://n.example/pb?c=(clickid)&i=(idfa)", policy=Policy(consent=True)).needs_consent
        ('idfa',)
        """
        return () if self.plan.unshared is None else self.plan.unshared.macros

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Warnings and notes about the template."""
        template = parse(self.source, self.dialect, limits=self.options.limits)
        return tuple(diagnose(resolve(template, self.dialect, self.policy), codes(None, self.ignore)))

    @property
    def python_source(self) -> str:
        """The generated Python code, for reading: the functions, and the values of their closure cells."""
        return plan_source(self.plan)

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        # Used by IPython and Hypothesis. Their default would print the whole dialect.
        printer.text(repr(self))

    def __reduce__(self) -> tuple[object, ...]:
        # Compiled functions cannot be pickled; pickle what they are compiled from.
        plan = self._plan
        packed = plan if isinstance(plan, bytes) else pickle.dumps(plan, pickle.HIGHEST_PROTOCOL)
        settings = _packed(self.dialect, self.policy, self.options, self.ignore)
        return unpickled, (_FORMAT, self.source, settings, packed)


def made(*parts: object) -> CompiledTemplate:
    """Return the template with these attributes, in their order."""
    made = object.__new__(CompiledTemplate)
    names = (part.name for part in fields(CompiledTemplate))
    vars(made).update(zip(names, parts, strict=True))
    return made


# Many templates share the same settings: pickle and unpickle each of those once.
@lru_cache(maxsize=256)
def _packed(*settings: object) -> bytes:
    return pickle.dumps(settings, pickle.HIGHEST_PROTOCOL)


@lru_cache(maxsize=256)
def _unpacked(settings: bytes) -> Any:
    return pickle.loads(settings)  # noqa: S301 - part of a pickle that is already being loaded


# Increase it whenever plans or settings change, since pickles of other versions cannot be read then.
_FORMAT = 6


def unpickled(version: object, *parts: Any) -> CompiledTemplate:
    """Return the template that was pickled as these parts."""
    if version != _FORMAT:
        raise pickle.UnpicklingError(
            "this template was pickled by another version of macroengine; compile it from its source again"
        )
    source, settings, plan = parts
    dialect, policy, options, ignore = _unpacked(settings)
    return made(source, dialect, policy, options, ignore, plan)
