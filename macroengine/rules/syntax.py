"""Rules about text that cannot be a template, or cannot be meant as it stands."""

from collections.abc import Iterator

from macroengine.diagnostics import Finding, Span
from macroengine.rules.context import Context


def empty_template(context: Context) -> Iterator[Finding]:
    """Template without any text.

    What it does:
        Finds a template that is empty.

    Why it matters:
        There is nobody to send a postback to.

    Example:
        (nothing)

    Use instead:
        https://n.example/pb?clickid=(clickid)
    """
    if not context.source:
        yield Finding(Span(0, 0), "template is empty", "write a URL")
