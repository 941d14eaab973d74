"""Rules about what a network may be told, and when."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from macroengine.catalogue import Dialect
from macroengine.diagnostics import Finding
from macroengine.kinds import Identifier
from macroengine.plan.resolve import Problem
from macroengine.rules.checked import Checked
from macroengine.rules.messages import findings
from macroengine.rules.structure import http_scheme

_ADVERTISING: Final = Identifier.ADVERTISING  # a member of an enumeration takes as long as a call in Python 3.11


def unavailable_macro(checked: Checked) -> Iterator[Finding]:
    """Macro that does not exist for this kind of postback.

    What it does:
        Finds macros that the platform never fills for the kind of postback that the template is for.

    Why it matters:
        They would always be missing.

    Example:
        https://n.example/pb?event=(event_name)

    Use instead:
        https://n.example/pb?installed=(install_time)
    """
    return findings(checked, Problem.UNAVAILABLE)


def macro_out_of_context(checked: Checked) -> Iterator[Finding]:
    """Macro that does not exist where the template is used.

    What it does:
        Finds macros that the platform does not fill in the context that the policy names, such as `burl`, `tracking`
        or `click`; `macroengine macros NAME` shows the contexts of a macro.

    Why it matters:
        They would always be missing.

    With:
        dialect="vast", policy=Policy(context="tracking")

    Example:
        https://n.example/pixel?code=[ERRORCODE]

    Use instead:
        https://n.example/pixel?at=[TIMESTAMP]
    """
    return findings(checked, Problem.OUT_OF_CONTEXT)


def withheld_macro(checked: Checked) -> Iterator[Finding]:
    """Macro that is not filled for events of other networks.

    What it does:
        Finds macros without "send all" in a template that is sent for all events.

    Why it matters:
        They are missing for every event that is not attributed to the network.

    With:
        policy=Policy(send_all=True)

    Example:
        https://n.example/pb?id=(clickid)

    Use instead:
        https://n.example/pb?id=(appsflyer_id)
    """
    return findings(checked, Problem.WITHHELD)


def source_not_allowed(checked: Checked) -> Iterator[Finding]:
    """Macro from a source that the policy does not allow.

    What it does:
        Finds macros whose values come from a source that is not among the policy's `sources`.

    Why it matters:
        The policy says that the network may not have them.

    With:
        policy=Policy(sources={"SDK", "Platform"})

    Example:
        https://n.example/pb?id=(clickid)

    Use instead:
        https://n.example/pb?id=(appsflyer_id)
    """
    return findings(checked, Problem.SOURCE_NOT_ALLOWED)


def denied_macro(checked: Checked) -> Iterator[Finding]:
    """Macro that the policy denies.

    What it does:
        Finds macros that read a value which the policy denies, hashes of it included.

    Why it matters:
        The policy says that the network may not have it.

    With:
        policy=Policy(deny={"idfa"})

    Example:
        https://n.example/pb?id=(sha1-idfa)

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return findings(checked, Problem.DENIED)


def personal_data_over_http(checked: Checked) -> Iterator[Finding]:
    """Identifier of a person or a device that is sent without encryption.

    What it does:
        Finds macros that the catalogue marks as personal, hashes of them included, in an `http:` template.

    Why it matters:
        Anyone on the way can read the identifier and what is said about its bearer.

    Example:
        http://n.example/pb?idfa=(idfa)

    Use instead:
        https://n.example/pb?idfa=(idfa)
    """
    if http_scheme(checked.template) is not None:
        for macro in checked.resolution.macros:
            if macro.spec is not None and macro.spec.personal:
                yield Finding(macro.node.span, f"{macro.node.text} is personal, and http: is not encrypted; use https:")


def missing_consent(checked: Checked) -> Iterator[Finding]:
    """Advertising identifier without what the user has said about its use.

    What it does:
        Finds templates that send an advertising identifier, unhashed or hashed, and nothing about ad tracking or
        consent, though the dialect has macros for that.

    Why it matters:
        The receiver cannot know whether the identifier may be used, or why it is missing.

    Example:
        https://n.example/pb?idfa=(idfa)

    Use instead:
        https://n.example/pb?idfa=(idfa)&att=(att-status)
    """
    sent = [(macro.node, macro.spec) for macro in checked.resolution.macros if macro.spec is not None]
    identifiers = [node for node, spec in sent if spec.identifier is _ADVERTISING]
    if identifiers and not any(spec.consent for _, spec in sent):
        words = _consent_macros(checked.dialect)
        if words:
            hint = f"macros for it: {', '.join(words)}"
            yield Finding(identifiers[0].span, "advertising identifier without the user's consent", hint)


@lru_cache(maxsize=8)
def _consent_macros(dialect: Dialect) -> list[str]:
    return [dialect.syntax.write(spec.name) for spec in dialect.macros.values() if spec.consent]


def raw_and_hashed(checked: Checked) -> Iterator[Finding]:
    """Identifier that is sent both unhashed and hashed.

    What it does:
        Finds hashes of an identifier that the template also sends unhashed.

    Why it matters:
        The hash hides nothing then, and the receiver can learn whose it is.

    Example:
        https://n.example/pb?idfa=(idfa)&hash=(sha1-idfa)

    Use instead:
        https://n.example/pb?hash=(sha1-idfa)
    """
    macros = checked.resolution.macros
    hashed = [macro for macro in macros if macro.node.function is not None and macro.spec is not None]
    if not hashed:
        return
    raw = {macro.spec.field for macro in macros if macro.node.function is None and macro.spec is not None}
    for macro in hashed:
        if macro.spec is not None and macro.spec.field in raw:
            yield Finding(macro.node.span, f"{macro.node.text} is also sent unhashed; send only one of the two")


def identifier_under_consent(checked: Checked) -> Iterator[Finding]:
    """Identifier that is withheld where the user does not share it.

    What it does:
        Finds advertising and device identifiers, hashes included, where the policy asks for the user's consent.

    Why it matters:
        They are missing for every event whose user limits ad tracking or has not authorized it, and a receiver that
        cannot do without them loses these events.

    With:
        policy=Policy(consent=True)

    Example:
        https://n.example/pb?id=(idfa)

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return findings(checked, Problem.NEEDS_CONSENT)
