"""Rules about URLs that other software has mangled, as if they were its own text."""

from collections.abc import Iterator

from macroengine.diagnostics import Finding, Fix
from macroengine.rules.checked import Checked


def html_entity(checked: Checked) -> Iterator[Finding]:
    """Ampersand that was read as an HTML entity, or was turned into one.

    What it does:
        Finds `¤cy=` instead of `&currency=`, likewise `®ion=`, `×tamp=`, `§ion=`, `¶m=` and all other names that HTML
        reads without a semicolon; also `&amp;`, `&;` (which lost its letters), `&#38;` and other entities.

    Why it matters:
        The parameter is lost: its text becomes part of the previous value, or its name becomes `amp;...`.

    Example:
        https://n.example/pb?id=(clickid)¤cy=EUR&amp;ip=(ip)

    Use instead:
        https://n.example/pb?id=(clickid)&currency=EUR&ip=(ip)
    """
    for span, replacement in checked.entities:
        text = checked.text(span)
        # The replaced character is not allowed in a URL, so the author cannot have intended it.
        safe = replacement.isascii() or replacement.isspace()
        message = f"{text!r} is {replacement!r} damaged by HTML; write {replacement}"
        yield Finding(span, message, None, Fix(replacement, span, safe=safe))


def backslash_escape(checked: Checked) -> Iterator[Finding]:
    r"""Backslash that JSON, JavaScript or Markdown needs, but a URL does not.

    What it does:
        Finds backslashes before the delimiters of a URL, and ampersands in JSON's escaped form, a backslash and u0026.

    Why it matters:
        The text was copied from the source code of a program or a page.

    Example:
        https:\/\/n.example\/pb?click\_id=(clickid)

    Use instead:
        https://n.example/pb?click_id=(clickid)
    """
    for span, replacement in checked.backslashes:
        text = checked.text(span)
        yield Finding(span, f"escaped {text}; write {replacement}", None, Fix(replacement, span, safe=True))


def html_tag(checked: Checked) -> Iterator[Finding]:
    """HTML tag.

    What it does:
        Finds tags and incomplete tags in a template.

    Why it matters:
        They were copied along with the text, and would be sent.

    Example:
        https://n.example/pb?id=<b>(clickid)</b>

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    for span in checked.tags:
        text = checked.text(span)
        yield Finding(span, f"HTML tag {text.strip()}; remove it", None, Fix("", span, safe=False))
