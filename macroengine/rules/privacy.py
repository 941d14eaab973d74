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

_ADVERTISING: Final = Identifier.ADVERTISING  # looking up a member takes as long as a call in Python 3.11


def unavailable_macro(checked: Checked) -> Iterator[Finding]:
    """Macro that does not exist for this kind of postback.

    What it does:
        Finds macros that the platform never fills for the kind of postback the template is for.

    Why it matters:
        They are always missing.

    Example:
        https://n.example/pb?event=(event_name)

    Use instead:
        https://n.example/pb?installed=(install_time)
    """
    return findings(checked, Problem.UNAVAILABLE)


def macro_out_of_context(checked: Checked) -> Iterator[Finding]:
    """Macro that is not available where the template is used.

    What it does:
        Finds macros that the platform does not fill in the policy's context, such as `burl`, `tracking` or `click`.
        `macroengine macros NAME` shows the contexts of a macro.

    Why it matters:
        They are always missing.

    With:
        dialect="vast", policy=Policy(context="tracking")

    Example:
        https://n.example/pixel?code=[ERRORCODE]

    Use instead:
        https://n.example/pixel?at=[TIMESTAMP]
    """
    return findings(checked, Problem.OUT_OF_CONTEXT)


def withheld_macro(checked: Checked) -> Iterator[Finding]:
    """Macro that is not filled for events attributed to other networks.

    What it does:
        Finds macros that require attribution in a template that is sent for all events (`send_all`).

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
        Finds macros whose values come from a source that is not in the policy's `sources`.

    Why it matters:
        The policy does not let the network have them.

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
        Finds macros that read a value that the policy denies, including hashes of it.

    Why it matters:
        The policy does not let the network have it.

    With:
        policy=Policy(deny={"idfa"})

    Example:
        https://n.example/pb?id=(sha1-idfa)

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return findings(checked, Problem.DENIED)


def personal_data_over_http(checked: Checked) -> Iterator[Finding]:
    """Personal identifier that is sent without encryption.

    What it does:
        Finds macros that the catalogue marks as personal, and hashes of them, in an `http:` template.

    Why it matters:
        Anyone on the network path can read the identifier and the data that is sent with it.

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
    """Advertising identifier without the user's consent status.

    What it does:
        Finds templates that send an advertising identifier, or its hash, without the ad tracking or consent status,
        although the dialect has macros for that.

    Why it matters:
        The receiver cannot know whether it may use the identifier, or why it is missing.

    Example:
        https://n.example/pb?idfa=(idfa)

    Use instead:
        https://n.example/pb?idfa=(idfa)&att=(att-status)
    """
    first = None
    for macro in checked.resolution.macros:
        spec = macro.spec
        if spec is None:
            continue
        if spec.consent:
            return
        if first is None and spec.identifier is _ADVERTISING:
            first = macro.node
    words = _consent_macros(checked.dialect) if first else []
    if first and words:
        hint = f"macros for it: {', '.join(words)}"
        yield Finding(first.span, "advertising identifier without the user's consent", hint)


@lru_cache(maxsize=8)
def _consent_macros(dialect: Dialect) -> list[str]:
    return [dialect.syntax.write(spec.name) for spec in dialect.macros.values() if spec.consent]


def raw_and_hashed(checked: Checked) -> Iterator[Finding]:
    """Identifier that is sent both unhashed and hashed.

    What it does:
        Finds hashes of an identifier that the template also sends unhashed.

    Why it matters:
        The hash then protects nothing: the receiver can see which identifier it belongs to.

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
    """Identifier that is withheld if the user does not share it.

    What it does:
        Finds advertising and device identifiers, and their hashes, if the policy requires the user's consent.

    Why it matters:
        They are missing for every event whose user limits ad tracking or has not authorized it. A receiver that needs
        them loses these events.

    With:
        policy=Policy(consent=True)

    Example:
        https://n.example/pb?id=(idfa)

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return findings(checked, Problem.NEEDS_CONSENT)
