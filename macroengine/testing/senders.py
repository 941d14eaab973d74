"""Test a sender of postbacks: does it make the right URLs?"""

from collections.abc import Callable, Mapping

from hypothesis import given, settings

from macroengine.arguments import check_type
from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect_of
from macroengine.event import Event
from macroengine.plan.missing import AnyMissing
from macroengine.plan.segments import Missing
from macroengine.policy import Policy
from macroengine.testing import drawing
from macroengine.testing.assertions import assert_postback
from macroengine.testing.drawn import Drawn
from macroengine.testing.variants import Asked, Variants

Sender = Callable[[str, Event], str | None]
"""Takes the text of a template and an event, and returns the URL, or None if nothing is sent."""


def check_sender(
    sender: Sender,
    *,
    dialect: str | Dialect = DEFAULT_DIALECT,
    policy: Policy = Policy(send_all=True),  # noqa: B008 - immutable
    missing: AnyMissing | Mapping[str, AnyMissing] = Missing.EMPTY,
    examples: int = 500,
) -> None:
    """Pass templates and events to a sender, and assert that it returns the right URLs.

    All templates are for one policy. The sender must know it, and the text that is sent for a missing value.

    >>> from macroengine import render
    >>> def sender(template: str, event: Event) -> str | None:
    ...     return render(template, event, policy=Policy(send_all=True)) if event.postback == "install" else None
    >>> check_sender(sender, examples=20)

    Raises:
        AssertionError: a URL is wrong. The message says which parameter is wrong, and how, for the shortest template
            and event that could be found.
        InvalidArgument: the dialect has no macros, or the policy permits none.
    """
    check_type("sender", Callable, "a function", sender)  # type: ignore[arg-type] # mypy: a special form
    check_type("policy", Policy, "a Policy", policy)
    request = Asked(dialect_of(dialect), policy, Variants())
    _ = request.repertoires  # raises before anything is drawn

    @settings(max_examples=examples, database=None, derandomize=True, deadline=None)
    @given(drawing.postbacks(request))
    def every_postback_is_right(drawn: Drawn) -> None:
        url = sender(drawn.source, drawn.event)
        assert_postback(url, drawn.source, drawn.event, dialect=dialect, policy=policy, missing=missing)

    every_postback_is_right()
