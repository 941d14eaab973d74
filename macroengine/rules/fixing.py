"""Fix a damaged template."""

from collections.abc import Iterable
from dataclasses import dataclass

from macroengine.arguments import check_flag, text_of
from macroengine.catalogue import DEFAULT_DIALECT, Dialect
from macroengine.diagnostics import PLACE_BITS, Diagnostic, Finding, Fix
from macroengine.policy import Policy
from macroengine.rules import diagnose_checked, diagnostic_of, place, resolution_of
from macroengine.rules.checked import Checked
from macroengine.rules.registry import RULES, codes, prefixes
from macroengine.rules.rule import Rule

# One round applies all fixes that do not overlap. Text that was damaged several times needs several rounds.
MAX_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class Fixed:
    """A fixed template, the fixes that were applied, and what is still wrong."""

    source: str
    applied: tuple[Diagnostic, ...]
    """The diagnostics that were fixed, in order. Each span refers to the text at that time."""
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
    """Apply the safe fixes to a template until there are none left; with `unsafe`, apply all fixes.

    A safe fix cannot change anything the author intended; an unsafe one may. `select` and `ignore` are those of
    `check`.

    >>> fix("https://n.example/pb?id=(click-id)&;ip=(ip)").source
    'https://n.example/pb?id=(clickid)&ip=(ip)'

    Raises:
        LimitError: the template is too large, or would become too large.
        TypeError: `source` is not a string; for a Template, pass its `source`.
        ValueError: a code is unknown.
    """
    source = text_of("source", source)
    check_flag("unsafe", unsafe)
    rules = _Rules(unsafe, None if select is None else prefixes("select", select), prefixes("ignore", ignore))
    applied: list[Diagnostic] = []
    done = {source: 0}  # the number of fixes applied when the text had this state
    round_ = _Round(Checked(resolution_of(source, dialect, policy)), rules)
    for _ in range(MAX_ROUNDS):
        chosen = apart(round_.fixable)
        if not chosen:
            break
        source = _apply((finding.fix for finding in chosen if finding.fix), source)
        applied += chosen
        inner = round_.inner_of(source)
        del round_  # the collector of garbage need not look through what it has read
        round_ = _Round(inner or Checked(resolution_of(source, dialect, policy)), rules)
        if source in done:  # fixes undo each other: drop those since then
            del applied[done[source] :]
            break
        done[source] = len(applied)
    return Fixed(source, tuple(applied), tuple(round_.all()))


class _Rules:
    """The rules to run: those with fixes in each round, the others once no fix is left."""

    def __init__(self, unsafe: bool, select: tuple[str, ...] | None, ignore: tuple[str, ...]) -> None:
        self.heeded = codes(None, ignore)
        self.wanted = codes(select, ignore)
        self.unsafe = unsafe
        levels = ("safe", "unsafe") if unsafe else ("safe",)
        self.fixing = dict.fromkeys(code for code in self.wanted if RULES[code].fix in levels)

    def may_fix(self, finding: Finding, source: str) -> bool:
        """Say whether the fix of a finding is allowed and changes the text."""
        fix_ = finding.fix
        if fix_ is None or not (fix_.safe or self.unsafe):
            return False
        span = fix_.span
        return source[span.start : span.stop] != fix_.replacement


def changes(finding: Diagnostic, source: str) -> bool:
    """Say whether a finding has a fix that changes the text."""
    fix_ = finding.fix
    return fix_ is not None and source[fix_.span.start : fix_.span.stop] != fix_.replacement


def is_allowed(finding: Diagnostic, unsafe: bool) -> bool:
    """Say whether the fix of a finding may be applied."""
    return unsafe or (finding.fix is not None and finding.fix.safe)


class _Round:
    """What rules find in the template in one round."""

    def __init__(self, checked: Checked, rules: _Rules) -> None:
        self._checked, self._rules, self._source = checked, rules, checked.source
        # Findings without a fix become diagnostics only in the last round, since each round finds most of them again.
        self._others: dict[str, list[Finding]] = {}
        self.fixable = sorted(self._fixable_in_whole() if checked.whole else self._fixable(), key=place)

    def _fixable_in_whole(self) -> list[Diagnostic]:
        rules = self._rules
        found = diagnose_checked(self._checked, rules.fixing, rules.heeded, rules.may_fix)
        return [diagnostic for diagnostic in found if diagnostic.fix]

    def _fixable(self) -> list[Diagnostic]:
        fixable: list[Diagnostic] = []
        may_fix, source = self._rules.may_fix, self._source
        for code in self._rules.fixing:
            rule = RULES[code]
            for finding in _asked(rule, self._checked):
                if may_fix(finding, source):
                    fixable.append(diagnostic_of(code, rule, finding, source))
                else:
                    self._others.setdefault(code, []).append(finding)
        return fixable

    def inner_of(self, source: str) -> Checked | None:
        """Return the checked inner text, if the round only removed what surrounded it."""
        inner = self._checked.inner
        return inner if inner is not None and inner.source == source else None

    def all(self) -> list[Diagnostic]:
        """Return what all rules find."""
        if self._checked.whole or self.fixable:  # a rule about the whole text decides which others are run
            return diagnose_checked(self._checked, self._rules.wanted, self._rules.heeded)
        source, rules = self._source, self._rules
        found: list[Diagnostic] = []
        for code in rules.wanted:
            rule = RULES[code]
            findings = self._others.get(code, ()) if code in rules.fixing else _asked(rule, self._checked)
            for finding in findings:
                found.append(diagnostic_of(code, rule, finding, source))  # noqa: PERF401 - most find nothing
        return sorted(found, key=place)


def _asked(rule: Rule, checked: Checked) -> Iterable[Finding]:
    """Return what a rule finds in a text that has no finding about the whole."""
    return () if rule.whole else rule.find(checked)


def apart(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return, in order, the findings whose fixes do not touch the fix of an earlier one."""
    chosen: list[Diagnostic] = []
    free = -1
    for finding in sorted(findings, key=_place_of_fix):
        if finding.fix is None:
            continue
        span = finding.fix.span
        # Two insertions at the same place also touch: the first changes the context of the second.
        if span.start > free or span.start == free < span.stop:
            chosen.append(finding)
            free = span.stop
    return chosen


def _place_of_fix(finding: Diagnostic) -> int:
    fix_ = finding.fix
    if fix_ is None:
        return 0
    span = fix_.span
    return span.start << PLACE_BITS | span.stop  # as in `place`


def _apply(fixes: Iterable[Fix], source: str) -> str:
    pieces, end = [], 0
    for fix_ in fixes:
        pieces += [source[end : fix_.span.start], fix_.replacement]
        end = fix_.span.stop
    return "".join([*pieces, source[end:]])
