"""Rules about what a network may be told, and when."""

from collections.abc import Iterator

from macroengine.diagnostics import Finding
from macroengine.kinds import Identifier
from macroengine.plan.resolve import Problem
from macroengine.rules.checked import Checked
from macroengine.rules.structure import http_scheme
from macroengine.rules.wording import findings


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
        Finds templates that send an advertising identifier, as it is or hashed, and nothing about ad tracking or
        consent, though the dialect has macros for that.

    Why it matters:
        The receiver cannot know whether the identifier may be used, or why it is missing.

    Example:
        https://n.example/pb?idfa=(idfa)

    Use instead:
        https://n.example/pb?idfa=(idfa)&att=(att-status)
    """
    sent = [(macro.node, macro.spec) for macro in checked.resolution.macros if macro.spec is not None]
    identifiers = [node for node, spec in sent if spec.identifier is Identifier.ADVERTISING]
    if identifiers and not any(spec.consent for _, spec in sent):
        words = [spec.name for spec in checked.dialect.macros.values() if spec.consent]
        if words:
            hint = f"there are: {', '.join(map(checked.dialect.syntax.write, words))}"
            yield Finding(identifiers[0].span, "advertising identifier without the user's consent", hint)


def raw_and_hashed(checked: Checked) -> Iterator[Finding]:
    """Identifier that is sent both as it is and hashed.

    What it does:
        Finds hashes of an identifier that the template also sends as it is.

    Why it matters:
        The hash hides nothing then, and the receiver can learn whose it is.

    Example:
        https://n.example/pb?idfa=(idfa)&hash=(sha1-idfa)

    Use instead:
        https://n.example/pb?hash=(sha1-idfa)
    """
    fields = [(macro, macro.spec.field) for macro in checked.resolution.macros if macro.spec is not None]
    raw = {field for macro, field in fields if macro.node.function is None}
    for macro, field in fields:
        if macro.node.function is not None and field in raw:
            yield Finding(macro.node.span, f"{macro.node.text} is sent as it is, too; send one of the two")


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
