"""Find where URLs begin in a text, and where remarks on them begin."""

import re

from macroengine.caching import late_pattern
from macroengine.rules.pasted import pasted

# Invisible characters that are often copied along at the ends of a text.
_EDGE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff\0"
_SPACES = "".join(map(chr, [*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029]))
STRIPPED = _EDGE + _SPACES + "\u202f\u205f\u3000"
SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*://"
# A host without a scheme must have a path or a query; otherwise it may be an ordinary word.
_HOST = r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?::\d+)?[/?]|localhost(?::\d+)?/"
# Quotes, brackets and bullets; nothing that can be inside the beginning of a URL. Without a limit,
# looking for a URL after each line break takes quadratic time in a text that consists of such marks.
MARKS = r"[^\w\s/?&=%#:.,;]{0,80}+"
URL = late_pattern(rf"{SCHEME}|//[\w-]+\.|{_HOST}")
BEGINNING = late_pattern(rf"{SCHEME}|{_HOST}|/|[?&]\w|[\w.-]+=")
MARKED_URL = late_pattern(rf"{MARKS}(?:{SCHEME}|//[\w-]+\.|{_HOST}|/\w|[?&]\w)")
_TEMPLATE = late_pattern(rf"[{STRIPPED}]*\S*[/?&=]")
_MARKED_SERVER = late_pattern(rf"{MARKS}(?:{SCHEME}|//[\w-]+\.|{_HOST})")
STARTS = late_pattern(rf"(?<!\S){MARKS}(?:{SCHEME}|(?<=[\n\r]){_HOST}|(?<=[\n\r])//[\w-]+\.)")
# A comment, a bullet, or several words.
_REMARK = late_pattern(r"#(?!\w+[#=])|//|--|[;*•-]\s|[^\s=&?/%]+\s+[^\s=&]")
# Closing delimiters of many platforms. After one of them, a literal value does not continue.
MACRO_ENDS = (")", "}", "]", "%%", "__", "##")


def begins_as_template(source: str) -> bool:
    """Say whether a text begins like a template, rather than with a word or a bullet."""
    return _TEMPLATE.match(source) is not None


def begins_url(source: str, start: int) -> bool:
    """Say whether a URL, or a line that begins with a host, starts at this place."""
    return _MARKED_SERVER.match(source, start) is not None


def is_remark(line: str) -> bool:
    """Say whether a line cannot continue a URL: it is a comment or a bullet, or begins with several words."""
    return _REMARK.match(line) is not None


def remark_start(source: str) -> int:
    """Return where a remark may begin in a text with a template, or the length of the text if none does."""
    found = pasted.after_macro.search(source.rstrip(STRIPPED))
    return found.start() if found else len(source)


def urls_in(core: str) -> list[re.Match[str]]:
    """Return where URLs begin in a text. A URL after an equals sign and a stray space is a value: it is omitted."""
    return [url for url in STARTS.finditer(core) if not core[: url.start()].rstrip(STRIPPED).endswith("=")]
