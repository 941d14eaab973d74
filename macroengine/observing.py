"""The outcome of each postback, for metrics and traces. Never contains values of the event."""

from dataclasses import dataclass
from enum import StrEnum

from macroengine.errors import MissingValueError, RenderError
from macroengine.event import Event
from macroengine.policy import Policy


class Result(StrEnum):
    """The outcome of a postback."""

    RENDERED = "rendered"
    SUPPRESSED = "suppressed"
    """The policy excludes this event."""
    FAILED = "failed"
    """A value could not be sent."""


@dataclass(frozen=True, slots=True)
class Observation:
    """The outcome of the postback to one partner, and the reason."""

    partner: str | int
    """The name of the template in its PostbackSet, or its index."""
    result: Result
    reason: str | None = None
    """If suppressed: `other-postback` or `not-attributed`; if failed: `missing-value` or `unsendable`."""
    macro: str | None = None
    """The macro whose value could not be sent."""


def observation(partner: str | int, policy: Policy, event: Event, outcome: object) -> Observation:
    """Return the observation for one partner. `outcome` is a URL, a request, an error or None."""
    if isinstance(outcome, RenderError):
        reason = "missing-value" if isinstance(outcome, MissingValueError) else "unsendable"
        return Observation(partner, Result.FAILED, reason, outcome.macro)
    if outcome is None:
        reason = "not-attributed" if event.postback is policy.postback else "other-postback"
        return Observation(partner, Result.SUPPRESSED, reason)
    return Observation(partner, Result.RENDERED)
