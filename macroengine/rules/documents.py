"""Rules about text that is not a template. Other rules skip such text, and no fix changes it."""

from collections.abc import Iterator

from macroengine.diagnostics import Finding
from macroengine.rules.checked import Checked
from macroengine.rules.messages import about_whole


def json_document(checked: Checked) -> Iterator[Finding]:
    """JSON document.

    What it does:
        Finds text that begins like a JSON object or array.

    Why it matters:
        A request body or an export is not a URL, and fixes meant for a URL would break it.

    Example:
        {"url": "https://n.example/pb?id=(clickid)"}

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return about_whole(checked, "json_document")


def html_document(checked: Checked) -> Iterator[Finding]:
    """HTML or XML.

    What it does:
        Finds text that begins with a tag, or contains HTML links.

    Why it matters:
        A page is not a URL, and fixes meant for a URL would break it.

    Example:
        <p>Call <a href="https://n.example/pb?id=(clickid)">us</a></p>

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return about_whole(checked, "html_document")


def several_templates(checked: Checked) -> Iterator[Finding]:
    r"""Several templates in one text.

    What it does:
        Finds text with more than one URL, on separate lines or separated by spaces.

    Why it matters:
        They would be sent as a single URL: to the first server, with the second URL inside its last value.

    Example:
        https://n.example/pb?id=(clickid)\nhttps://m.example/pb?id=(clickid)

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return about_whole(checked, "several_templates")


def prose(checked: Checked) -> Iterator[Finding]:
    """Prose without a template.

    What it does:
        Finds text that begins with words and has no URL.

    Why it matters:
        There is nothing to send. Perhaps the template is in the next cell or line.

    Example:
        please send us the postback

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return about_whole(checked, "prose")


def http_request(checked: Checked) -> Iterator[Finding]:
    r"""Whole HTTP request.

    What it does:
        Finds a method and a URL, followed by lines with headers or a body.

    Why it matters:
        A template is only the URL; the rest would become part of it.

    Example:
        GET /pb?id=(clickid) HTTP/1.1\nHost: n.example

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return about_whole(checked, "http_request")


def tracking_link(checked: Checked) -> Iterator[Finding]:
    """Tracking link instead of a postback.

    What it does:
        Finds URLs on the hosts of tracking links: AppsFlyer's, Adjust's, AppMetrica's and others'.

    Why it matters:
        Users click on a tracking link; a postback reports what they did afterwards. The ad network replaces the macros
        in a tracking link, so they should not be rewritten in the platform's syntax.

    Example:
        https://app.appsflyer.com/com.example?pid=n_int&clickid={transaction_id}

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return about_whole(checked, "tracking_link")
