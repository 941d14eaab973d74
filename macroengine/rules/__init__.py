"""Lint rules: what is wrong with a template, and how to mend it."""

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect_of
from macroengine.diagnostics import Diagnostic, Severity, printable
from macroengine.nodes import Template
from macroengine.parser import parse
from macroengine.policy import Policy
from macroengine.rules import characters, damage, names, nested, origin, privacy, query, syntax, url
from macroengine.rules.context import Context, Rule
from macroengine.suggest import did_you_mean

__all__ = ["RULES", "Context", "Rule", "check", "codes", "diagnose"]

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO

# In order; a code is never used for another rule. ME000 is LimitError's.
RULES: dict[str, Rule] = {
    # What is written is no text of a URL, or no macro.
    "ME001": Rule(_E, syntax.empty_template),
    "ME002": Rule(_E, characters.control_character, "safe"),
    "ME003": Rule(_E, characters.raw_space, "safe"),
    "ME004": Rule(_E, characters.invisible_character, "safe"),
    "ME005": Rule(_E, characters.lone_surrogate),
    "ME006": Rule(_W, syntax.unclosed_macro, "safe"),
    "ME007": Rule(_W, syntax.split_macro, "safe"),
    "ME008": Rule(_I, syntax.literal_delimiters),
    "ME009": Rule(_W, syntax.nameless_macro),
    "ME010": Rule(_W, syntax.encoded_delimiters, "safe"),
    "ME011": Rule(_W, syntax.foreign_macro, "unsafe"),
    "ME012": Rule(_W, syntax.placeholder, "unsafe"),
    # Names of macros.
    "ME101": Rule(_E, names.unknown_macro, "unsafe"),
    "ME102": Rule(_W, names.undocumented_spelling, "safe"),
    "ME103": Rule(_W, names.legacy_name, "safe"),
    "ME104": Rule(_I, names.near_miss),
    "ME105": Rule(_E, names.undocumented_hash, "unsafe"),
    "ME106": Rule(_E, names.hash_of_hash, "unsafe"),
    "ME107": Rule(_I, query.mismatched_parameter),
    # The URL: its server, then its parameters, then its characters.
    "ME201": Rule(_E, origin.macro_in_origin),
    "ME202": Rule(_E, origin.macro_in_host),
    "ME203": Rule(_W, url.missing_scheme, "unsafe"),
    "ME204": Rule(_I, url.missing_server),
    "ME205": Rule(_W, url.plain_http, "unsafe"),
    "ME206": Rule(_W, url.fragment),
    "ME211": Rule(_W, query.duplicate_parameter),
    "ME212": Rule(_W, query.empty_pair, "safe"),
    "ME213": Rule(_W, query.missing_question_mark, "unsafe"),
    "ME214": Rule(_W, query.second_question_mark, "unsafe"),
    "ME215": Rule(_W, query.missing_ampersand, "unsafe"),
    "ME216": Rule(_W, query.missing_equals, "unsafe"),
    "ME217": Rule(_I, query.macro_as_name),
    "ME218": Rule(_I, nested.nested_macro),
    "ME219": Rule(_W, url.unencoded_nested_url),
    "ME220": Rule(_I, nested.json_macro),
    "ME221": Rule(_E, url.bad_percent_escape, "unsafe"),
    "ME222": Rule(_W, damage.html_entity, "safe"),
    "ME223": Rule(_W, damage.backslash_escape, "safe"),
    "ME224": Rule(_W, damage.html_tag, "unsafe"),
    "ME225": Rule(_W, characters.typographic_character, "unsafe"),
    "ME226": Rule(_W, characters.non_ascii_literal, "unsafe"),
    "ME227": Rule(_W, characters.illegal_character, "unsafe"),
    "ME228": Rule(_E, nested.split_escape, "unsafe"),
    "ME229": Rule(_W, query.mixed_separators),
    # The server again.
    "ME231": Rule(_I, origin.macro_in_app_url),
    "ME232": Rule(_E, origin.script_url),
    # What a network may be told, and how.
    "ME301": Rule(_E, privacy.unavailable_macro),
    "ME302": Rule(_W, privacy.withheld_macro),
    "ME303": Rule(_E, privacy.source_not_allowed),
    "ME304": Rule(_E, privacy.denied_macro),
    "ME305": Rule(_W, privacy.personal_data_over_http),
    "ME306": Rule(_I, privacy.missing_consent),
    "ME307": Rule(_I, privacy.raw_and_hashed),
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


def codes(select: Iterable[str] | None, ignore: Iterable[str]) -> tuple[str, ...]:
    """Return the codes that are selected and not ignored, in order.

    >>> codes(["ME00"], ignore=["ME001", "ME002"])[:2]
    ('ME003', 'ME004')

    Raises:
        ValueError: a code is no rule's, nor the beginning of one.
    """
    return _codes(None if select is None else _prefixes(select), _prefixes(ignore))


def _prefixes(given: Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


@lru_cache(maxsize=256)
def _codes(select: tuple[str, ...] | None, ignore: tuple[str, ...]) -> tuple[str, ...]:
    for prefix in (*(select or ()), *ignore):
        if not prefix or not any(code.startswith(prefix) for code in RULES):
            question = did_you_mean(prefix.upper(), RULES) or f" (there are {min(RULES)} to {max(RULES)})"
            raise ValueError(f"unknown rule {prefix!r}{question}")
    chosen = RULES if select is None else [code for code in RULES if code.startswith(select)]
    return tuple(code for code in chosen if not code.startswith(ignore))


def diagnose(context: Context, wanted: Collection[str]) -> Iterator[Diagnostic]:
    """Yield what the wanted rules find, in source order."""
    # A message quotes the template, and whoever wrote the template has no business in the reader's terminal.
    found = [
        Diagnostic(
            code,
            rule.name,
            rule.severity,
            printable(finding.message),
            finding.span,
            context.source,
            finding.hint,
            finding.fix,
        )
        for code, rule in RULES.items()
        if code in wanted
        for finding in rule.find(context)
    ]
    return iter(sorted(found, key=lambda diagnostic: diagnostic.span))
