"""Hypothesis strategies for whole cases: a template, an event for it, and the right postback."""

from dataclasses import replace
from typing import Literal as OneOf

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from macroengine.arguments import check_type
from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect_of
from macroengine.policy import Policy
from macroengine.testing import bodies, drawing
from macroengine.testing.drawn import Drawn, DrawnPost
from macroengine.testing.variants import Asked, Variants


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
    """Draw cases that are worth testing: a template without errors, an event for it, and the right URL.

    Nearly all are sent, and nearly all contain a value, usually one that is easily encoded wrongly. Without a `policy`,
    one is drawn. Each variant occurs in some of the cases; with True in all of them, with False in none. The variants
    are a macro in a URL (`nested`) or `json` inside a parameter, a hash, `alternatives`, a `missing` value, one that is
    `withheld` from this network, one under the wrong source (`misplaced`), and a policy with `send_all` or `consent`.

    >>> postbacks("appsflyer", nested=True)
    postbacks('appsflyer', nested=True)

    Raises:
        InvalidArgument: no such cases exist: the dialect has no macros, or the policy permits none.
    """
    asked = Variants(nested, json, hashed, alternatives, missing, withheld, misplaced, send_all, consent)
    return drawing.postbacks(_request(dialect, policy, asked))


def posts(
    dialect: str | Dialect = DEFAULT_DIALECT,
    *,
    policy: Policy | None = None,
    body: OneOf["form", "json"] | None = None,
    nested: bool | None = None,
    json: bool | None = None,
    hashed: bool | None = None,
    alternatives: bool | None = None,
    missing: bool | None = None,
    withheld: bool | None = None,
    misplaced: bool | None = None,
    send_all: bool | None = None,
    consent: bool | None = None,
) -> st.SearchStrategy[DrawnPost]:
    """Draw cases like those of `postbacks`, but sent with a `body`: a form, JSON, or either.

    The variants are those of `postbacks`. `json` means JSON inside a value.

    >>> posts("appsflyer", body="json")
    posts('appsflyer', body='json')

    Raises:
        InvalidArgument: no such cases exist: the dialect has no macros, or the policy permits none.
    """
    if body not in (None, "form", "json"):
        raise InvalidArgument(f"body must be 'form' or 'json', not {body!r}")
    asked = Variants(nested, json, hashed, alternatives, missing, withheld, misplaced, send_all, consent)
    return bodies.posts(replace(_request(dialect, policy, asked), body=body))


def _request(dialect: str | Dialect, policy: Policy | None, asked: Variants) -> Asked:
    check_type("policy", Policy | None, "a Policy", policy)
    request = Asked(dialect_of(dialect), policy, asked)
    _ = request.repertoires  # raises here rather than when the first case is drawn
    return request
