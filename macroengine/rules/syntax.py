"""Rules about text that is no macro, and should be one."""

import re
from collections.abc import Iterator
from urllib.parse import quote

from macroengine.catalogue.foreign import nameless
from macroengine.diagnostics import Finding, Fix, Span, overlapping
from macroengine.language.nodes import Literal, Pair
from macroengine.rules.context import Context
from macroengine.rules.foreign import program_texts
from macroengine.rules.meant import (
    Foreign,
    Meant,
    bracketed,
    brackets,
    cut_off,
    doubled_macros,
    foreign_macros,
    outside_macros,
    own_macro,
    split_macros,
    unclosed_macros,
)
from macroengine.rules.tables import placeholder_patterns


def empty_template(context: Context) -> Iterator[Finding]:
    """Template without any text.

    What it does:
        Finds a template that is empty.

    Why it matters:
        There is nobody to send a postback to.

    Example:
        (nothing)

    Use instead:
        https://n.example/pb?clickid=(clickid)
    """
    if not context.source:
        yield Finding(Span(0, 0), "template is empty", "write a URL")


def unclosed_macro(context: Context) -> Iterator[Finding]:
    """Macro that lacks a delimiter.

    What it does:
        Finds the name of a macro between one delimiter and the end of the value, or between two that do not belong
        together.

    Why it matters:
        It is no macro: the text is sent as it is.

    Example:
        https://n.example/pb?id=(clickid&ip=(ip)

    Use instead:
        https://n.example/pb?id=(clickid)&ip=(ip)
    """
    for meant in unclosed_macros(context.source, context.dialect):
        yield _write(meant.macro, meant.span, f"{_text(meant.span, context)} lacks a delimiter", safe=True)


def split_macro(context: Context) -> Iterator[Finding]:
    """White space in the name of a macro.

    What it does:
        Finds names of macros with spaces or line breaks in them, raw or as `%20`.

    Why it matters:
        It is no macro: the text is sent as it is. Tables on help pages break long names like this.

    Example:
        https://n.example/pb?id=(advertising id)

    Use instead:
        https://n.example/pb?id=(advertising_id)
    """
    for meant in split_macros(context.source, context.dialect):
        yield _write(meant.macro, meant.span, f"white space in {_text(meant.span, context)!r}", safe=True)


def literal_delimiters(context: Context) -> Iterator[Finding]:
    """Text in the delimiters of a macro that can be none.

    What it does:
        Finds delimiters around text that is no name.

    Why it matters:
        Nothing is wrong with `(Linux;%20U)`. It is mentioned in case a macro was meant.

    Example:
        https://n.example/pb?ua=Mozilla/5.0%20(Linux;%20U)

    Use instead:
        https://n.example/pb?ua=(user-agent)
    """
    others: list[Meant | Foreign] = [
        *split_macros(context.source, context.dialect),
        *foreign_macros(context.source, context.dialect),
    ]
    is_spoken_of = overlapping([*(other.span for other in others), *program_texts(context)])
    own = context.dialect.syntax
    for match in outside_macros(bracketed(own), context.source, own):
        span = Span(*match.span())
        if match[1].strip(" |") and not is_spoken_of(span):
            yield Finding(span, f"{match[0]!r} is no macro, and is sent as it is")


def nameless_macro(context: Context) -> Iterator[Finding]:
    """Delimiters of a macro with nothing between them.

    What it does:
        Finds values that are a macro without its name, in the delimiters of other platforms too.

    Why it matters:
        Template engines of pages take the names out. The value is sent as it is.

    Example:
        https://n.example/pb?id=()

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    own = context.dialect.syntax
    for match in outside_macros(bracketed(own), context.source, own):
        if not match[1].strip(" |") and context.source[match.start() - 1 : match.start()] == "=":
            yield Finding(Span(*match.span()), f"{match[0]} is a macro without a name; write the name")
    nothing = "".join(own.delimiters)
    for pair in context.template.query:
        value = pair.value[0] if len(pair.value) == 1 else None
        if value is not None and value.text in nameless() and value.text != nothing:
            yield Finding(value.span, f"{value.text} is a macro without a name; write the macro")


def encoded_delimiters(context: Context) -> Iterator[Finding]:
    """Macro whose delimiters are percent-encoded.

    What it does:
        Finds known macros in encoded delimiters. In a URL inside a parameter they may be meant for the next system,
        so that the fix is not safe there.

    Why it matters:
        It is no macro any more. Whatever encodes a whole URL, such as a spreadsheet or `urlencode`, does this.

    Example:
        https://n.example/pb?id=%28clickid%29

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    if "%" not in context.source:
        return
    own = context.dialect.syntax.forms[0]
    for form in (own, *(other for other in brackets() if other.opener not in own.opener)):
        opening, closing = (quote(affix, safe="").replace("%", "%(?:25)*") for affix in (form.opener, form.closer))
        if opening == form.opener:  # encoding leaves it as it is
            continue
        for match in re.finditer(rf"{opening}({form.name}){closing}", context.source, re.IGNORECASE):
            macro = own_macro(match[1], context.dialect)
            if macro is not None:
                safe = form == own and not _is_nested(context.source, match.start())
                yield _write(macro, Span(*match.span()), f"encoded delimiters in {match[0]}", safe=safe)


def doubled_delimiters(context: Context) -> Iterator[Finding]:
    """Macro with its delimiters written twice.

    What it does:
        Finds values that are a macro in more than one pair of its delimiters, or with one of them too many.

    Why it matters:
        The outer delimiters are sent, around the value.

    Example:
        https://n.example/pb?id=((clickid))

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    for span, macro in doubled_macros(context.source, context.dialect):
        message = f"{_text(span, context)} has its delimiters twice"
        yield _write(macro, span, message, safe=False)


def cut_off_macro(context: Context) -> Iterator[Finding]:
    """Template that ends in the name of a macro.

    What it does:
        Finds the beginning of a macro at the end of a template.

    Why it matters:
        Spreadsheets and forms cut long text. What is left is no macro, and more than the macro may be missing.

    Example:
        https://n.example/pb?id=(clickid)&country=(country_co

    Use instead:
        https://n.example/pb?id=(clickid)&country=(country_code)
    """
    found = cut_off(context.source, context.dialect)
    if found is None:
        return
    span, macros = found
    message = f"template ends in a macro, {_text(span, context)}"
    if len(macros) == 1:
        yield _write(macros[0], span, message, safe=False)
    else:
        yield Finding(span, message, f"it may be {' or '.join(macros[:3])}" if macros else "write the rest of it")


def placeholder(context: Context) -> Iterator[Finding]:
    """Placeholder for a person to fill in.

    What it does:
        Finds values like `YOURMACRO`, `CLICK_ID`, `INSERT_ID_HERE` and `XXX`, and values that only repeat the name
        of their parameter where a macro has that name.

    Why it matters:
        Someone has forgotten to replace it, and it is sent as it is.

    Example:
        https://n.example/pb?id=CLICK_ID&android_id=android_id

    Use instead:
        https://n.example/pb?id=(clickid)&android_id=(android_id)
    """
    patterns = placeholder_patterns()
    is_foreign = overlapping(foreign.span for foreign in foreign_macros(context.source, context.dialect))
    for macro in context.resolution.macros:
        if patterns.fullmatch(macro.node.name):
            yield Finding(macro.node.span, f"{macro.node.text} stands for a macro of yours; write that macro")
    for pair in context.template.query:
        value = pair.value[0] if len(pair.value) == 1 else None
        if isinstance(value, Literal) and not is_foreign(value.span):
            yield from _placeholder_value(pair, value, context)
    for piece in context.template.path:
        if isinstance(piece, Literal):
            for match in re.finditer("[^/]+", piece.text):
                if patterns.fullmatch(match[0]):
                    span = Span(piece.start + match.start(), piece.start + match.end())
                    yield Finding(span, f"{match[0]} is a placeholder; write the value")


def _placeholder_value(pair: Pair, value: Literal, context: Context) -> Iterator[Finding]:
    text = value.text
    repeats = [piece.text for piece in pair.name] == [text]
    shouted = text.isupper() and "_" in text.strip("_")
    macro = own_macro(text, context.dialect) if repeats or shouted else None
    if macro is not None:
        yield _write(macro, value.span, f"{text} is a placeholder", safe=False)
    elif placeholder_patterns().fullmatch(text):
        yield Finding(value.span, f"{text} is a placeholder; write the value or a macro")


def _is_nested(source: str, position: int) -> bool:
    """Say whether a position is inside an encoded URL in a value of the query."""
    value = re.split("[?&]", source[:position])[-1]
    return re.search("%(?:25)*(?:3A|2F|3F)", value, re.IGNORECASE) is not None


def _text(span: Span, context: Context) -> str:
    return context.source[span.start : span.stop]


def _write(macro: str, span: Span, message: str, *, safe: bool) -> Finding:
    return Finding(span, f"{message}; write {macro}", None, Fix(macro, span, safe=safe))
