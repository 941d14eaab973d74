"""Rules about text that surrounds a template when people paste it."""

from collections.abc import Iterator

from macroengine.diagnostics import Finding, Fix, Span
from macroengine.rules.beginnings import MACRO_ENDS, STRIPPED
from macroengine.rules.checked import Checked
from macroengine.rules.messages import about_whole

_PUNCTUATION = (",", ";", "*", ".", "'")
_RUNS = ",;*"


def text_before_template(checked: Checked) -> Iterator[Finding]:
    """Text before a template: a method, a label, a bullet.

    What it does:
        Finds text that people write before a URL: `GET`, `URL:`, `Install postback:`, `1.`, `-`, and other words.

    Why it matters:
        It was copied along with the template and is not part of it. The fix is safe, except for unknown words.

    Example:
        Install postback: https://n.example/pb?id=(clickid)

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return about_whole(checked, "text_before_template")


def text_after_template(checked: Checked) -> Iterator[Finding]:
    """Text after a template: an HTTP version, a comment, a remark.

    What it does:
        Finds text that people write after a URL: `HTTP/1.1`, `# note`, `(install)`.

    Why it matters:
        It was copied along with the template and is not part of it.

    Example:
        https://n.example/pb?id=(clickid)  # for installs

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return about_whole(checked, "text_after_template")


def shell_command(checked: Checked) -> Iterator[Finding]:
    """Shell command that sends a request.

    What it does:
        Finds commands of curl, wget and others. There is a fix if the command adds nothing to the URL.

    Why it matters:
        A template is only the URL, without the quotes that the shell needs.

    Example:
        curl -X POST "https://n.example/pb?id=(clickid)"

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return about_whole(checked, "shell_command")


def quoted_template(checked: Checked) -> Iterator[Finding]:
    """Template in quotes or brackets.

    What it does:
        Finds quotes of any kind, brackets, backticks and asterisks around a whole template.

    Why it matters:
        They belong to the text that the template was copied from, or to a shell that does not know them.

    Example:
        “https://n.example/pb?id=(clickid)”

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return about_whole(checked, "quoted_template")


def linked_template(checked: Checked) -> Iterator[Finding]:
    """Template in a link or an element of a markup language.

    What it does:
        Finds links in Markdown, HTML, Slack, Jira and others, HTML elements, and XML CDATA sections.

    Why it matters:
        Only the target of the link is the template. There is no fix if the link shows one URL and leads to another.

    Example:
        [postback](https://n.example/pb?id=(clickid))

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return about_whole(checked, "linked_template")


def rewritten_link(checked: Checked) -> Iterator[Finding]:
    """URL that a mail filter or redirect has replaced with its own.

    What it does:
        Finds links of Outlook SafeLinks, Proofpoint URL Defense, Barracuda, Mimecast, and redirects of Google and
        others. If such a link contains the original URL, the fix restores it.

    Why it matters:
        The postback would be sent to the filter, which re-encodes the URL that it forwards.

    Example:
        https://eu1.safelinks.protection.outlook.com/?url=https%3A%2F%2Fn.example

    Use instead:
        https://n.example
    """
    return about_whole(checked, "rewritten_link")


def quoted_printable(checked: Checked) -> Iterator[Finding]:
    """Template in quoted-printable, an encoding of emails.

    What it does:
        Finds templates in which every equals sign is written `=3D` or ends a line.

    Why it matters:
        The source of an email was copied: every value would begin with `3D`.

    Example:
        https://n.example/pb?id=3D(clickid)&ip=3D(ip)

    Use instead:
        https://n.example/pb?id=(clickid)&ip=(ip)
    """
    return about_whole(checked, "quoted_printable")


def trailing_punctuation(checked: Checked) -> Iterator[Finding]:
    """Punctuation at the end of a template.

    What it does:
        Finds a comma, semicolon or asterisk at the end and, after a macro, a full stop or the only quotation mark of
        the template. The fix is safe after a macro.

    Why it matters:
        It belongs to a sentence, a list or a footnote, and would be sent with the last value.

    Example:
        https://n.example/pb?id=(clickid),

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    source = checked.source
    text = source.rstrip()
    if not text.endswith(_PUNCTUATION) or text.endswith("..") or checked.template.slashes is None:
        return
    mark = text[-1]
    if mark in _RUNS:
        # All of it at once, also with white space in between: a fix takes only so many rounds.
        mark = text[len(text.rstrip(_RUNS + STRIPPED)) :].lstrip(STRIPPED)
    before = text[: len(text) - len(mark)]
    safe = before.endswith(MACRO_ENDS) and mark.isprintable() and " " not in mark
    if mark == "'" and (not safe or "'" in before):
        return
    if safe or (mark != "." and "/" in before[checked.template.slashes.span.stop :]):
        span = Span(len(before), len(text))
        message = f"{mark!r} at the end is probably not part of the template; remove it"
        yield Finding(span, message, None, Fix("", span, safe=safe))
