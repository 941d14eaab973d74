"""Rules about what other software makes of a URL that it takes for its own text."""

from collections.abc import Iterator

from macroengine.diagnostics import Finding, Fix
from macroengine.rules.checked import Checked


def html_entity(checked: Checked) -> Iterator[Finding]:
    """Ampersand that was taken for the beginning of an HTML entity, or was made one.

    What it does:
        Finds `¤cy=` where `&currency=` was, likewise `®ion=`, `×tamp=`, `§ion=`, `¶m=` and all others that HTML
        reads without a semicolon; and `&amp;`, `&;` (it lost its letters), `&#38;` and other entities.

    Why it matters:
        The parameter is lost: its text becomes part of the value before it, or it is called `amp;...`.

    Example:
        https://n.example/pb?id=(clickid)¤cy=EUR&amp;ip=(ip)

    Use instead:
        https://n.example/pb?id=(clickid)&currency=EUR&ip=(ip)
    """
    for span, replacement in checked.entities:
        text = checked.text(span)
        # A character that no URL may have is never intended.
        safe = replacement.isascii() or replacement.isspace()
        message = f"{text!r} is {replacement!r} damaged by HTML; write {replacement}"
        yield Finding(span, message, None, Fix(replacement, span, safe=safe))


def backslash_escape(checked: Checked) -> Iterator[Finding]:
    r"""Backslash that JSON, JavaScript or Markdown needs, and a URL does not.

    What it does:
        Finds backslashes before the delimiters of a URL, and ampersands written in JSON's way, as backslash and u0026.

    Why it matters:
        What was copied is the source of a program or a page, not the URL.

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
        Finds tags, and the ends of tags, in the text of a template.

    Why it matters:
        They were copied with the text, and would be sent.

    Example:
        https://n.example/pb?id=<b>(clickid)</b>

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    for span in checked.tags:
        text = checked.text(span)
        yield Finding(span, f"HTML tag {text.strip()}; remove it", None, Fix("", span, safe=False))
