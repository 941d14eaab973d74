"""What became of a postback, for metrics and traces: never a value of the event."""

from dataclasses import dataclass
from enum import StrEnum

from macroengine.errors import MissingValueError, RenderError
from macroengine.event import Event
from macroengine.policy import Policy


class Result(StrEnum):
    """What became of a postback."""

    RENDERED = "rendered"
    SUPPRESSED = "suppressed"
    """Not for this event, as its policy says."""
    FAILED = "failed"
    """A value could not be sent."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What became of the postback to one partner, and why."""

    partner: str | int
    """The name of the template in its PostbackSet, or its place there."""
    result: Result
    reason: str | None = None
    """`other-postback` or `not-attributed` where it is suppressed, `missing-value` or `unsendable` where it failed."""
    macro: str | None = None
    """The macro whose value could not be sent."""


def observation(partner: str | int, policy: Policy, event: Event, outcome: object) -> Observation:
    """Return what is to be said of the outcome for one partner, a URL, a request, an error or None."""
    if isinstance(outcome, RenderError):
        reason = "missing-value" if isinstance(outcome, MissingValueError) else "unsendable"
        return Observation(partner, Result.FAILED, reason, outcome.macro)
    if outcome is None:
        reason = "not-attributed" if event.postback is policy.postback else "other-postback"
        return Observation(partner, Result.SUPPRESSED, reason)
    return Observation(partner, Result.RENDERED)
