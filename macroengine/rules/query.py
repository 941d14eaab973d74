"""Rules about the parameters of a URL."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise, zip_longest

from macroengine.catalogue.folding import fold
from macroengine.diagnostics import Finding, Fix, Span
from macroengine.language.nodes import Literal, Pair
from macroengine.plan.resolve import Problem
from macroengine.rules.checked import Checked
from macroengine.rules.meant import documented_names

_PARAMETER = r"[A-Za-z_][A-Za-z0-9_.-]*="
_SECOND_QUESTION_MARK = re.compile(rf"\?(?={_PARAMETER})")
_QUESTION_MARKS = re.compile(r"\?+")
_NAME_AND_COLON = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*:\Z")
_FIRST_AMPERSAND = re.compile(rf"&(?={_PARAMETER})")
_NAME_BEFORE_MACRO = re.compile(r"&(?=[A-Za-z_][A-Za-z0-9_.-]*$)")
_NEXT_PARAMETER = re.compile(_PARAMETER)
_SEMICOLON = re.compile(rf";(?={_PARAMETER})")


def duplicate_parameter(checked: Checked) -> Iterator[Finding]:
    """Parameter that stands twice.

    What it does:
        Finds names of parameters that were there before; names that end in `[]` are lists and may repeat.

    Why it matters:
        Receivers take the first, the last or both.

    Example:
        https://n.example/pb?id=(clickid)&id=(af_siteid)

    Use instead:
        https://n.example/pb?id=(clickid)&site=(af_siteid)
    """
    seen: set[str] = set()
    for pair in checked.template.query:
        name = "".join(piece.text for piece in pair.name)
        if name in seen and not name.endswith(("[]", "%5B%5D")):
            yield Finding(_name_span(pair), f"parameter {name!r} was there before", "give it another name")
        if name:
            seen.add(name)


def empty_pair(checked: Checked) -> Iterator[Finding]:
    """Ampersand without a parameter.

    What it does:
        Finds `?&`, `&&` and an `&` at the end.

    Why it matters:
        Some receivers read a parameter without a name. It is often what is left of a mangled template.

    Example:
        https://n.example/pb?&id=(clickid)&&ip=(ip)&

    Use instead:
        https://n.example/pb?id=(clickid)&ip=(ip)
    """
    query = checked.template.query
    if not query:
        return
    # Behind an empty first pair the next & is one too many; where that pair is empty itself, it is found below.
    superfluous = [query[1]] if len(query) > 1 and _is_empty(query[0]) and not _is_empty(query[1]) else []
    suspects = superfluous + [pair for pair in query if _is_empty(pair)]
    # The & of &#38; has no name behind it, either.
    for pair in suspects:
        opening = pair.opening
        if opening is None or opening.text != "&":
            continue
        span = opening.span
        if not checked.in_broken_text(span):
            yield Finding(span, "& without a parameter; remove it", None, Fix("", span, safe=True))


def missing_question_mark(checked: Checked) -> Iterator[Finding]:
    """Parameters without a question mark before the first.

    What it does:
        Finds `&name=`, or `&name` before a macro, in the path or the server of a template that has no query.

    Why it matters:
        Everything is read as part of the path.

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
        Finds `?name=` inside the query, where no URL stands inside the URL, and `??name=`.

    Why it matters:
        Only the first question mark begins parameters: this one is part of a name or a value.

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
    """Semicolon before a parameter, in a query that has ampersands.

    What it does:
        Finds `;name=` in a query whose parameters are separated by `&`.

    Why it matters:
        Where there is an `&`, a `;` separates nothing: what follows belongs to the value before it.

    Example:
        https://n.example/pb?id=(clickid)&ip=(ip);country=(country_code)

    Use instead:
        https://n.example/pb?id=(clickid)&ip=(ip)&country=(country_code)
    """
    if ";" not in checked.source or not any(_opens(pair, "&") for pair in checked.template.query):
        return
    for pair in checked.template.query:
        for piece in pair.value:
            if isinstance(piece, Literal):
                for match in _SEMICOLON.finditer(piece.text):
                    span = Span(piece.start + match.start(), piece.start + match.end())
                    message = "; looks like it separates parameters, but & does in this query"
                    yield Finding(span, message, "write & if a parameter begins here, or %3B if not")


def _opens(pair: Pair, text: str) -> bool:
    return pair.opening is not None and pair.opening.text == text


def missing_ampersand(checked: Checked) -> Iterator[Finding]:
    """Parameter that is not parted from the macro before it.

    What it does:
        Finds `name=` directly behind a macro.

    Why it matters:
        It is part of the value before.

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
    """Name of a parameter that is not parted from its macro.

    What it does:
        Finds parameters without `=` that are a name and a macro, with a colon between them or nothing.

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
        elif _lacks_equals(pair):
            at = pair.name[1].start
            message = f"no = between {pair.name[0].text!r} and {pair.name[1].text}"
            yield Finding(pair.name[1].span, message, None, Fix("=", Span(at, at), safe=False))


def macro_as_name(checked: Checked) -> Iterator[Finding]:
    """Macro in the name of a parameter.

    What it does:
        Finds macros before the `=` of a parameter.

    Why it matters:
        The value of the macro decides what the parameter is called.

    Example:
        https://n.example/pb?(af_sub1)=1

    Use instead:
        https://n.example/pb?sub1=(af_sub1)
    """
    for pair in checked.template.query:
        if not _lacks_equals(pair):
            for piece in pair.name:
                if not isinstance(piece, Literal):
                    yield Finding(piece.span, f"{piece.text} is in the name of a parameter")


def mismatched_parameter(checked: Checked) -> Iterator[Finding]:
    """Parameter with the name of another macro than its own.

    What it does:
        Finds parameters that are called exactly like a macro, and filled from one with another value.

    Why it matters:
        Whoever reads the reports takes it for the other value. AppsFlyer's own page sends the IP address as a country.

    Example:
        https://n.example/pb?country_code=(ip)

    Use instead:
        https://n.example/pb?ip=(ip)
    """
    documented = documented_names(checked.dialect)
    named = [
        (pair, documented[pair.name[0].text])
        for pair in checked.template.query
        if len(pair.name) == 1 == len(pair.value) and pair.name[0].text in documented
    ]
    if not named:
        return
    # Of a parameter of the tracking link, nobody knows which value it has.
    known = (macro for macro in checked.resolution.macros if Problem.PARAMETER not in macro.problems)
    specs = {macro.node.start: macro.spec for macro in known}
    for pair, called in named:
        spec, name = specs.get(pair.value[0].start), pair.name[0].text
        if spec is None or len(name) == 1:
            continue
        # idfa={IDFA} is a slip in the name, of which another rule speaks.
        if called.field != spec.field and fold(name) != fold(spec.name):
            macro = pair.value[0]
            yield Finding(macro.span, f"{name!r} is filled with {macro.text}, another value than {name}")


def _is_empty(pair: Pair) -> bool:
    return not pair.name and pair.equals is None


def _lacks_equals(pair: Pair) -> bool:
    return (
        pair.equals is None
        and len(pair.name) == 2
        and isinstance(pair.name[0], Literal)
        and not isinstance(pair.name[1], Literal)
    )


def _colon_before_macro(pair: Pair, foreign: list[int]) -> Span | None:
    """Return where a colon stands in place of the `=` between a name and a macro, be it one of another platform."""
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


def _name_span(pair: Pair) -> Span:
    return Span(pair.name[0].start, pair.name[-1].span.stop)
