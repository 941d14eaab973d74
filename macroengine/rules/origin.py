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
        The value of the macro decides who gets the data, and the sender of the value decides it.

    Example:
        https://(af_siteid)/pb

    Use instead:
        https://n.example/pb?site=(af_siteid)
    """
    return findings(checked, Problem.DECIDES_ORIGIN)


def macro_in_host(checked: Checked) -> Iterator[Finding]:
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
    return findings(checked, Problem.HOST_LABEL)


def macro_in_app_url(checked: Checked) -> Iterator[Finding]:
    """Macro after the `://` of an app's own scheme.

    What it does:
        Finds macros between `://` and the path, where the scheme is not one of the web.

    Why it matters:
        A URL of the web names the server there. An app reads its own URLs as it likes, so it is not an error.

    Example:
        myscheme://click_id=(clickid)

    Use instead:
        myscheme://open?click_id=(clickid)
    """
    return findings(checked, Problem.APP_SERVER)


def script_url(checked: Checked) -> Iterator[Finding]:
    """Program or page in place of an address.

    What it does:
        Finds templates that begin with `javascript:`, `data:` or `vbscript:`.

    Why it matters:
        Nothing is requested from a server. What opens such a URL runs or shows its text, values included.

    Example:
        javascript:send("(clickid)")

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    scheme = script_scheme(checked.template)
    if scheme is not None:
        yield Finding(Span(0, 1), f"{scheme}: is not an address that a postback can be sent to")
