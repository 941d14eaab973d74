"""Lint rules: find what is wrong with a template, and suggest fixes."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from macroengine.arguments import check_type
from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect_of
from macroengine.diagnostics import PLACE_BITS, Diagnostic, Finding, Fix, Span, printable
from macroengine.limits import Limits
from macroengine.plan.resolve import Resolution, resolve
from macroengine.policy import Policy
from macroengine.rules.checked import Checked
from macroengine.rules.registry import RULES, codes, enforced, prefixes
from macroengine.rules.rule import Rule
from macroengine.template import Template, parse

__all__ = ["RULES", "Rule", "check", "codes", "diagnose", "errors", "prefixes"]

# Decides whether a finding is reported; takes the finding and the text it was found in.
Keep = Callable[[Finding, str], bool]
_ANY_POLICY = Policy()


def check(
    source: str | Template,
    *,
    dialect: str | Dialect | None = None,
    policy: Policy | None = None,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] = (),
) -> list[Diagnostic]:
    """Return the problems of a template in source order; an empty list for a valid one.

    `select` and `ignore` take codes, names of rules, or prefixes of codes: `ME3` is the whole family. A Template is
    checked in the dialect it was parsed in, a string in "appsflyer" by default.

    >>> [finding.message for finding in check("https://n.example/pb?c=(contry_code)")]
    ["unknown macro 'contry_code'; did you mean 'country_code'?"]

    Raises:
        LimitError: the template is too large to check.
        ValueError: a code is unknown.
    """
    resolution = resolution_of(source, dialect, policy)
    ignored = prefixes("ignore", ignore)
    return diagnose(resolution, codes(select, ignored), codes(None, ignored))


def resolution_of(source: str | Template, dialect: str | Dialect | None, policy: Policy | None) -> Resolution:
    """Return what `check` examines, given the same arguments."""
    check_type("source", str | Template, "a string or a Template", source)
    check_type("policy", Policy | None, "a Policy", policy)
    if dialect is None:
        dialect = source.dialect if isinstance(source, Template) else DEFAULT_DIALECT
    chosen = dialect_of(dialect)
    template = source if isinstance(source, Template) else parse(source, chosen)
    if template.dialect.syntax != chosen.syntax:
        raise ValueError(f"template was parsed as one of {template.dialect.title}; parse its source in {chosen.title}")
    return resolve(template, chosen, policy or _ANY_POLICY)


def errors(resolution: Resolution, ignore: frozenset[str], options: Mapping[str, object]) -> list[Diagnostic]:
    """Return the diagnostics that keep a template from being compiled: errors that no option ignores or permits."""
    return diagnose(resolution, enforced(ignore, tuple(options.items())))


def found_in_text(resolution: Resolution, wanted: Iterable[str], what: str = "a text") -> list[Diagnostic]:
    """Return what the given rules find in a text that is not a URL, in source order.

    Messages call the text `what`.
    """
    return sorted(_found(Checked(resolution, what), wanted, whole=False), key=place)


def diagnose(
    resolution: Resolution, wanted: Collection[str], heeded: Collection[str] | None = None
) -> list[Diagnostic]:
    """Return what the given rules find, in source order.

    If a `heeded` rule applies to the text as a whole, the other rules are not run, even if that rule itself is not
    wanted. By default the wanted rules are heeded.
    """
    return diagnose_checked(Checked(resolution), wanted, wanted if heeded is None else heeded)


def diagnose_checked(
    checked: Checked, wanted: Collection[str], heeded: Collection[str], keep: Keep | None = None
) -> list[Diagnostic]:
    """Do the same with a template that may have been checked before; report only what `keep` accepts."""
    return sorted(_findings(checked, wanted, heeded, keep), key=place)


def place(diagnostic: Diagnostic) -> int:
    """Return the sort key of a diagnostic."""
    span = diagnostic.span
    # Written out from `place_of`: a text may be nothing but findings.
    return span.start << PLACE_BITS | span.stop


def _findings(
    checked: Checked, wanted: Collection[str], heeded: Collection[str], keep: Keep | None
) -> list[Diagnostic]:
    whole = checked.whole
    if whole is None:
        return _found(checked, wanted, whole=False, keep=keep)
    if not any(RULES[code].whole and RULES[code].find.__name__ == whole.rule for code in heeded):
        # The user ignores the rule about the whole text, so report the rest, but don't edit a text that is not a
        # template.
        return [_unfixed(diagnostic) for diagnostic in _found(checked, wanted, whole=False, keep=keep)]
    about_whole = _found(checked, wanted, whole=True, keep=keep)
    if whole.inner is None or whole.offset is None:
        return about_whole
    inner = checked.inner = Checked(resolve(_parsed(whole.inner, checked), checked.dialect, checked.resolution.policy))
    found = [_moved(diagnostic, whole.offset, checked.source) for diagnostic in _findings(inner, wanted, heeded, keep)]
    return [*about_whole, *(found if whole.safe else map(_unfixed, found))]


def _unfixed(found: Diagnostic) -> Diagnostic:
    return replace(found, fix=None)


def _found(checked: Checked, wanted: Iterable[str], *, whole: bool, keep: Keep | None = None) -> list[Diagnostic]:
    """Return what the rules about a whole text find, or what the others find."""
    found: list[Diagnostic] = []
    source = checked.source
    for code, find in _finders(tuple(wanted), whole):
        for finding in find(checked):
            if keep is None or keep(finding, source):
                found.append(diagnostic_of(code, RULES[code], finding, source))  # noqa: PERF401 - most find nothing
    return found


@lru_cache(maxsize=256)
def _finders(wanted: tuple[str, ...], whole: bool) -> tuple[tuple[str, Callable[[Checked], Iterable[Finding]]], ...]:
    """Return the functions of the wanted rules, each with its code."""
    return tuple((code, RULES[code].find) for code in wanted if RULES[code].whole is whole)


def diagnostic_of(code: str, rule: Rule, finding: Finding, source: str) -> Diagnostic:
    """Return the diagnostic for a finding of the rule with that code."""
    span, message, hint, fix = finding
    if not message.isprintable():
        # A message quotes the template. Its author must not be able to control the reader's terminal.
        message = printable(message)
    return Diagnostic(code, rule.name, rule.severity, message, span, source, hint, fix)


def _parsed(inner: str, checked: Checked) -> Template:
    # The surrounding text was within its limits, so this part of it is too.
    return parse(inner, checked.dialect, limits=Limits(template=max(len(inner), 1), macros=max(len(inner), 1)))


def _moved(found: Diagnostic, offset: int, source: str) -> Diagnostic:
    """Return a finding in the inner text as one in the whole text."""
    # `replace` takes several times as long, and a text may have thousands of findings.
    fix = found.fix and Fix(found.fix.replacement, _shifted(found.fix.span, offset), found.fix.safe)
    span, hint = _shifted(found.span, offset), found.hint
    return Diagnostic(found.code, found.name, found.severity, found.message, span, source, hint, fix)


def _shifted(span: Span, offset: int) -> Span:
    return Span(span.start + offset, span.stop + offset)
