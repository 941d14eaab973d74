"""Plan what is sent for which event, from a resolved template."""

from macroengine.catalogue.consent import consent_fields, sharing_words
from macroengine.errors import LimitError
from macroengine.plan.nesting import PLAIN
from macroengine.plan.options import Options
from macroengine.plan.renderings import Rendering
from macroengine.plan.resolve import Resolution
from macroengine.plan.segments import RenderPlan, Segment, Signal, Unshared


def plan(resolution: Resolution, options: Options) -> RenderPlan:
    """Return the plan: what is sent for attributed events, and for others.

    Raises:
        LimitError: a macro is nested in more URLs than the limit allows.
        ValueError: a default text would change the path.
        UnsupportedError: a macro has an argument.
    """
    nested = (macro for macro in resolution.macros if macro.place is not PLAIN)
    deepest = max(nested, key=lambda macro: macro.place.layers, default=None)
    if options.nested and deepest is not None and deepest.place.layers > options.limits.nesting:
        most = options.limits.nesting
        message = f"{deepest.node.text} is in {deepest.place.layers} URLs inside the URL; at most {most} are allowed"
        raise LimitError.at(resolution.template.source, deepest.node.span, message)
    policy = resolution.policy
    attributed = Rendering(resolution, options, attributed=True).segments()
    others = Rendering(resolution, options, attributed=False).segments() if policy.send_all else None
    unshared = _unshared(resolution, options, others) if policy.consent else None
    return RenderPlan(policy.postback, attributed, others, options.limits.url, unshared, options.kind)


def _unshared(resolution: Resolution, options: Options, others: tuple[Segment, ...] | None) -> Unshared | None:
    """Return what is sent if the user does not share identifiers; None if the template has no identifiers."""
    choices = (
        choice for macro in resolution.macros for choice in (macro, *resolution.others.get(macro.node.start, ()))
    )
    withheld = [choice for choice in choices if choice.needs_consent]
    if not withheld:
        return None
    attributed = Rendering(resolution, options, attributed=True, shared=False).segments()
    if others is not None and not all(choice.withheld for choice in withheld):
        others = Rendering(resolution, options, attributed=False, shared=False).segments()
    signals = (
        Signal(source, name, sharing_words(consent)) for source, name, consent in consent_fields(resolution.dialect)
    )
    macros = dict.fromkeys(choice.node.name for choice in withheld)
    return Unshared(tuple(signals), tuple(macros), attributed, others)
