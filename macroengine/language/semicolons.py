"""Queries separated by semicolons, which W3C HTML 4.01, appendix B.2.2, recommends servers to support."""

import re
from collections.abc import Iterator

from macroengine.caching import late_pattern
from macroengine.language.nodes import Delimiter, Literal, Macro, Pair, Piece, new_delimiter, new_literal, new_pair
from macroengine.language.syntax import Syntax

# A semicolon, a literal name, and an equals sign.
_PAIR = late_pattern(r";[^/:;?#&=]+=")
_NO_NAME = "/"


def split_at_semicolons(query: tuple[Pair, ...], syntax: Syntax) -> tuple[Pair, ...]:
    """Return the pairs of a query separated by `;`: it has `;name=` and no `&`. Return other queries unchanged."""
    if len(query) != 1 or (query[0].opening is not None and query[0].opening.text == "&"):
        return query
    [pair] = query
    equals = (Literal("=", pair.equals.start),) if pair.equals else ()
    leaves = (*pair.name, *equals, *pair.value)
    outer = "|".join(form.bare_pattern for form in syntax.outer)
    macro = re.compile(outer) if outer else None
    texts = [_NO_NAME if isinstance(leaf, Macro) else leaf.text for leaf in leaves]
    masked = "".join(macro.sub(_NO_NAME, text) if macro else text for text in texts)
    if not _PAIR.search(masked):
        return query
    if masked == "".join(leaf.text for leaf in leaves):
        return tuple(_plain_pairs(pair.opening, masked, leaves[0].start))
    cut = re.compile(f"{outer}|[;=]" if outer else "[;=]")
    opening = pair.opening
    children: list[Piece] = []
    pairs: list[Pair] = []
    for leaf in leaves:
        if not isinstance(leaf, Literal):
            children.append(leaf)
            continue
        for text, start in _cut(leaf, cut):
            if text == ";":
                pairs.append(_pair_of(opening, children))
                opening, children = Delimiter(text, start), []
            else:
                children.append(Literal(text, start))
    return (*pairs, _pair_of(opening, children))


def _plain_pairs(opening: Delimiter | None, text: str, at: int) -> Iterator[Pair]:
    """Yield the pairs of a query without macros of any syntax."""
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        after = at + len(name) + 1
        named = (new_literal((name, at)),) if name else ()
        middle = new_delimiter(("=", after - 1)) if equals else None
        yield new_pair((opening, named, middle, (new_literal((value, after)),) if value else ()))
        at += len(part) + 1
        opening = new_delimiter((";", at - 1))


def _cut(literal: Literal, cut: re.Pattern[str]) -> Iterator[tuple[str, int]]:
    """Yield a literal split at its `;`, and before and after its `=`, but not inside macros of other syntaxes."""
    done = 0
    for match in cut.finditer(literal.text):
        for start, stop in ((done, match.start()), match.span()):
            if start < stop:
                yield literal.text[start:stop], literal.start + start
        done = match.end()
    if done < len(literal.text):
        yield literal.text[done:], literal.start + done


def _pair_of(opening: Delimiter | None, leaves: list[Piece]) -> Pair:
    """Return the pair of these leaves. Literals that were split too much are joined again."""
    name: list[Piece] = []
    equals: Delimiter | None = None
    value: list[Piece] = []
    for leaf in leaves:
        if equals is None and leaf.text == "=" and isinstance(leaf, Literal):
            equals = Delimiter("=", leaf.start)
            continue
        pieces = name if equals is None else value
        if pieces and isinstance(leaf, Literal) and isinstance(pieces[-1], Literal):
            before = pieces.pop()
            pieces.append(Literal(before.text + leaf.text, before.start))
        else:
            pieces.append(leaf)
    return Pair(opening, tuple(name), equals, tuple(value))
