"""Functions that are written around a macro as in a program: `sha1(idfa)`, `md5({idfa})`."""

from collections.abc import Iterator
from typing import NamedTuple

from macroengine.caching import late_pattern
from macroengine.diagnostics import Finding, Fix, Span, overlapping
from macroengine.language.nodes import Part
from macroengine.rules.checked import Checked
from macroengine.rules.enclosed import called_function, written_with

# A word that is not the end of a longer one. The character before it may be encoded.
_WORD = late_pattern(r"(?:^|%[0-9A-Fa-f]{2}|[^A-Za-z0-9_])([A-Za-z][A-Za-z0-9_]*(?:-[0-9]+)?)\Z")
# A longer text is not the name of a function.
_LONGEST = 30


def function_as_text(checked: Checked) -> Iterator[Finding]:
    """Function of a program around a macro.

    What it does:
        Finds the name of a function, such as a hash, before a macro in parentheses.

    Why it matters:
        It is text like any other. The value is sent as it is: where a hash was meant, the identifier itself.

    Example:
        https://n.example/pb?id=sha1(idfa)

    Use instead:
        https://n.example/pb?id=(sha1-idfa)
    """
    calls = _calls(checked)
    if not calls:
        return
    is_enclosed = overlapping(enclosed.span for enclosed in checked.near_macros.enclosed)
    for span, word, macro, written in calls:
        message = f"{word} is sent as text, and not applied to {macro}"
        if is_enclosed(span):
            continue
        if written is None:
            yield Finding(span, message, f"write {macro} alone, or a macro that has this function")
        else:
            yield Finding(span, f"{message}; write {written}", None, Fix(written, span, safe=False))


class _Call(NamedTuple):
    """A macro as the argument of a function."""

    span: Span
    word: str
    macro: str
    written: str | None
    """What the dialect writes instead, if it has the function for this macro."""


def _calls(checked: Checked) -> list[_Call]:
    """Return the macros that are written as arguments of functions, in source order."""
    source, calls = checked.source, []
    for macro in checked.resolution.macros:
        node = macro.node
        text, start = node.text, node.start
        # Most macros are whole values.
        if source[start - 1] == "=":
            continue
        stop = start + len(text)
        if text[0] != "(":
            if source[start - 1 : start] != "(" or source[stop : stop + 1] != ")":
                continue
            start, stop = start - 1, stop + 1
        before = source[max(0, start - _LONGEST) : start]
        # Other text mostly ends in a separator, which may be encoded.
        if not before[-1:].isalnum() or before[-3:-2] == "%":
            continue
        found = _WORD.search(before)
        function = called_function(found[1]) if found else None
        # In the name of a parameter, an equals sign is missing.
        if found is None or function is None or macro.spec is None or macro.part is Part.NAME:
            continue
        written = written_with(function, macro, checked.dialect)
        calls.append(_Call(Span(start - len(found[1]), stop), found[1], text, written))
    return calls
