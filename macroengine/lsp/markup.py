"""Text for hovers, as escaped Markdown, or as plain text for clients that do not show Markdown."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from macroengine.diagnostics import printable

# Characters with a meaning in Markdown, or in HTML inside it.
_SPECIAL = re.compile(r"[\\`*_\[\]<>~@]|&(?=[#\w])|:(?=//)|(?<=www)\.|^[#+-]|(?<=^\d)[.)]")
_LINK = re.compile(r"(?P<before>.*?)(?P<url>https://[\w.-]+(?:/[\w.~%/?=&#+-]*)?)", re.ASCII)
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """Preformatted text with its lines."""

    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A line above other blocks."""

    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts by their labels."""

    facts: Sequence[tuple[str, str]]


Block = Prose | Code | Heading | Facts


def markdown(blocks: Iterable[Block]) -> str:
    """Return blocks as Markdown."""
    return "\n\n".join(map(_markdown, blocks))


def plain(blocks: Iterable[Block]) -> str:
    """Return blocks as text."""
    return "\n\n".join(map(_plain, blocks))


def code(text: str) -> str:
    r"""Return a text as inline code in Markdown.

    >>> code("a`b\n")
    '``a`b\\n``'
    """
    shown = shortened(printable(text))
    fence = _fence(shown, 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Return a text, shortened if necessary."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _markdown(block: Block) -> str:
    match block:
        case Prose(text):
            return _escaped(text)
        case Heading(text):
            return f"**{_escaped(text)}**"
        case Code(text):
            lines = "\n".join(map(printable, text.split("\n")))
            fence = _fence(lines, 3)
            return f"{fence}text\n{lines}\n{fence}"
    return "\n".join(f"- {key}: {_value(value)}" for key, value in block.facts)


def _plain(block: Block) -> str:
    match block:
        case Prose(text) | Heading(text):
            return printable(text)
        case Code(text):
            return "\n".join(f"    {printable(line)}" for line in text.split("\n"))
    return "\n".join(f"{key}: {printable(value)}" for key, value in block.facts)


def _value(text: str) -> str:
    """Return a value as code; if it ends in a link, return that as a link."""
    link = _LINK.fullmatch(text)
    if link is None:
        return code(text)
    return f"{code(link['before'].strip(', '))} <{link['url']}>" if link["before"] else f"<{link['url']}>"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", printable(text))


def _fence(text: str, least: int) -> str:
    """Return more backticks than there are in any run in a text."""
    return "`" * max(least, *(len(run) + 1 for run in re.findall("`+", text)), 0)
