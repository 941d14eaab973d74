"""Lint rules: what is wrong with a template, and how to mend it."""

from collections.abc import Collection, Iterable, Iterator

from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect_of
from macroengine.diagnostics import Diagnostic, Severity
from macroengine.nodes import Template
from macroengine.parser import parse
from macroengine.policy import Policy
from macroengine.rules import names, origin, privacy, syntax
from macroengine.rules.context import Context, Rule
from macroengine.suggest import did_you_mean

__all__ = ["RULES", "Context", "Rule", "check", "diagnose"]

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO

# In order; a code is never used for another rule. ME000 is LimitError's.
RULES: dict[str, Rule] = {
    "ME001": Rule(_E, syntax.empty_template),
    "ME101": Rule(_E, names.unknown_macro),
    "ME102": Rule(_W, names.undocumented_spelling),
    "ME103": Rule(_W, names.legacy_name),
    "ME104": Rule(_I, names.near_miss),
    "ME105": Rule(_E, names.undocumented_hash),
    "ME106": Rule(_E, names.hash_of_hash),
    "ME201": Rule(_E, origin.macro_in_origin),
    "ME202": Rule(_E, origin.macro_in_host),
    "ME301": Rule(_E, privacy.unavailable_macro),
    "ME302": Rule(_W, privacy.withheld_macro),
    "ME303": Rule(_E, privacy.source_not_allowed),
    "ME304": Rule(_E, privacy.denied_macro),
}


def check(
    source: str | Template,
    *,
    dialect: str | Dialect | None = None,
    policy: Policy | None = None,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] = (),
) -> list[Diagnostic]:
    """Return what is wrong with a template, in source order; nothing for a good one.

    `select` and `ignore` are codes, or beginnings of codes: `ME3` is the whole family. A Template is checked in the
    dialect that it was parsed in, a string in "appsflyer".

    >>> [finding.message for finding in check("https://n.example/pb?c=(contry_code)")]
    ["unknown macro 'contry_code'; did you mean 'country_code'?"]

    Raises:
        LimitError: the template is too large to look at.
        ValueError: a code is no rule's.
    """
    if dialect is None:
        dialect = source.dialect if isinstance(source, Template) else DEFAULT_DIALECT
    chosen = dialect_of(dialect)
    template = source if isinstance(source, Template) else parse(source, chosen)
    return list(diagnose(Context.of(template, chosen, policy or Policy()), codes(select, ignore)))


def codes(select: Iterable[str] | None, ignore: Iterable[str]) -> list[str]:
    """Return the codes that are selected and not ignored, in order.

    Raises:
        ValueError: a code is no rule's, nor the beginning of one.
    """
    chosen = tuple(RULES) if select is None else tuple(select)
    ignored = tuple(ignore)
    for prefix in (*chosen, *ignored):
        if not prefix or not any(code.startswith(prefix) for code in RULES):
            raise ValueError(f"unknown rule {prefix!r}{did_you_mean(prefix, RULES)}")
    return [code for code in RULES if code.startswith(chosen) and not (ignored and code.startswith(ignored))]


def diagnose(context: Context, wanted: Collection[str]) -> Iterator[Diagnostic]:
    """Yield what the wanted rules find, in source order."""
    found = [
        Diagnostic(
            code, rule.name, rule.severity, finding.message, finding.span, context.source, finding.hint, finding.fix
        )
        for code, rule in RULES.items()
        if code in wanted
        for finding in rule.find(context)
    ]
    return iter(sorted(found, key=lambda diagnostic: diagnostic.span))
