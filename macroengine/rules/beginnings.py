"""Where URLs begin in a text, and where remarks on them do."""

import re

from macroengine.rules.pasted import pasted

# Characters that are at the ends of what is copied, and are not seen.
_EDGE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff\0"
_SPACES = "".join(map(chr, [*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029]))
STRIPPED = _EDGE + _SPACES + "\u202f\u205f\u3000"
SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*://"
# A server without a scheme is told from a word by its path or query.
_HOST = r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?::\d+)?[/?]|localhost(?::\d+)?/"
# Quotes, brackets and bullets, but nothing that can be in the middle of a URL's beginning.
MARKS = r"[^\w\s/?&=%#:.,;]*"
URL = re.compile(rf"{SCHEME}|//[\w-]+\.|{_HOST}")
BEGINNING = re.compile(rf"{SCHEME}|{_HOST}|/|[?&]\w|[\w.-]+=")
MARKED_URL = re.compile(rf"{MARKS}(?:{SCHEME}|//[\w-]+\.|{_HOST}|/\w|[?&]\w)")
_TEMPLATE = re.compile(rf"[{STRIPPED}]*\S*[/?&=]")
_MARKED_SERVER = re.compile(rf"{MARKS}(?:{SCHEME}|//[\w-]+\.|{_HOST})")
STARTS = re.compile(rf"(?<!\S){MARKS}(?:{SCHEME}|(?<=[\n\r]){_HOST}|(?<=[\n\r])//[\w-]+\.)")
# A comment, a bullet, or several words.
_REMARK = re.compile(r"#(?!\w+[#=])|//|--|[;*•-]\s|[^\s=&?/%]+\s+[^\s=&]")
# How macros of many platforms end; after one, a literal value does not continue.
MACRO_ENDS = (")", "}", "]", "%%", "__", "##")


def begins_as_template(source: str) -> bool:
    """Say whether a text begins as a template does, rather than with a word or a bullet."""
    return _TEMPLATE.match(source) is not None


def begins_url(source: str, start: int) -> bool:
    """Say whether a URL begins at a place in a text, or a line that names a server."""
    return _MARKED_SERVER.match(source, start) is not None


def is_remark(line: str) -> bool:
    """Say whether a line is not the rest of a URL: it is a comment, a bullet, or begins with several words."""
    return _REMARK.match(line) is not None


def remark_start(source: str) -> int:
    """Return where a text has what could be a remark on the template before it; its length where it has none."""
    found = pasted.after_macro.search(source.rstrip(STRIPPED))
    return found.start() if found else len(source)


def urls_in(core: str) -> list[re.Match[str]]:
    """Return where URLs begin in a text. After an equals sign and a stray space, a URL is a value."""
    return [url for url in STARTS.finditer(core) if not core[: url.start()].rstrip(STRIPPED).endswith("=")]
