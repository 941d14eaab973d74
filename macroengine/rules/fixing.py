"""From a damaged template to the template that was meant."""

from collections.abc import Iterable
from dataclasses import dataclass

from macroengine.arguments import check_flag
from macroengine.catalogue import DEFAULT_DIALECT, Dialect
from macroengine.diagnostics import Diagnostic, Fix
from macroengine.policy import Policy
from macroengine.rules import RULES, codes, diagnose_checked, prefixes, resolution_of
from macroengine.rules.checked import Checked

# One round fixes all that does not overlap. What is damaged several times over takes a round for each time.
MAX_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class Fixed:
    """A fixed template: what was fixed, and what is still found in it."""

    source: str
    applied: tuple[Diagnostic, ...]
    """What was fixed, in the order in which it was done. The spans are those of the text as it was then."""
    remaining: tuple[Diagnostic, ...]
    """What `check` finds in `source`."""


def fix(
    source: str,
    *,
    dialect: str | Dialect = DEFAULT_DIALECT,
    policy: Policy = Policy(),  # noqa: B008 - immutable
    unsafe: bool = False,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] = (),
) -> Fixed:
    """Apply the safe fixes to a template, with `unsafe` all, until there are none left.

    A safe fix changes nothing that the author can have meant; an unsafe one may. `select` and `ignore` are those of
    `check`.

    >>> fix("https://n.example/pb?id=(click-id)&;ip=(ip)").source
    'https://n.example/pb?id=(clickid)&ip=(ip)'

    Raises:
        LimitError: the template is too large, or would be.
        TypeError: `source` is not a string; of a Template, give its source.
        ValueError: a code is not that of a rule.
    """
    if not isinstance(source, str):
        raise TypeError(f"source must be a str, not {type(source).__name__}")
    check_flag("unsafe", unsafe)
    rules = _Rules(unsafe, None if select is None else prefixes("select", select), prefixes("ignore", ignore))
    applied: list[Diagnostic] = []
    done = {source: 0}  # how much was applied when the text was this
    checked = Checked(resolution_of(source, dialect, policy))
    found = rules.fixing(checked)
    for _ in range(MAX_ROUNDS):
        chosen = apart(finding for finding in found if changes(finding, source) and is_allowed(finding, unsafe))
        if not chosen:
            break
        source = _apply((finding.fix for finding in chosen if finding.fix), source)
        applied += chosen
        checked = Checked(resolution_of(source, dialect, policy))
        found = rules.fixing(checked)
        if source in done:  # fixes that undo each other: nothing since then has changed anything
            del applied[done[source] :]
            break
        done[source] = len(applied)
    return Fixed(source, tuple(applied), tuple(rules.all(checked, found)))


class _Rules:
    """The rules that are asked: those that fix something after every round, the others once no fix is left."""

    def __init__(self, unsafe: bool, select: tuple[str, ...] | None, ignore: tuple[str, ...]) -> None:
        self._heeded = codes(None, ignore)
        self._wanted = codes(select, ignore)
        levels = ("safe", "unsafe") if unsafe else ("safe",)
        self._fixing = [code for code in self._wanted if RULES[code].fix in levels]
        self._others = [code for code in self._wanted if RULES[code].fix not in levels]

    def fixing(self, checked: Checked) -> list[Diagnostic]:
        """Return what the rules find that can fix something."""
        return diagnose_checked(checked, self._fixing, self._heeded)

    def all(self, checked: Checked, found: list[Diagnostic]) -> list[Diagnostic]:
        """Return what all rules find, given what those have found that can fix something."""
        if checked.whole is not None:  # then a rule decides which others are heard
            return diagnose_checked(checked, self._wanted, self._heeded)
        others = diagnose_checked(checked, self._others, self._heeded)
        return sorted([*found, *others], key=lambda one: (one.span.start, one.span.stop, one.code))


def changes(finding: Diagnostic, source: str) -> bool:
    """Say whether a finding has a fix that changes the text."""
    fix_ = finding.fix
    return fix_ is not None and source[fix_.span.start : fix_.span.stop] != fix_.replacement


def is_allowed(finding: Diagnostic, unsafe: bool) -> bool:
    """Say whether the fix of a finding may be applied."""
    return unsafe or (finding.fix is not None and finding.fix.safe)


def apart(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return those findings whose fixes do not touch one before, in order."""
    chosen: list[Diagnostic] = []
    free = -1
    for start, stop, _, finding in sorted(
        (finding.fix.span.start, finding.fix.span.stop, order, finding)
        for order, finding in enumerate(findings)
        if finding.fix
    ):
        # Two insertions at one place touch, too: what the first writes is what the second would be judged by.
        if start > free or (start == free and stop > start):
            chosen.append(finding)
            free = stop
    return chosen


def _apply(fixes: Iterable[Fix], source: str) -> str:
    pieces, end = [], 0
    for fix_ in fixes:
        pieces += [source[end : fix_.span.start], fix_.replacement]
        end = fix_.span.stop
    return "".join([*pieces, source[end:]])
