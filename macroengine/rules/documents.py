"""Rules about text that is not a template. No other rule speaks of such text, and nothing rewrites it."""

from collections.abc import Iterator

from macroengine.diagnostics import Finding
from macroengine.rules.checked import Checked
from macroengine.rules.messages import about_whole


def json_document(checked: Checked) -> Iterator[Finding]:
    """JSON document.

    What it does:
        Finds text that begins as a JSON object or array does.

    Why it matters:
        A body or an export is not a URL, and a fix meant for a URL would break it.

    Example:
        {"url": "https://n.example/pb?id=(clickid)"}

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return about_whole(checked, "json_document")


def html_document(checked: Checked) -> Iterator[Finding]:
    """HTML or XML.

    What it does:
        Finds text that begins with a tag, or contains links of HTML.

    Why it matters:
        A page is not a URL, and a fix meant for a URL would break it.

    Example:
        <p>Call <a href="https://n.example/pb?id=(clickid)">us</a></p>

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return about_whole(checked, "html_document")


def several_templates(checked: Checked) -> Iterator[Finding]:
    r"""Several templates in one.

    What it does:
        Finds text with more than one URL, on several lines or with spaces between them.

    Why it matters:
        They would be sent as one URL, which leads to the first server with the second URL in its last value.

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
        There is nothing to send. The cell or line beside it may have been meant.

    Example:
        please send us the postback

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return about_whole(checked, "prose")


def http_request(checked: Checked) -> Iterator[Finding]:
    r"""Whole HTTP request.

    What it does:
        Finds a method and a URL with headers or a body on the lines after them.

    Why it matters:
        A template is the URL alone; the rest would become part of it.

    Example:
        GET /pb?id=(clickid) HTTP/1.1\nHost: n.example

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return about_whole(checked, "http_request")


def tracking_link(checked: Checked) -> Iterator[Finding]:
    """Tracking link, which is not a postback.

    What it does:
        Finds URLs on the hosts of AppsFlyer's, Adjust's, AppMetrica's and others' tracking links.

    Why it matters:
        Users click on a tracking link; a postback tells of what they did then. The macros in a link are for the ad
        network to replace, so none of them should be rewritten in the platform's syntax.

    Example:
        https://app.appsflyer.com/com.example?pid=n_int&clickid={transaction_id}

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    return about_whole(checked, "tracking_link")
