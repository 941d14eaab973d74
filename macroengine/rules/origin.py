"""Rules about the part of a URL that names the server."""

from collections.abc import Iterator

from macroengine.diagnostics import Finding, Span
from macroengine.plan.origin import script_scheme
from macroengine.plan.resolve import Problem
from macroengine.rules.checked import Checked
from macroengine.rules.messages import findings


def macro_in_origin(checked: Checked) -> Iterator[Finding]:
    """Macro in the scheme, user info, host or port.

    What it does:
        Finds macros before the path, except those that `macro-in-host` finds.

    Why it matters:
        The value of the macro decides who receives the data, so its sender can redirect it.

    Example:
        https://(af_siteid)/pb

    Use instead:
        https://n.example/pb?site=(af_siteid)
    """
    return findings(checked, Problem.DECIDES_ORIGIN)


def macro_in_host(checked: Checked) -> Iterator[Finding]:
    """Macro as a label of the host, to the left of a literal domain.

    What it does:
        Finds macros in the host whose values cannot lead out of the domain to their right.

    Why it matters:
        The value of the macro decides which server of the domain receives the data. If that is intended, use
        `allow_host_macros=True`; the value is then checked to be a single label.

    Example:
        https://(app_id).n.example/pb

    Use instead:
        https://n.example/pb?app=(app_id)
    """
    return findings(checked, Problem.HOST_LABEL)


def macro_in_app_url(checked: Checked) -> Iterator[Finding]:
    """Macro after the `://` of a custom app scheme.

    What it does:
        Finds macros between `://` and the path of a URL whose scheme is not a web scheme.

    Why it matters:
        In a web URL this part names the server. An app may read its own URLs in any way, so this is not an error.

    Example:
        myscheme://click_id=(clickid)

    Use instead:
        myscheme://open?click_id=(clickid)
    """
    return findings(checked, Problem.APP_SERVER)


def script_url(checked: Checked) -> Iterator[Finding]:
    """Script or inline page instead of an address.

    What it does:
        Finds templates that begin with `javascript:`, `data:` or `vbscript:`.

    Why it matters:
        Nothing is requested from a server. Opening such a URL runs or shows its text, including the values.

    Example:
        javascript:send("(clickid)")

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    scheme = script_scheme(checked.template)
    if scheme is not None:
        yield Finding(Span(0, 1), f"{scheme}: is not an address that a postback can be sent to")
