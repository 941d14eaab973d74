"""Rules about the names of macros."""

from collections.abc import Iterator

from macroengine.diagnostics import Finding
from macroengine.plan.resolve import Problem
from macroengine.rules.checked import Checked
from macroengine.rules.messages import findings


def unknown_macro(checked: Checked) -> Iterator[Finding]:
    """Macro that the dialect does not have.

    What it does:
        Finds macros that a complete catalogue of the dialect does not contain in any spelling.

    Why it matters:
        The platform sends the macro's own text, or nothing, and nobody notices until reports do not add up.

    Example:
        https://n.example/pb?id=(clickd)

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return findings(checked, Problem.UNKNOWN)


def unlisted_macro(checked: Checked) -> Iterator[Finding]:
    """Macro that is missing from the dialect's incomplete catalogue.

    What it does:
        Finds macros, and hashes of macros, that are not in the catalogue of a dialect that is known to be incomplete.

    Why it matters:
        The platform may have the macro, or the name may be wrong. The library has no value for it and renders it like a
        missing value. It sends the macro's own text only with `unknown="keep"` or `missing="keep"`.

    With:
        dialect="tiktok"

    Example:
        https://n.example/click?id=__CLICKED__

    Use instead:
        https://n.example/click?id=__CLICKID__
    """
    return findings(checked, Problem.UNLISTED)


def macro_with_argument(checked: Checked) -> Iterator[Finding]:
    """Macro with an argument, which the platform can fill and the library cannot.

    What it does:
        Finds macros with more than a name: the format of a date, a network, a text for some devices only.

    Why it matters:
        The value depends on the argument, and no event has it: compiling the template is an error.

    With:
        dialect="google-ads"

    Example:
        https://n.example/?device={ifmobile:phone}

    Use instead:
        https://n.example/?device={device}
    """
    for macro in checked.resolution.macros:
        if macro.node.argument is not None and macro.spec is not None:
            message = f"{macro.node.text} has an argument: it can be checked but not rendered"
            hint = f"argument: {macro.spec.argument}" if macro.spec.argument else None
            yield Finding(macro.node.span, message, hint)


def undocumented_spelling(checked: Checked) -> Iterator[Finding]:
    """Macro in a spelling that no document uses.

    What it does:
        Finds names that differ from a documented one only in case, `-` or `_`.

    Why it matters:
        The platform does not document that it accepts other spellings.

    Example:
        https://n.example/pb?id=(click_id)

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return findings(checked, Problem.UNDOCUMENTED_SPELLING)


def legacy_name(checked: Checked) -> Iterator[Finding]:
    """Name from an older document, for a macro that has a newer name.

    What it does:
        Finds names that the current document no longer has.

    Why it matters:
        The platform may stop reading them.

    Example:
        https://n.example/pb?ts=(install-unix-ts)

    Use instead:
        https://n.example/pb?ts=(install_unix_ts)
    """
    return findings(checked, Problem.LEGACY)


def near_miss(checked: Checked) -> Iterator[Finding]:
    """Parameter of the tracking link with almost the name of a macro.

    What it does:
        Finds names that are similar to a documented macro, and that an open dialect reads as a parameter.

    Why it matters:
        A typo in the name of a macro is not an error in these dialects: the value is sent empty.

    With:
        dialect="appmetrica"

    Example:
        https://n.example/pb?id={clickid}

    Use instead:
        https://n.example/pb?id={click_id}
    """
    return findings(checked, Problem.PARAMETER)


def undocumented_hash(checked: Checked) -> Iterator[Finding]:
    """Hash that is not documented for this macro.

    What it does:
        Finds hashes other than those that the platform documents. Personal data is not fixed, because the fix would
        send it without a hash.

    Why it matters:
        The platform sends the macro's own text, or nothing.

    Example:
        https://n.example/pb?site=(sha1-af_siteid)

    Use instead:
        https://n.example/pb?site=(af_siteid)
    """
    return findings(checked, Problem.UNDOCUMENTED_HASH)


def hash_of_hash(checked: Checked) -> Iterator[Finding]:
    """Hash of a hash.

    What it does:
        Finds a hash of a macro that is already written as a hash, and other functions of a function.

    Why it matters:
        No platform documents it, and the hash of a hash matches nothing.

    Example:
        https://n.example/pb?id=(sha1-sha1-idfa)

    Use instead:
        https://n.example/pb?id=(sha1-idfa)
    """
    return findings(checked, Problem.HASH_OF_HASH)
