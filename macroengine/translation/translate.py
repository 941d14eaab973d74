"""Translate a template of one platform to another."""

from dataclasses import dataclass

from macroengine.arguments import check_type
from macroengine.catalogue import Dialect, dialect_of
from macroengine.diagnostics import Diagnostic
from macroengine.plan.resolve import resolve
from macroengine.policy import Policy
from macroengine.template import parse
from macroengine.translation.work import Work


@dataclass(frozen=True, slots=True)
class Translation:
    """A template in another dialect, and what it does not send as before."""

    source: str
    """The translated template."""
    losses: list[Diagnostic]
    """What is lost, in the order of the original template. Spans refer to the original template."""
    exact: bool
    """Whether nothing is lost: both send the same for the same values, and translating back gives the original."""


def translate(source: str, *, dialect: str | Dialect, to: str | Dialect, policy: Policy | None = None) -> Translation:
    """Return a template of the dialect `to` that sends the same as `source`, a template of `dialect`.

    Macros are replaced by those that read the same field; all other text is unchanged. A macro without a counterpart,
    or one that the policy forbids, becomes `UNTRANSLATED-name`, which `check` rejects. Without a policy nothing is
    forbidden.

    >>> found = translate("https://n.example/pb?c=(clickid)&s=(af_sub1)", dialect="appsflyer", to="appmetrica")
    >>> found.source, [loss.name for loss in found.losses]
    ('https://n.example/pb?c={click_id}&s=UNTRANSLATED-af-sub1', ['untranslated'])

    Raises:
        LimitError: the template, or its translation, is too large.
        CatalogueError: a dialect does not exist.
        ValueError: the policy denies a name that means nothing in any dialect.
    """
    check_type("policy", Policy | None, "a Policy", policy)
    home, other = dialect_of(dialect), dialect_of(to, "to")
    resolution = resolve(parse(source, home), home, policy or Policy())
    translated, losses = Work(resolution, other, policy).done()
    return Translation(translated, losses, exact=not losses)
