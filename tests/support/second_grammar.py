"""A second implementation of the template grammar, in pyparsing, written only from the README and table in `grammar/`.

Tests compare the parser with it: if two independent implementations agree on a text, the result is right.
`python -m tests.support.second_grammar docs/grammar.svg` draws it.
"""

import re
import sys
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from io import StringIO
from pathlib import Path
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

TABLE = tomllib.loads((Path(__file__).parents[2] / "grammar/syntaxes.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class SecondLeaf:
    """A leaf of a template according to this grammar. The last three are None or empty for other leaves than macros."""

    part: str
    kind: str
    text: str
    start: int
    name: str | None = None
    argument: str | None = None
    alternatives: tuple[str, ...] = ()


def second_parse(source: str, syntax: str) -> list[SecondLeaf]:
    """Return the leaves of `source` in a syntax, with the names in the table."""
    return _second_grammar(syntax).parse_string(source, parse_all=True).as_list()


@dataclass(frozen=True)
class Macros:
    """The macros of a syntax, texts that only look like macros, and the beginnings of both."""

    own: ParserElement
    other: ParserElement | None
    begins: str


@cache
def _second_grammar(syntax: str) -> ParserElement:
    # White space is ordinary text, and tabs are not expanded, since spans count them.
    return _template(_macros(syntax)).leave_whitespace().parse_with_tabs()


def _macros(syntax: str) -> Macros:
    own = _forms(TABLE[syntax])
    openers = [_delimiters(text)[0] for text in TABLE[syntax]["forms"]]
    other = {}
    for row in TABLE.values():
        for text, form in _forms(row).items():
            opener, closer = _delimiters(text)
            is_own = any((opener, closer) == _delimiters(mine) for mine in own)
            if not is_own and any(mine in opener[1:] for mine in openers):
                other.setdefault(text, []).append(form)
    begins = "".join(dict.fromkeys(text[0] for text in (*own, *other)))
    outer = [form for text in _longest_first(other) for form in other[text]]
    return Macros(
        MatchFirst([own[text] for text in _longest_first(own)]).set_name("macro"),
        MatchFirst(outer).set_name("macro of another syntax") if outer else None,
        begins,
    )


def _longest_first(texts: dict[str, object]) -> list[str]:
    return sorted(texts, key=lambda text: -len(_delimiters(text)[0]))


def _delimiters(form: str) -> tuple[str, str]:
    return re.split("NAME", form)[0], re.split("ARGUMENT|NAME", form)[-1]


def _forms(row: dict[str, object]) -> dict[str, ParserElement]:
    return {text: _form(text, row) for text in row["forms"]}


def _form(text: str, row: dict[str, object]) -> ParserElement:
    opener, closer = _delimiters(text)
    pattern = name = row["name"]
    if "alternatives" in row:
        pattern = rf"(?:{name})(?:{re.escape(row['alternatives'])}(?:{name}))*"
    inside = Regex(pattern)("names")
    if "ARGUMENT" in text:
        separator = text[text.index("NAME") + len("NAME") : text.index("ARGUMENT")]
        argument = row.get("argument", rf"(?s:(?!{re.escape(closer)}|{re.escape(opener)}).)+")
        inside = inside + Literal(separator) + Regex(argument)("argument")
    return Combine(Literal(opener) + inside + Literal(closer)).set_parse_action(_reading(row.get("alternatives")))


def _reading(separator: str | None):
    def reading(tokens: ParseResults) -> ParseResults:
        first, *others = tokens["names"].split(separator) if separator else [tokens["names"]]
        tokens["reading"] = first, tokens.get("argument"), tuple(others)
        return tokens

    return reading


def _template(macros: Macros) -> ParserElement:
    authority = _pieces(macros, "authority", "/?#")
    path = _pieces(macros, "path", "?#")
    value = _delimiter("value", "=") + _pieces(macros, "value", "&#")
    pair = (_pieces(macros, "name", "&=#") + Opt(value)).set_name("pair")
    more_pairs = ZeroOrMore(_delimiter("name", "&") + pair).set_name("more pairs")
    semicolons = _semicolons(macros)
    query = Opt(_delimiter("name", "?") + (semicolons | pair + more_pairs)).set_name("query")
    hash_ = ~macros.own + _delimiter("fragment", "#") if "#" in macros.begins else _delimiter("fragment", "#")
    fragment = Opt(hash_ + _pieces(macros, "fragment", "")).set_name("fragment")

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
    macro = macros.own if macros.other is None else macros.own | macros.other
    any_text = macro | CharsNotIn("&#", exact=1)
    named = Literal(";") + OneOrMore(~macro + CharsNotIn("/:;?#&=", exact=1)) + Literal("=")
    has_ampersand = ZeroOrMore(any_text) + Literal("&")
    is_separated = ~has_ampersand + ZeroOrMore(~named + any_text) + named
    pair = _pieces(macros, "name", ";=#") + Opt(_delimiter("value", "=") + _pieces(macros, "value", ";#"))
    pairs = pair + ZeroOrMore(_delimiter("name", ";") + pair)
    return (FollowedBy(is_separated) + pairs).set_name("pairs with semicolons")


def _pieces(macros: Macros, part: str, stops: str) -> ParserElement:
    return ZeroOrMore(_piece(macros, part, stops)).set_name(part)


def _piece(macros: Macros, part: str, stops: str, end: str | None = None) -> ParserElement:
    return _leaf(part, "macro", macros.own) | _leaf(part, "literal", _text(macros, stops, end))


def _text(macros: Macros, stops: str, end: str | None = None) -> ParserElement:
    """Return the longest text without a macro, any of the characters in `stops`, or the text `end`."""
    stop = macros.own | Literal(end) if end else macros.own
    # Only these characters can begin a macro or `end`. All others are matched in runs.
    careful = "".join(char for char in macros.begins + ":" if char not in stops)
    pieces = CharsNotIn(stops + careful)
    if careful:
        pieces = pieces | ~stop + Word(careful, exact=1)
    if macros.other is not None:
        pieces = macros.other | pieces
    return Combine(OneOrMore(pieces)).set_name(" ".join(["text up to a macro", *stops, *([end] if end else [])]))


def _delimiter(part: str, text: str) -> ParserElement:
    return _leaf(part, "delimiter", Literal(text))


def _leaf(part: str, kind: str, expression: ParserElement) -> ParserElement:
    def leaf(_: str, start: int, tokens: ParseResults) -> SecondLeaf:
        found = SecondLeaf(part, kind, tokens[0], start)
        if kind != "macro":
            return found
        name, argument, alternatives = tokens["reading"]
        return replace(found, name=name, argument=argument, alternatives=alternatives)

    return expression.copy().add_parse_action(leaf)


def railroad(syntax: str) -> str:
    """Return the grammar of a syntax as railroad diagrams in SVG, one below the other."""
    width, top, drawn = 0.0, 0.0, StringIO()
    # Use the grammar before it is prepared for parsing, which merges parts that are clearer when drawn separately.
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
