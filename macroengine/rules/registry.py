"""The rules with their codes, in the order of reports, and which of them a user selects."""

from collections.abc import Iterable
from functools import lru_cache

from macroengine.arguments import names_in
from macroengine.diagnostics import Severity
from macroengine.rules import (
    calls,
    characters,
    damage,
    documents,
    foreign,
    names,
    nested,
    origin,
    parameters,
    platform,
    privacy,
    query,
    server,
    spaces,
    surroundings,
    syntax,
    url,
)
from macroengine.rules.rule import Rule
from macroengine.suggest import did_you_mean

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO
# A text that is not a macro of the dialect can be kept as it is, but not replaced by an empty value.
_KEEP = ("unknown", "keep")

# In the order of reports. Codes are never reused. ME000 belongs to LimitError.
RULES: dict[str, Rule] = {
    # Text that is not a URL, or not a macro.
    "ME001": Rule(_E, syntax.empty_template),
    "ME002": Rule(_E, spaces.control_character, "safe"),
    "ME003": Rule(_E, spaces.raw_space, "safe"),
    "ME004": Rule(_E, characters.invisible_character, "safe"),
    "ME005": Rule(_E, characters.lone_surrogate),
    "ME006": Rule(_W, syntax.unclosed_macro, "safe"),
    "ME007": Rule(_W, syntax.split_macro, "safe"),
    "ME008": Rule(_I, syntax.literal_delimiters),
    "ME009": Rule(_W, syntax.nameless_macro),
    "ME010": Rule(_W, syntax.encoded_delimiters, "safe"),
    "ME011": Rule(_W, foreign.foreign_macro, "unsafe"),
    "ME012": Rule(_W, syntax.placeholder, "unsafe"),
    # Text around a template, and text that is not a template at all.
    "ME020": Rule(_E, surroundings.text_before_template, "safe", whole=True),
    "ME021": Rule(_E, surroundings.text_after_template, "safe", whole=True),
    "ME022": Rule(_E, surroundings.shell_command, "safe", whole=True),
    "ME023": Rule(_E, surroundings.quoted_template, "safe", whole=True),
    "ME024": Rule(_E, surroundings.linked_template, "safe", whole=True),
    "ME025": Rule(_E, surroundings.rewritten_link, "safe", whole=True),
    "ME026": Rule(_E, surroundings.quoted_printable, "safe", whole=True),
    "ME027": Rule(_W, surroundings.trailing_punctuation, "safe"),
    "ME030": Rule(_E, documents.json_document, whole=True),
    "ME031": Rule(_E, documents.html_document, whole=True),
    "ME032": Rule(_E, documents.several_templates, whole=True),
    "ME033": Rule(_E, documents.prose, whole=True),
    "ME034": Rule(_E, documents.http_request, whole=True),
    "ME035": Rule(_E, documents.tracking_link, whole=True),
    "ME036": Rule(_E, platform.foreign_template, "unsafe", whole=True, overruled_by=(_KEEP, ("unknown", "empty"))),
    "ME040": Rule(_E, foreign.documented_foreign_macro, "unsafe", overruled_by=(_KEEP,)),
    "ME041": Rule(_W, foreign.encoded_foreign_macro, "unsafe"),
    "ME042": Rule(_W, syntax.doubled_delimiters, "unsafe"),
    "ME043": Rule(_W, syntax.cut_off_macro, "unsafe"),
    "ME044": Rule(_E, foreign.program_placeholder),
    "ME045": Rule(_E, platform.untranslated_macro),
    "ME046": Rule(_E, syntax.macro_in_macro, "unsafe"),
    "ME047": Rule(_W, calls.function_as_text, "unsafe"),
    # Names of macros.
    "ME101": Rule(_E, names.unknown_macro, "unsafe", overruled_by=(_KEEP, ("unknown", "empty"))),
    "ME102": Rule(_W, names.undocumented_spelling, "safe"),
    "ME103": Rule(_W, names.legacy_name, "safe"),
    "ME104": Rule(_I, names.near_miss),
    "ME105": Rule(_E, names.undocumented_hash, "unsafe"),
    "ME106": Rule(_E, names.hash_of_hash, "unsafe"),
    "ME107": Rule(_I, parameters.mismatched_parameter),
    "ME108": Rule(_W, names.unlisted_macro, "unsafe"),
    "ME109": Rule(_I, names.macro_with_argument),
    # The URL: its server, then its parameters, then its characters.
    "ME201": Rule(_E, origin.macro_in_origin),
    "ME202": Rule(_E, origin.macro_in_host, overruled_by=(("allow_host_macros", True),)),
    "ME203": Rule(_W, url.missing_scheme, "unsafe"),
    "ME204": Rule(_I, url.missing_server),
    "ME205": Rule(_W, url.plain_http, "unsafe"),
    "ME206": Rule(_W, url.fragment),
    "ME207": Rule(_E, foreign.foreign_macro_in_host),
    "ME208": Rule(_E, server.bad_host, "unsafe"),
    "ME209": Rule(_E, server.wrong_scheme, "unsafe"),
    "ME210": Rule(_E, server.malformed_scheme, "unsafe"),
    "ME211": Rule(_W, parameters.duplicate_parameter),
    "ME212": Rule(_W, query.empty_pair, "safe"),
    "ME213": Rule(_W, query.missing_question_mark, "unsafe"),
    "ME214": Rule(_W, query.second_question_mark, "unsafe"),
    "ME215": Rule(_W, query.missing_ampersand, "unsafe"),
    "ME216": Rule(_W, query.missing_equals, "unsafe"),
    "ME217": Rule(_I, parameters.macro_as_name),
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
    # The server again, in an app URL.
    "ME231": Rule(_I, origin.macro_in_app_url),
    "ME232": Rule(_E, origin.script_url),
    # What a network may be told, and how.
    "ME301": Rule(_E, privacy.unavailable_macro, about_policy=True),
    "ME302": Rule(_W, privacy.withheld_macro),
    "ME303": Rule(_E, privacy.source_not_allowed, about_policy=True),
    "ME304": Rule(_E, privacy.denied_macro, about_policy=True),
    "ME305": Rule(_W, privacy.personal_data_over_http),
    "ME306": Rule(_I, privacy.missing_consent),
    "ME307": Rule(_I, privacy.raw_and_hashed),
    "ME308": Rule(_I, privacy.identifier_under_consent),
    "ME310": Rule(_E, privacy.macro_out_of_context, about_policy=True),
}


def codes(select: Iterable[str] | None, ignore: Iterable[str], beyond: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the codes that are selected and not ignored, in order. Rules may also be given by name.

    `beyond` are the codes of other checks that the caller takes, for the message about an unknown one.

    >>> codes(["ME00"], ignore=["ME001", "control-character"])[:2]
    ('ME003', 'ME004')

    Raises:
        ValueError: a code is unknown, or not a prefix of any.
    """
    return _codes(None if select is None else prefixes("select", select), prefixes("ignore", ignore), beyond)


def prefixes(argument: str, given: Iterable[str]) -> tuple[str, ...]:
    """Return the given codes as a tuple; a single string counts as one code."""
    return (given,) if isinstance(given, str) else tuple(sorted(names_in(argument, given, "code")))


@lru_cache(maxsize=256)
def _codes(select: tuple[str, ...] | None, ignore: tuple[str, ...], beyond: tuple[str, ...]) -> tuple[str, ...]:
    names = {rule.name: code for code, rule in RULES.items()}
    wanted, unwanted = (tuple(names.get(given, given) for given in all_ or ()) for all_ in (select, ignore))
    for prefix in (*wanted, *unwanted):
        if prefix not in RULES and not (prefix and any(code.startswith(prefix) for code in RULES)):
            nearest = did_you_mean(prefix, [*RULES, *beyond]) or did_you_mean(prefix, names)
            known = ", ".join(f"{min(group)} to {max(group)}" for group in (RULES, beyond) if group)
            raise ValueError(f"unknown rule {prefix!r}{nearest or f' (known: {known})'}")
    chosen = RULES if select is None else [code for code in RULES if code.startswith(wanted)]
    return tuple(code for code in chosen if not code.startswith(unwanted))


@lru_cache(maxsize=256)
def enforced(ignore: frozenset[str], options: tuple[tuple[str, object], ...]) -> tuple[str, ...]:
    """Return the codes of the rules that keep a template from being compiled with these options."""
    rules = ((code, RULES[code]) for code in codes(None, ignore))
    return tuple(
        code
        for code, rule in rules
        if rule.severity is _E and not any(option in rule.overruled_by for option in options)
    )
