"""The macros that can be written under a policy: those about whose values `check` says nothing."""

from collections.abc import Collection
from functools import lru_cache

from macroengine.catalogue import Dialect
from macroengine.policy import Policy
from macroengine.rules import check

UNAVAILABLE = "ME301"
# The rules about the value of one macro, whatever else is in the template.
_ABOUT_VALUES = frozenset({UNAVAILABLE, "ME302", "ME303", "ME304", "ME308", "ME310"})


def permitted(
    dialect: Dialect, policy: Policy, wanted: Collection[str] = _ABOUT_VALUES, *, sure: bool = True
) -> frozenset[str]:
    """Return the names of the macros of a dialect that a policy permits, by the rules that are wanted.

    If the kind of postback is only assumed, another one may be right, so that a macro for that is permitted too.

    >>> from macroengine import dialect
    >>> sorted({"IDFA", "clickid"} & permitted(dialect("appsflyer"), Policy(consent=True)))
    ['clickid']

    Raises:
        ValueError: the policy denies a name that is not known.
    """
    codes = _ABOUT_VALUES.intersection(wanted) - (frozenset() if sure else {UNAVAILABLE})
    return _permitted(dialect, policy, codes)


@lru_cache(maxsize=32)
def _permitted(dialect: Dialect, policy: Policy, codes: frozenset[str]) -> frozenset[str]:
    written = {name: f"https://n.example/?value={dialect.syntax.write(name)}" for name in dialect.macros}
    if not codes:
        return frozenset(written)
    return frozenset(
        name for name, text in written.items() if not check(text, dialect=dialect, policy=policy, select=codes)
    )
