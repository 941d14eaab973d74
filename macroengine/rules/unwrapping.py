"""Recover a URL from the forms in which mail programs and pages write it."""

import re
import string
from base64 import urlsafe_b64decode
from itertools import islice
from urllib.parse import unquote

# In a run token of Proofpoint version 3, the last character encodes how many characters it stands for, from 2 on.
_RUNS = {
    char: length for length, char in enumerate(string.ascii_uppercase + string.ascii_lowercase + "0123456789-_", 2)
}
_DEFENDED = re.compile(r"/v3/__(?P<url>.*)__;(?P<taken>[\w-]*=*)!", re.DOTALL)
_TOKEN = re.compile(r"\*(?:\*(?P<run>[\w-]))?")
_ONE_SLASH = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*:/)(?=[^/])")
_ESCAPED = re.compile(r"=[0-9A-Fa-f]{2}|=[ \t]*(?:\r?\n|$)")
_NAME_END = re.compile(r"(?:^|[?&;])[\w.~\[\]-]*$")
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")


def percent_decoded(text: str) -> str | None:
    """Return the URL in a parameter, percent-decoded; None if it is not UTF-8.

    >>> percent_decoded("https%3A%2F%2Fn.example%2Fpb%3Fid%3D%28clickid%29")
    'https://n.example/pb?id=(clickid)'
    """
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return None


def proofpoint_2_decoded(text: str) -> str | None:
    """Return the URL in the parameter `u` of a Proofpoint version 2 link.

    >>> proofpoint_2_decoded("https-3A__n.example_pb-3Fid-3D-28clickid-29")
    'https://n.example/pb?id=(clickid)'
    """
    return percent_decoded(text.translate({ord("-"): "%", ord("_"): "/"}))


def proofpoint_3_decoded(text: str) -> str | None:
    """Return the URL inside a Proofpoint version 3 link, or None if the link is incomplete.

    >>> proofpoint_3_decoded("https://urldefense.com/v3/__https://n.example/pb?a=*7Bid*7D__;JSU!!x!y$")
    'https://n.example/pb?a=%7Bid%7D'
    """
    found = _DEFENDED.search(text)
    if found is None:
        return None
    try:
        taken = iter(urlsafe_b64decode(found["taken"].rstrip("=") + "==").decode())
    except ValueError:
        return None
    url = _ONE_SLASH.sub(r"\1/", found["url"])
    tokens = list(_TOKEN.finditer(url))
    pieces, end = [], 0
    for token in tokens:
        length = _RUNS[token["run"]] if token["run"] else 1
        run = "".join(islice(taken, length))
        if len(run) < length:
            return None
        pieces += [url[end : token.start()], run]
        end = token.end()
    return "".join([*pieces, url[end:]])


def is_quoted_printable(text: str) -> bool:
    """Say whether all equals signs in a text are quoted-printable escapes (RFC 2045 section 6.7).

    >>> is_quoted_printable("?id=3D(clickid)"), is_quoted_printable("?format=3D&id=(clickid)")
    (True, False)
    """
    if len(_ESCAPED.findall(text)) != text.count("="):
        return False
    # The value 3D looks like the escape, but after an escaped equals sign a value follows.
    return re.search(r"=3[Dd](?![&\s]|$)", text) is not None or _has_soft_break(text)


def _has_soft_break(text: str) -> bool:
    """Say whether an equals sign at the end of a line is a soft line break, and not the end of a parameter's name."""
    breaks = (escape.start() for escape in _ESCAPED.finditer(text) if "\n" in escape[0])
    return "://" in text and any(not _NAME_END.search(text[max(0, start - 100) : start]) for start in breaks)


def quoted_printable_decoded(text: str) -> str | None:
    r"""Return a text decoded from quoted-printable, or None if it is not UTF-8.

    >>> quoted_printable_decoded("?id=3D(clickid)&a=\n=3D1")
    '?id=(clickid)&a=1'
    """
    pieces: list[bytes] = []
    end = 0
    for escape in _ESCAPED.finditer(text):
        hexadecimal = escape[0][1:].strip()
        pieces += [text[end : escape.start()].encode("utf-8", "surrogatepass"), bytes.fromhex(hexadecimal)]
        end = escape.end()
    try:
        return b"".join([*pieces, text[end:].encode("utf-8", "surrogatepass")]).decode()
    except UnicodeDecodeError:
        return None


def html_decoded(text: str) -> str:
    """Return the URL in an HTML attribute. References without a semicolon are parameters, such as &currency=.

    >>> html_decoded("?id=(clickid)&amp;ip=(ip)&currency=EUR")
    '?id=(clickid)&ip=(ip)&currency=EUR'
    """
    from html import unescape  # noqa: PLC0415 - a large table that few templates need

    return _REFERENCE.sub(lambda reference: unescape(reference[0]), text)


DECODERS = {
    "percent": percent_decoded,
    "proofpoint-2": proofpoint_2_decoded,
    "html": html_decoded,
}
