"""Rules about the separators between parameters, and between their names and values."""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise, zip_longest

from macroengine.caching import late_pattern
from macroengine.diagnostics import Finding, Fix, Span, new_finding
from macroengine.language.nodes import Literal, Pair
from macroengine.rules.checked import Checked
from macroengine.rules.structure import lacks_equals, named_after_semicolons, separated_by_ampersands

_PARAMETER = r"[A-Za-z_][A-Za-z0-9_.-]*="
_SECOND_QUESTION_MARK = late_pattern(rf"\?(?={_PARAMETER})")
_QUESTION_MARKS = late_pattern(r"\?+")
_NAME_AND_COLON = late_pattern(r"[A-Za-z_][A-Za-z0-9_.-]*:\Z")
_FIRST_AMPERSAND = late_pattern(rf"&(?={_PARAMETER})")
_NAME_BEFORE_MACRO = late_pattern(r"&(?=[A-Za-z_][A-Za-z0-9_.-]*$)")
_NEXT_PARAMETER = late_pattern(_PARAMETER)
_SEMICOLON = late_pattern(rf";(?={_PARAMETER})")


def empty_pair(checked: Checked) -> Iterator[Finding]:
    """Ampersand without a parameter.

    What it does:
        Finds `?&`, `&&`, and `&` at the end.

    Why it matters:
        Some receivers read a parameter without a name. Often the rest of a mangled template.

    Example:
        https://n.example/pb?&id=(clickid)&&ip=(ip)&

    Use instead:
        https://n.example/pb?id=(clickid)&ip=(ip)
    """
    query = checked.template.query
    if not query:
        return
    # After an empty first pair the next & is superfluous. If the next pair is also empty, it is found below.
    superfluous = [query[1]] if len(query) > 1 and _is_empty(query[0]) and not _is_empty(query[1]) else []
    suspects = superfluous + [pair for pair in query if _is_empty(pair)]
    # The & in &#38; has no name after it, either.
    in_broken_text = checked.in_broken_text
    for pair in suspects:
        opening = pair.opening
        if opening is None or opening.text != "&":
            continue
        span = opening.span
        if not in_broken_text(span):
            yield new_finding((span, "& without a parameter; remove it", None, Fix("", span, safe=True)))


def missing_question_mark(checked: Checked) -> Iterator[Finding]:
    """Parameters without a question mark before the first.

    What it does:
        Finds `&name=`, or `&name` before a macro, in the path or the server of a template without a query.

    Why it matters:
        The parameters are read as part of the path.

    Example:
        https://n.example/pb&id=(clickid)

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    template = checked.template
    if template.query:
        return
    pieces = (*template.authority, *template.path)
    for piece, following in zip_longest(pieces, pieces[1:]):
        if not isinstance(piece, Literal):
            continue
        match = _FIRST_AMPERSAND.search(piece.text) or (following and _NAME_BEFORE_MACRO.search(piece.text))
        if match:
            span = Span(piece.start + match.start(), piece.start + match.end())
            yield Finding(span, "no ? before the first parameter; write it here", None, Fix("?", span, safe=False))
            return


def second_question_mark(checked: Checked) -> Iterator[Finding]:
    """Second question mark.

    What it does:
        Finds `??name=`, and `?name=` inside the query unless it belongs to a nested URL.

    Why it matters:
        Only the first question mark begins the parameters. This one is part of a name or a value.

    Example:
        https://n.example/pb?id=(clickid)?ip=(ip)

    Use instead:
        https://n.example/pb?id=(clickid)&ip=(ip)
    """
    if "?" not in checked.literal_text:
        return
    nested = {value.start for value in checked.nested_urls}
    for pair in checked.template.query:
        marks = _QUESTION_MARKS.match(pair.name[0].text) if pair.name and pair.equals else None
        if marks:
            span = Span(pair.name[0].start, pair.name[0].start + marks.end())
            yield Finding(
                span, f"{marks[0]} before the name of a parameter; remove it", None, Fix("", span, safe=False)
            )
        for piece in (*pair.name, *pair.value):
            if isinstance(piece, Literal) and piece.start not in nested:
                for match in _SECOND_QUESTION_MARK.finditer(piece.text):
                    span = Span(piece.start + match.start(), piece.start + match.end())
                    yield Finding(span, "second ? in the URL; write &", None, Fix("&", span, safe=False))


def mixed_separators(checked: Checked) -> Iterator[Finding]:
    """Semicolon before a parameter, in a query with ampersands.

    What it does:
        Finds `;name=`, also with a macro in the name, in a query whose parameters are separated by `&`.

    Why it matters:
        If a query has an `&`, a `;` separates nothing: the text after it belongs to the value before it.

    Example:
        https://n.example/pb?id=(clickid)&ip=(ip);country=(country_code)

    Use instead:
        https://n.example/pb?id=(clickid)&ip=(ip)&country=(country_code)
    """
    if ";" not in checked.source or not separated_by_ampersands(checked.template):
        return
    for pair in checked.template.query:
        found = {semicolon for semicolon, _ in named_after_semicolons(pair)}
        for piece in pair.value:
            if isinstance(piece, Literal):
                for match in _SEMICOLON.finditer(piece.text):
                    found.add(Span(piece.start + match.start(), piece.start + match.end()))
        for span in sorted(found):
            message = "; looks like it separates parameters, but & does in this query"
            yield Finding(span, message, "write & if a parameter begins here, or %3B if not")


def missing_ampersand(checked: Checked) -> Iterator[Finding]:
    """Parameter without a separator after the previous macro.

    What it does:
        Finds `name=` directly after a macro.

    Why it matters:
        It is read as part of the previous value.

    Example:
        https://n.example/pb?id=(clickid)ip=(ip)

    Use instead:
        https://n.example/pb?id=(clickid)&ip=(ip)
    """
    if "=" not in checked.literal_text:
        return
    foreign = sorted({macro.span.stop for macro in checked.foreign_macros})
    for pair in checked.template.query:
        for before, piece in pairwise((None, *pair.value)):
            if not isinstance(piece, Literal) or "=" not in piece.text:
                continue
            inside = foreign[bisect_left(foreign, piece.start) : bisect_left(foreign, piece.start + len(piece.text))]
            ends = [stop - piece.start for stop in inside]
            if before is not None and ends[:1] != [0]:
                ends = [0, *ends]
            for end in ends:
                match = _NEXT_PARAMETER.match(piece.text, end)
                if match:
                    span = Span(piece.start + end, piece.start + match.end())
                    message = f"no & before parameter {match[0][:-1]!r}"
                    yield Finding(span, message, None, Fix("&", Span(span.start, span.start), safe=False))


def missing_equals(checked: Checked) -> Iterator[Finding]:
    """Parameter name without an equals sign before its macro.

    What it does:
        Finds parameters that are a name and a macro, with only a colon or nothing between them.

    Why it matters:
        The value of the macro becomes part of the name.

    Example:
        https://n.example/pb?id(clickid)

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    foreign: list[int] | None = None
    for pair in checked.template.query:
        if pair.equals is not None:
            continue
        if foreign is None:
            foreign = [macro.span.start for macro in checked.foreign_macros]
        colon = _colon_before_macro(pair, foreign)
        if colon is not None:
            yield Finding(colon, "colon between a name and its macro; write =", None, Fix("=", colon, safe=False))
        elif lacks_equals(pair):
            at = pair.name[1].start
            message = f"no = between {pair.name[0].text!r} and {pair.name[1].text}"
            yield Finding(pair.name[1].span, message, None, Fix("=", Span(at, at), safe=False))


def _is_empty(pair: Pair) -> bool:
    return not pair.name and pair.equals is None


def _colon_before_macro(pair: Pair, foreign: list[int]) -> Span | None:
    """Return where a colon is used instead of `=` between a name and a macro, including macros of other platforms."""
    if not pair.name or not isinstance(pair.name[0], Literal):
        return None
    first = pair.name[0]
    if len(pair.name) == 2:
        end = first.span.stop
    else:
        at = bisect_left(foreign, first.start)
        end = foreign[at] if at < len(foreign) else -1
    if (
        len(pair.name) <= 2
        and first.start < end <= first.span.stop
        and _NAME_AND_COLON.match(first.text[: end - first.start])
    ):
        return Span(end - 1, end)
    return None
