"""Find the text around a template, and remove it one layer at a time."""

import re
from collections.abc import Iterator

from macroengine.catalogue import Dialect
from macroengine.diagnostics import Span
from macroengine.rules.beginnings import BEGINNING, MACRO_ENDS, MARKED_URL, MARKS, SCHEME, STRIPPED, URL, is_remark
from macroengine.rules.intended import own_macro
from macroengine.rules.pasted import Command, Link, Rewriter, pasted
from macroengine.rules.unwrapping import (
    DECODERS,
    html_decoded,
    is_quoted_printable,
    proofpoint_3_decoded,
    quoted_printable_decoded,
)
from macroengine.rules.whole_finding import SERVER, Whole, short, span_of

# Read backwards from the scheme of a URL: scheme characters, quotes and brackets, and a separator before them.
_SEPARATED = re.compile(r"[A-Za-z0-9+.-]*+[^\w\s/?&=%#:.,;|]*+[\s,;|](?![^?&=/#]*+[?&=/#])")
# The name of a parameter or variable, or a function call: param = https://..., fetch('https://...
_NAME_BEFORE = re.compile(rf"""[^?&/#:="'<>()[\]{{}}]*\w\s*(?:=|\((?=\s*["'`]))\s*(?={MARKS}{SCHEME})""")


def quoted_printable(core: str) -> Whole | None:
    """Find a template in quoted-printable encoding, from an email."""
    if (
        not ("=3" in core or "=\n" in core or "=\r" in core)
        or not BEGINNING.match(core)
        or not is_quoted_printable(core)
    ):
        return None
    inner = quoted_printable_decoded(core)
    message = "text is encoded as quoted-printable, as mails are; decode it"
    return Whole("quoted_printable", span_of(core), message, None, inner)


def rewritten(core: str) -> Whole | None:
    """Find a URL that a mail filter or redirect has replaced with its own."""
    server = SERVER.match(core)
    rewriter = server and _rewriter(server[1], server[2])
    if not rewriter or len(core.split()) > 1:
        return None
    url = _original(core, rewriter)
    inner = url if url and URL.match(url) else None
    advice = "write the original URL" if inner is not None else "ask for the original URL"
    hint = None if inner is not None else "the original URL cannot be read from it"
    return Whole("rewritten_link", span_of(core), f"URL is rewritten by {rewriter.name}; {advice}", hint, inner)


def _rewriter(host: str, path: str) -> Rewriter | None:
    if not pasted.rewriter_hosts.fullmatch(host):
        return None
    rows = pasted.rewriters
    return next((row for row in rows if row.host.fullmatch(host) and row.path.match(path)), None)


def _original(core: str, rewriter: Rewriter) -> str | None:
    if rewriter.encoding == "proofpoint-3":
        return proofpoint_3_decoded(core)
    found = rewriter.query.search(core) if rewriter.query else None
    return DECODERS[rewriter.encoding](found[1]) if found else None


def linked(core: str) -> Whole | None:
    """Find a template in a link or element of a markup language."""
    matches = ((link, link.pattern.fullmatch(core)) for link in pasted.links)
    found = next(((link, match) for link, match in matches if match), None)
    if found is None:
        return None
    link, match = found
    url, start = _target(link, match)
    if not URL.match(url):
        return None
    shown = (match["text"] or "").strip()
    if URL.match(shown) and html_decoded(shown) != url:
        message = f"{link.name} shows a different URL from the one it leads to; write only the intended URL"
        return Whole("linked_template", span_of(core), message)
    message = f"template is in {link.name}; write only the URL"
    return Whole("linked_template", span_of(core), message, None, url, start)


def _target(link: Link, match: re.Match[str]) -> tuple[str, int | None]:
    """Return the URL that a link leads to, and its place in the text if it is written there unchanged."""
    written = match["url"] or match["text"]
    start = match.start("url") if match["url"] else match.start("text")
    url = html_decoded(written) if link.decode else written
    return url, start if url == written else None


def command(core: str) -> Whole | None:
    """Find a shell command that sends a request."""
    body = core.lstrip("$>%# ")
    name = body.partition(" ")[0]
    known = pasted.commands.get(name)
    words = _words(body) if known else None
    if known is None or words is None:
        return None
    said = [word for word in _without_values(words[1:], known) if not _is_flag(word, known)]
    targets = [word for word in said if MARKED_URL.match(word)]
    if not targets:
        return None
    if len(said) > 1:
        message = f"this {name} command does more than request a URL; check only the URL"
        return Whole("shell_command", span_of(core), message)
    offset = core.find(targets[0])
    message = f"this is a {name} command; write only its URL"
    return Whole("shell_command", span_of(core), message, None, targets[0], None if offset < 0 else offset)


def _without_values(words: list[str], known: Command) -> Iterator[str]:
    """Yield the words of a command, without the options that take a value and their values."""
    rest = iter(words)
    for word in rest:
        if word in known.valued:
            next(rest, None)
        else:
            yield word


def _is_flag(word: str, known: Command) -> bool:
    """Say whether a word is an option that changes nothing, or several of those joined, such as -sS."""
    return word in known.flags or (word[:1] == "-" and all(f"-{letter}" in known.flags for letter in word[1:]))


def _words(body: str) -> list[str] | None:
    """Return the words of a shell command, or None if a quote is not closed."""
    import shlex  # noqa: PLC0415 - for the few texts that are commands

    try:
        return shlex.split(body.replace("\\\r\n", " ").replace("\\\n", " "))
    except ValueError:
        return None


def before(core: str) -> Whole | None:
    """Find text before a template."""
    if URL.match(core):
        return None
    end = 0
    while match := pasted.before.match(core, end):
        end = match.end()
        if MARKED_URL.match(core, end):
            return _prefix(core, end, safe=True)
    name = _NAME_BEFORE.match(core)
    end = name.end() if name else _end_of_words(core)
    return _prefix(core, end, safe=False) if end else None


def _end_of_words(core: str) -> int:
    """Return where the words before the first URL end, or 0 if there are none.

    Reads backwards from the `://`. Reading forwards would mean trying each character that may separate words.
    """
    before, _, _ = core.partition("://")
    match = _SEPARATED.match(before[::-1])
    end = len(before) - match.end() + 1 if match else 0
    return end if MARKED_URL.match(core, end) else 0


def _prefix(core: str, end: int, *, safe: bool) -> Whole:
    inner = core[end:]
    # Words on both sides mean a text about the template, where the end of the template is unclear.
    is_clear = safe or not re.search(r"\s", inner)
    span = Span(0, len(core[:end].rstrip(STRIPPED)))
    message = f"{short(core[: span.stop])} is not part of the template; remove it"
    return Whole("text_before_template", span, message, None, inner if is_clear else None, end, safe)


def after(core: str, dialect: Dialect) -> Whole | None:
    """Find a remark after a template."""
    if not MARKED_URL.match(core):
        return None
    match = pasted.after.search(core) or pasted.after_macro.search(core)
    if match is None or (match.re is pasted.after_macro and not _is_remark(match, core, dialect)):
        return None
    return _suffix(core, match.start(), safe=True)


def _is_remark(match: re.Match[str], core: str, dialect: Dialect) -> bool:
    """Say whether a text is a remark rather than part of a literal value: no value comes before it, or only a macro."""
    note = match["note"]
    if note and own_macro(note.strip(), dialect):
        return False
    if any(match[0].count(opening) != match[0].count(closing) for opening, closing in ("()", "[]", "{}", "<>")):
        return False
    before = core[: match.start()]
    return "?" not in before or before.endswith(MACRO_ENDS)


def _suffix(core: str, start: int, *, safe: bool) -> Whole:
    end = start + len(core[start:]) - len(core[start:].lstrip(STRIPPED))
    message = f"{short(core[end:])} is not part of the template; remove it"
    return Whole("text_after_template", Span(end, len(core)), message, None, core[:start], 0, safe)


def lines_after(core: str) -> Whole | None:
    """Find text that begins on the line after the template."""
    line, _, rest = core.partition("\n")
    if not rest or not URL.match(core) or re.search(r"\s", line.rstrip(STRIPPED)):
        return None
    if not is_remark(rest.lstrip(STRIPPED)):
        return None
    found = _suffix(core, len(line.rstrip(STRIPPED)), safe=False)
    return found._replace(inner=None, offset=None) if "=" in rest else found
