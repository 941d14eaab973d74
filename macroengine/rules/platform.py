"""Rules about templates of other platforms, and about macros that were not translated."""

from collections.abc import Iterator

from macroengine.diagnostics import Finding, Span
from macroengine.language.untranslated import PLACEHOLDER
from macroengine.rules.checked import Checked
from macroengine.rules.messages import about_whole


def foreign_template(checked: Checked) -> Iterator[Finding]:
    """Template of another platform.

    What it does:
        Finds templates that were clearly written for another platform, judging by their syntax and several names. This
        is reported once, instead of a finding for each macro.

    Why it matters:
        The platform does not replace these macros: their text is sent literally.

    Example:
        https://n.example/pb?gaid=${(user_data.aaid)!}&ip=${(user_data.ip)!}

    Use instead:
        https://n.example/pb?gaid=(advertising_id)&ip=(ip)
    """
    return about_whole(checked, "foreign_template")


def untranslated_macro(checked: Checked) -> Iterator[Finding]:
    """Macro that could not be translated.

    What it does:
        Finds `UNTRANSLATED-name`, which `translate` writes for a macro that the target platform does not have.

    Why it matters:
        It is a note for the author. It would be sent literally.

    Example:
        https://n.example/pb?id=UNTRANSLATED-click-id

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    for match in PLACEHOLDER.finditer(checked.source):
        message = f"{match[0]} was left by a translation; write a macro or a value, or remove the parameter"
        yield Finding(Span(*match.span()), message)
