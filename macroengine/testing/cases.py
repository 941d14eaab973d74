"""The Hypothesis strategy for whole cases: a template, an event for it, and the postback that is to be sent."""

from hypothesis import strategies as st

from macroengine.arguments import check_type
from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect_of
from macroengine.policy import Policy
from macroengine.testing import drawing
from macroengine.testing.drawn import Drawn
from macroengine.testing.variants import Request, Variants


def postbacks(
    dialect: str | Dialect = DEFAULT_DIALECT,
    *,
    policy: Policy | None = None,
    nested: bool | None = None,
    json: bool | None = None,
    hashed: bool | None = None,
    alternatives: bool | None = None,
    missing: bool | None = None,
    withheld: bool | None = None,
    misplaced: bool | None = None,
    send_all: bool | None = None,
    consent: bool | None = None,
) -> st.SearchStrategy[Drawn]:
    """Draw cases that reach what they test: a template without errors, an event for it, and the right URL.

    Nearly all are sent, and nearly all have a value in them, mostly one that is easily encoded wrongly. Without a
    `policy`, one is drawn. Each variant is in some of the cases; with True in all of them, with False in none: a macro
    in a URL (`nested`) or `json` inside a parameter, a hash, `alternatives`, a `missing` value, one that is `withheld`
    from this network, one under a source that is not its own (`misplaced`), a policy with `send_all` or with `consent`.

    >>> postbacks("appsflyer", nested=True)
    postbacks('appsflyer', nested=True)

    Raises:
        InvalidArgument: there are no such cases: the dialect has no macros, or the policy permits none.
    """
    check_type("policy", Policy | None, "a Policy", policy)
    asked = Variants(nested, json, hashed, alternatives, missing, withheld, misplaced, send_all, consent)
    request = Request(dialect_of(dialect), policy, asked)
    _ = request.repertoires  # now rather than when the first case is drawn
    return drawing.postbacks(request)
