"""The language of templates once more, in pyparsing, written from `grammar/README.md` alone.

The tests hold the parser against it: what two readings of one text agree on, the text says.
`python -m tests.second_grammar docs/grammar.svg` draws it.
"""

import re
import sys
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from string import ascii_letters, digits
from xml.sax.saxutils import escape

from pyparsing import (
    CharsNotIn,
    Combine,
    FollowedBy,
    Literal,
    MatchFirst,
    OneOrMore,
    Opt,
    ParserElement,
    ParseResults,
    Regex,
    Word,
    ZeroOrMore,
)
from pyparsing.diagram import to_railroad


@dataclass(frozen=True, slots=True)
class SecondLeaf:
    """A leaf of a template as this grammar sees it; `name` is None where it is no macro."""

    part: str
    kind: str
    text: str
    name: str | None
    start: int


Macros = dict[str, ParserElement]


def second_parse(source: str, syntax: str) -> list[SecondLeaf]:
    """Return the leaves of `source` in a syntax, `paren` or `brace`."""
    return _second_grammar(syntax).parse_string(source, parse_all=True).as_list()


@cache
def _second_grammar(syntax: str) -> ParserElement:
    macros = {"paren": _paren, "brace": _brace}[syntax]()
    # White space is text like any other, and tabs stay tabs: spans count them.
    return _template(macros).leave_whitespace().parse_with_tabs()


def _paren() -> Macros:
    name = Word(ascii_letters, ascii_letters + digits + "_-")("name")
    return {
        "encode": Combine("(" + Literal("encode")("name") + ")"),
        "sha1": Combine("(sha1-" + name + ")"),
        "macro": Combine("(" + name + ")"),
    }


def _brace() -> Macros:
    name = Word(ascii_letters + "_", ascii_letters + digits + "_")("name")
    return {"macro": Combine("{" + name + "}")}


def _template(macros: Macros) -> ParserElement:
    authority = _pieces(macros, "authority", "/?#")
    path = _pieces(macros, "path", "?#")
    value = _delimiter("value", "=") + _pieces(macros, "value", "&#")
    pair = (_pieces(macros, "name", "&=#") + Opt(value)).set_name("pair")
    more_pairs = ZeroOrMore(_delimiter("name", "&") + pair).set_name("more pairs")
    semicolons = _semicolons(macros)
    query = Opt(_delimiter("name", "?") + (semicolons | pair + more_pairs)).set_name("query")
    fragment = Opt(_delimiter("fragment", "#") + _pieces(macros, "fragment", "")).set_name("fragment")

    web_scheme = _leaf("scheme", "literal", Regex("https?(?=:)", re.ASCII | re.IGNORECASE))
    web_slashes = _leaf("authority", "delimiter", Regex(r":[/\\]*"))
    app_scheme = OneOrMore(_piece(macros, "scheme", "/?#", end="://"))
    origin = (
        web_scheme + web_slashes | app_scheme + _delimiter("authority", "://") | _delimiter("authority", "//")
    ).set_name("origin")

    first_name = _leaf("name", "literal", _text(macros, "/:?#&="))
    return MatchFirst(
        [
            origin + authority + path + query + fragment,
            _delimiter("name", "&") + pair + more_pairs + fragment,
            FollowedBy(first_name + Literal("=")) + semicolons + fragment,
            first_name + value + more_pairs + fragment,
            path + query + fragment,
        ]
    ).set_name("template")


def _semicolons(macros: Macros) -> ParserElement:
    """Return the pairs of a query that has `;`, a literal name and `=`, and no `&`."""
    macro = MatchFirst([*macros.values()])
    named = Literal(";") + _text(macros, "/:;?#&=") + Literal("=")
    is_separated = ~Regex("[^&#]*&") + ZeroOrMore(macro | ~named + CharsNotIn("#", exact=1)) + named
    pair = _pieces(macros, "name", ";=#") + Opt(_delimiter("value", "=") + _pieces(macros, "value", ";#"))
    pairs = pair + ZeroOrMore(_delimiter("name", ";") + pair)
    return (FollowedBy(is_separated) + pairs).set_name("pairs with semicolons")


def _pieces(macros: Macros, part: str, stops: str) -> ParserElement:
    return ZeroOrMore(_piece(macros, part, stops)).set_name(part)


def _piece(macros: Macros, part: str, stops: str, end: str | None = None) -> ParserElement:
    macro = MatchFirst([_leaf(part, kind, written) for kind, written in macros.items()]).set_name("macro")
    return macro | _leaf(part, "literal", _text(macros, stops, end))


def _text(macros: Macros, stops: str, end: str | None = None) -> ParserElement:
    """Return the longest text that holds no macro, none of the characters `stops`, and not the text `end`."""
    macro = MatchFirst([*macros.values()]).set_name("macro")
    stop = macro | Literal(end) if end else macro
    # Only with these can a macro or `end` begin; all others are taken in runs.
    careful = "".join(char for char in "({:" if char not in stops)
    text = Combine(OneOrMore(CharsNotIn(stops + careful) | ~stop + Word(careful, exact=1)))
    return text.set_name(" ".join(["text up to a macro", *stops, *([end] if end else [])]))


def _delimiter(part: str, text: str) -> ParserElement:
    return _leaf(part, "delimiter", Literal(text))


def _leaf(part: str, kind: str, expression: ParserElement) -> ParserElement:
    def leaf(_: str, start: int, tokens: ParseResults) -> SecondLeaf:
        return SecondLeaf(part, kind, tokens[0], tokens.get("name"), start)

    return expression.copy().set_parse_action(leaf)


def railroad(syntax: str) -> str:
    """Return the grammar of a syntax as railroad diagrams, one above the other, in SVG."""
    width, top, drawn = 0.0, 0.0, StringIO()
    # Parsing would first have merged what is better drawn apart.
    for named in to_railroad(_second_grammar.__wrapped__(syntax), vertical=2):
        diagram = named.diagram.format()
        drawn.write(f'<text x="{_MARGIN}" y="{top + _TITLE}" class="title">{escape(named.name)}</text>\n')
        diagram.attrs["y"] = top + _TITLE
        diagram.writeSvg(drawn.write)
        width = max(width, float(diagram.attrs["width"]))
        top += float(diagram.attrs["height"]) + _TITLE
    size = f'width="{width}" height="{top}" viewBox="0 0 {width} {top}"'
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"<svg {names} {size}>\n<style>{_STYLE}</style>\n{drawn.getvalue()}</svg>\n"


_MARGIN, _TITLE = 20, 30
_STYLE = """
svg { background: #fff }
path { fill: none; stroke: #333; stroke-width: 2 }
rect { fill: #eef4fb; stroke: #333; stroke-width: 2 }
rect.group-box { fill: none; stroke: #999; stroke-dasharray: 8 5 }
text { font: 14px monospace; text-anchor: middle }
text.title { font-weight: bold; text-anchor: start }
"""


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(railroad("paren"), encoding="utf-8")
