"""Rules about templates of other platforms, and about what translating one has left."""

from collections.abc import Iterator

from macroengine.diagnostics import Finding, Span
from macroengine.language.untranslated import PLACEHOLDER
from macroengine.rules.checked import Checked
from macroengine.rules.messages import about_whole


def foreign_template(checked: Checked) -> Iterator[Finding]:
    """Template of another platform.

    What it does:
        Finds templates that are plainly written for another platform, by their syntax and by several names. It is
        reported once, in place of a finding for each macro.

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
        Finds `UNTRANSLATED-name`, which `translate` writes where the other platform has no such macro.

    Why it matters:
        It is a note for people; it would be sent literally.

    Example:
        https://n.example/pb?id=UNTRANSLATED-click-id

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    for match in PLACEHOLDER.finditer(checked.source):
        message = f"{match[0]} was left by a translation; write a macro or a value, or remove the parameter"
        yield Finding(Span(*match.span()), message)
