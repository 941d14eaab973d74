"""Rules about the part of a URL that names the server."""

from collections.abc import Iterator

from macroengine.diagnostics import Finding
from macroengine.resolve import Problem
from macroengine.rules.context import Context
from macroengine.rules.wording import findings


def macro_in_origin(context: Context) -> Iterator[Finding]:
    """Macro in the scheme, user info, host or port.

    What it does:
        Finds macros before the path, but for those that `macro-in-host` finds.

    Why it matters:
        The value of the macro decides who gets the data, and whoever sends the value decides it.

    Example:
        https://(af_siteid)/pb

    Use instead:
        https://n.example/pb?site=(af_siteid)
    """
    return findings(context, Problem.DECIDES_ORIGIN)


def macro_in_host(context: Context) -> Iterator[Finding]:
    """Macro as a label of the host, left of a literal domain.

    What it does:
        Finds macros in the host that cannot lead out of the domain to their right.

    Why it matters:
        The value of the macro decides which server of the domain gets the data. Who wants that says
        `allow_host_macros=True`; the value is then checked to be a single label.

    Example:
        https://(app_id).n.example/pb

    Use instead:
        https://n.example/pb?app=(app_id)
    """
    return findings(context, Problem.HOST_LABEL)
