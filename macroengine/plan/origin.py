"""Find the macros that can decide which server receives the URL, for any client and with any macros left empty.

Browsers and libraries disagree about where the server is in a URL. A macro is only safe if none of them reads it there.
The grammar follows RFC 3986; `_by_browser` follows the WHATWG standard (https://url.spec.whatwg.org, section 4.4).
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from functools import cache
from pathlib import Path
from typing import Any

from macroengine.caching import late_pattern
from macroengine.language.nodes import Delimiter, Literal, Pieces
from macroengine.template import Template

_SCHEMES = Path(__file__).resolve().parents[1] / "rules" / "data" / "schemes.toml"

# Browsers remove tabs anywhere, so a tab can stand for a macro that may be empty.
_MACRO = "\t"
_REMOVED = str.maketrans("", "", "\t\n\r")
# Spaces and control characters before a scheme are ignored. Some libraries also strip Unicode white space.
_HEAD = late_pattern(r"(?P<before>[\0- \s]*)(?P<scheme>[A-Za-z\t][A-Za-z0-9+.\t-]*):(?P<rest>.*)", re.DOTALL)
_ordinary = re.compile(r"[A-Za-z0-9.:_-]+").fullmatch
_is_scheme = re.compile(r"[a-z][a-z0-9+.-]*").fullmatch
# Two slashes, if the macros are empty.
_TWO_SLASHES = late_pattern(r"[\0- \s]*[/\\]\t*[/\\]")
_SERVER = late_pattern(r"[/\\\t]*[^/\\]*")
_TWO_OF_AN_APP = late_pattern(r"\t*/\t*/")


class Origin(Enum):
    """What a macro can decide."""

    SERVER = auto()
    """The scheme, user info, host or port, or whether there is a host at all."""
    LABEL = auto()
    """A label of the host, to the left of a literal domain."""
    APP = auto()
    """The text after the `://` of an app's scheme, which the app may read in any way."""


@cache
def _schemes() -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - the reader of dialects also imports late

    return tomllib.loads(_SCHEMES.read_text(encoding="utf-8"))


def script_scheme(template: Template) -> str | None:
    """Return the scheme of a template that is a script or an inline page; None for an address."""
    if _is_settled(template):
        return None
    match = _HEAD.match(_head(template)[0])
    scheme = match["scheme"].replace(_MACRO, "").lower() if match else ""
    return scheme if scheme in _schemes()["script"] else None


def origins(template: Template) -> dict[int, Origin]:
    """Return what each macro can decide, by its start. Macros that cannot decide anything are omitted."""
    if _is_settled(template):
        return {}
    found: dict[int, Origin] = {}
    scheme = "".join(piece.text for piece in template.scheme).lower()
    known = (*_schemes()["special"], *_schemes()["elsewhere"])
    is_app = _is_scheme(scheme) is not None and scheme not in known
    found |= dict.fromkeys(_starts(template.authority), Origin.APP if is_app else Origin.SERVER)
    found |= dict.fromkeys(_by_browser(template), Origin.SERVER)
    found |= dict.fromkeys(_starts(template.scheme), Origin.SERVER)
    end = 0 if template.slashes else _scheme_end(template.path)
    found |= dict.fromkeys((start for start in _starts(template.path) if start < end), Origin.SERVER)
    if not is_app and scheme not in _schemes()["elsewhere"]:
        labels = _host_labels(template.authority)
        found |= {start: Origin.LABEL for start in _starts(template.authority) if start in labels}
    return found


def _is_settled(template: Template) -> bool:
    """Say whether the literal text alone names the server, as in most templates."""
    scheme, authority = template.scheme, template.authority
    return (
        len(scheme) == 1 == len(authority)
        and isinstance(authority[0], Literal)
        and isinstance(scheme[0], Literal)
        and scheme[0].text.lower() in _schemes()["special"]
        and _ordinary(authority[0].text) is not None
    )


def _starts(pieces: Pieces) -> list[int]:
    return [piece.start for piece in pieces if not isinstance(piece, Literal)]


def _head(template: Template) -> tuple[str, list[int]]:
    """Return the text before the query as browsers read it, with a tab for each macro, and the places of the macros."""
    slashes = () if template.slashes is None else (template.slashes,)
    texts: list[str] = []
    starts: list[int] = []
    for piece in (*template.scheme, *slashes, *template.authority, *template.path):
        if isinstance(piece, Literal | Delimiter):
            texts.append(piece.text.translate(_REMOVED))
        else:
            texts.append(_MACRO)
            starts.append(piece.start)
    return "".join(texts), starts


def _by_browser(template: Template) -> Iterator[int]:
    """Yield the places of macros that a browser may read in the scheme or the server."""
    text, starts = _head(template)
    match = _HEAD.match(text)
    scheme = match["scheme"].replace(_MACRO, "").lower() if match else ""
    if match is None or not scheme:
        deciding = _deciding(text, _TWO_SLASHES)
    else:
        deciding = match.start("rest") + _deciding_after(scheme, match["rest"])
    yield from starts[: text.count(_MACRO, 0, deciding)]
    if scheme == "intent":
        yield from _targets(template.fragment)


def _deciding_after(scheme: str, rest: str) -> int:
    """Return the length of the text after a scheme that may name the server."""
    schemes = _schemes()
    if scheme in schemes["special"]:
        return _server_end(rest, 0)
    if scheme in schemes["elsewhere"]:
        return _server_end(rest, 0) if scheme == "intent" and rest.startswith("//") else len(rest)
    return _deciding(rest, _TWO_OF_AN_APP)


def _deciding(text: str, two_slashes: re.Pattern[str]) -> int:
    """Return the length of a text that may name the server if macros are empty."""
    match = two_slashes.match(text)
    if match is None:
        return 0
    if two_slashes is _TWO_OF_AN_APP and _MACRO not in match[0]:
        return 0  # the app decides how to read it
    return _server_end(text, match.end())


def _server_end(text: str, start: int) -> int:
    """Return the end of a server that follows any number of slashes and possibly empty macros."""
    match = _SERVER.match(text, start)
    return match.end() if match else start


def _targets(fragment: Pieces) -> Iterator[int]:
    """Yield the places of macros in an intent URL that can decide where it leads."""
    is_extra = re.compile(_schemes()["intent"]["extra"]).match
    before = ""
    for piece in fragment:
        if isinstance(piece, Literal):
            before = (before + piece.text).rpartition(";")[2]
        elif not is_extra(before):
            yield piece.start


def _scheme_end(path: Pieces) -> int:
    """Return the place of the text that ends the scheme of a URL without `//`.

    It has a colon in the first segment (RFC 3986 section 4.2). Everything before the text is in the scheme.
    """
    for piece in path:
        if isinstance(piece, Literal):
            segment, slash, _ = piece.text.partition("/")
            if ":" in segment:
                return piece.start
            if slash:
                break
    return 0


def _host_labels(authority: Pieces) -> range:
    """Return the range of host labels before a literal domain, outside user info and port."""
    domain = authority[-1].text if authority and isinstance(authority[-1], Literal) else ""
    # A host whose last label is a number is an IP address (WHATWG URL, section 3.5), not a domain.
    if not re.match(r"[A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*\.[A-Za-z][A-Za-z0-9-]*\.?(?![^:])", domain):
        return range(0)
    # Mask the text of macros, so that nothing in it counts as a delimiter.
    text = "".join(piece.text if isinstance(piece, Literal) else "-" * len(piece.text) for piece in authority)
    host = text.rfind("@") + 1
    port = re.compile("[:[]").search(text, host)
    first = authority[0].start
    return range(first + host, first + (port.start() if port else len(text)))
