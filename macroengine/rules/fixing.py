"""From a damaged template to the template that was meant."""

from collections.abc import Iterable
from dataclasses import dataclass

from macroengine.arguments import check_flag
from macroengine.catalogue import DEFAULT_DIALECT, Dialect
from macroengine.diagnostics import Diagnostic, Finding, Fix, place_of
from macroengine.policy import Policy
from macroengine.rules import RULES, codes, diagnose_checked, diagnostic_of, place, prefixes, resolution_of
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
    round_ = _Round(Checked(resolution_of(source, dialect, policy)), rules)
    for _ in range(MAX_ROUNDS):
        chosen = apart(round_.fixable)
        if not chosen:
            break
        source = _apply((finding.fix for finding in chosen if finding.fix), source)
        applied += chosen
        round_ = _Round(round_.inner_of(source) or Checked(resolution_of(source, dialect, policy)), rules)
        if source in done:  # fixes that undo each other: nothing since then has changed anything
            del applied[done[source] :]
            break
        done[source] = len(applied)
    return Fixed(source, tuple(applied), tuple(round_.all()))


class _Rules:
    """The rules that are asked: those that fix something in every round, the others once no fix is left."""

    def __init__(self, unsafe: bool, select: tuple[str, ...] | None, ignore: tuple[str, ...]) -> None:
        self.heeded = codes(None, ignore)
        self.wanted = codes(select, ignore)
        self.unsafe = unsafe
        levels = ("safe", "unsafe") if unsafe else ("safe",)
        self.fixing = dict.fromkeys(code for code in self.wanted if RULES[code].fix in levels)

    def may_fix(self, finding: Finding, source: str) -> bool:
        """Say whether a fix is allowed for what was found in a text, and changes anything."""
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
    """What is found in the template as it is in one round."""

    def __init__(self, checked: Checked, rules: _Rules) -> None:
        self._checked, self._rules, self._source = checked, rules, checked.source
        # What cannot be fixed is not a diagnostic yet: the next round finds most of it again.
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
            for finding in _asked(code, self._checked):
                if may_fix(finding, source):
                    fixable.append(diagnostic_of(code, finding, source))
                else:
                    self._others.setdefault(code, []).append(finding)
        return fixable

    def inner_of(self, source: str) -> Checked | None:
        """Return what was read already of the text inside, where all that is fixed is what surrounded it."""
        inner = self._checked.inner
        return inner if inner is not None and inner.source == source else None

    def all(self) -> list[Diagnostic]:
        """Return what all rules find."""
        if self._checked.whole or self.fixable:  # of a whole text, a rule decides which others are heard
            return diagnose_checked(self._checked, self._rules.wanted, self._rules.heeded)
        source, rules = self._source, self._rules
        found: list[Diagnostic] = []
        for code in rules.wanted:
            findings = self._others.get(code, ()) if code in rules.fixing else _asked(code, self._checked)
            for finding in findings:
                found.append(diagnostic_of(code, finding, source))  # noqa: PERF401 - most find nothing
        return sorted(found, key=place)


def _asked(code: str, checked: Checked) -> Iterable[Finding]:
    """Return what a rule finds in a text about which nothing is to be said as a whole."""
    rule = RULES[code]
    return () if rule.whole else rule.find(checked)


def apart(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return those findings whose fixes do not touch one before, in order."""
    chosen: list[Diagnostic] = []
    free = -1
    for finding in sorted(findings, key=_place_of_fix):
        if finding.fix is None:
            continue
        span = finding.fix.span
        # Two insertions at one place touch, too: what the first writes is what the second would be judged by.
        if span.start > free or span.start == free < span.stop:
            chosen.append(finding)
            free = span.stop
    return chosen


def _place_of_fix(finding: Diagnostic) -> int:
    return 0 if finding.fix is None else place_of(finding.fix.span)


def _apply(fixes: Iterable[Fix], source: str) -> str:
    pieces, end = [], 0
    for fix_ in fixes:
        pieces += [source[end : fix_.span.start], fix_.replacement]
        end = fix_.span.stop
    return "".join([*pieces, source[end:]])
