"""Rules about what a network may be told, and when."""

from collections.abc import Iterator

from macroengine.diagnostics import Finding
from macroengine.resolve import Problem
from macroengine.rules.context import Context


def unavailable_macro(context: Context) -> Iterator[Finding]:
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
    return context.resolution.findings(Problem.UNAVAILABLE)


def withheld_macro(context: Context) -> Iterator[Finding]:
    """Macro that is not filled for events of other networks.

    What it does:
        Finds macros without "send all" in a template that is sent for all events.

    Why it matters:
        They are missing for every event that is not attributed to the network.

    Example:
        send-all: https://n.example/pb?id=(clickid)

    Use instead:
        send-all: https://n.example/pb?id=(appsflyer_id)
    """
    return context.resolution.findings(Problem.WITHHELD)


def source_not_allowed(context: Context) -> Iterator[Finding]:
    """Macro from a source that the policy does not allow.

    What it does:
        Finds macros whose values come from a source that is not among the policy's `sources`.

    Why it matters:
        The policy says that the network may not have them.

    Example:
        no-link: https://n.example/pb?id=(clickid)

    Use instead:
        no-link: https://n.example/pb?id=(appsflyer_id)
    """
    return context.resolution.findings(Problem.SOURCE_NOT_ALLOWED)


def denied_macro(context: Context) -> Iterator[Finding]:
    """Macro that the policy denies.

    What it does:
        Finds macros that read a value which the policy denies, hashes of it included.

    Why it matters:
        The policy says that the network may not have it.

    Example:
        no-idfa: https://n.example/pb?id=(sha1-idfa)

    Use instead:
        no-idfa: https://n.example/pb?id=(clickid)
    """
    return context.resolution.findings(Problem.DENIED)
