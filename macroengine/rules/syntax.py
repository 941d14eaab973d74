"""Rules about text that is not a macro, and should be one."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

from macroengine.catalogue.foreign import nameless
from macroengine.diagnostics import Finding, Fix, Span
from macroengine.language.nodes import Literal, Pair
from macroengine.rules.checked import Checked
from macroengine.rules.intended import own_macro
from macroengine.rules.nearly import brackets
from macroengine.rules.tables import is_placeholder

_URL_SIGN = re.compile("%(?:25)*(?:3A|2F|3F)", re.IGNORECASE)


def empty_template(checked: Checked) -> Iterator[Finding]:
    """Template without any text.

    What it does:
        Finds a template that is empty.

    Why it matters:
        There is no server to send a postback to.

    Example:
        (nothing)

    Use instead:
        https://n.example/pb?clickid=(clickid)
    """
    if not checked.source:
        yield Finding(Span(0, 0), "template is empty", "write a URL")


def unclosed_macro(checked: Checked) -> Iterator[Finding]:
    """Macro that is missing a delimiter.

    What it does:
        Finds the name of a macro between one delimiter and the end of the value, or between two that do not belong
        together.

    Why it matters:
        It is not a macro: the text is sent literally.

    Example:
        https://n.example/pb?id=(clickid&ip=(ip)

    Use instead:
        https://n.example/pb?id=(clickid)&ip=(ip)
    """
    for meant in checked.unclosed_macros:
        yield _write(meant.macro, meant.span, f"{checked.text(meant.span)} is missing a delimiter", safe=True)


def split_macro(checked: Checked) -> Iterator[Finding]:
    """White space in the name of a macro.

    What it does:
        Finds names of macros with spaces or line breaks in them, raw or as `%20`.

    Why it matters:
        It is not a macro: the text is sent literally. Tables on help pages break long names like this.

    Example:
        https://n.example/pb?id=(advertising id)

    Use instead:
        https://n.example/pb?id=(advertising_id)
    """
    for meant in checked.split_macros:
        yield _write(meant.macro, meant.span, f"white space in {checked.text(meant.span)!r}", safe=True)


def literal_delimiters(checked: Checked) -> Iterator[Finding]:
    """Text in the delimiters of a macro that can be none.

    What it does:
        Finds delimiters around text that is not a name.

    Why it matters:
        Nothing is wrong with `(Linux;%20U)`. It is mentioned in case a macro was meant.

    Example:
        https://n.example/pb?ua=Mozilla/5.0%20(Linux;%20U)

    Use instead:
        https://n.example/pb?ua=(user-agent)
    """
    for span in checked.literal_delimiters:
        yield Finding(span, f"{checked.text(span)!r} is not a macro; it will be sent literally")


def nameless_macro(checked: Checked) -> Iterator[Finding]:
    """Delimiters of a macro with nothing between them.

    What it does:
        Finds values that are a macro without its name, in the delimiters of other platforms too.

    Why it matters:
        Template engines of pages take the names out. The value is sent literally.

    Example:
        https://n.example/pb?id=()

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    for match in checked.bracketed:
        if not match[1].strip(" |") and checked.source[match.start() - 1 : match.start()] == "=":
            yield Finding(Span(*match.span()), f"{match[0]} is a macro without a name; write the name")
    nothing = "".join(checked.syntax.delimiters)
    if not any(text in checked.literal_text for text in nameless()):
        return
    for pair in checked.template.query:
        value = pair.value[0] if len(pair.value) == 1 else None
        if value is not None and value.text in nameless() and value.text != nothing:
            yield Finding(value.span, f"{value.text} is a macro without a name; write the macro")


def encoded_delimiters(checked: Checked) -> Iterator[Finding]:
    """Macro whose delimiters are percent-encoded.

    What it does:
        Finds known macros in encoded delimiters. In a URL inside a parameter they may be meant for the next system,
        so that the fix is not safe there.

    Why it matters:
        It is no longer a macro. Whatever encodes a whole URL, such as a spreadsheet or `urlencode`, does this.

    Example:
        https://n.example/pb?id=%28clickid%29

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    if "%" not in checked.source:
        return
    own = checked.syntax.forms[0]
    is_nested = _nested_in(checked.source)
    for form in (own, *(other for other in brackets() if other.opener not in own.opener)):
        opening, closing = (quote(affix, safe="").replace("%", "%(?:25)*") for affix in (form.opener, form.closer))
        if opening == form.opener:  # encoding leaves it unchanged
            continue
        for match in re.finditer(rf"{opening}({form.name}){closing}", checked.source, re.IGNORECASE):
            macro = own_macro(match[1], checked.dialect)
            if macro is not None:
                safe = form == own and not is_nested(match.start())
                yield _write(macro, Span(*match.span()), f"encoded delimiters in {match[0]}", safe=safe)


def doubled_delimiters(checked: Checked) -> Iterator[Finding]:
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
    for meant in checked.doubled_macros:
        message = f"{checked.text(meant.span)} has doubled delimiters"
        yield _write(meant.macro, meant.span, message, safe=False)


def cut_off_macro(checked: Checked) -> Iterator[Finding]:
    """Template that ends in the name of a macro.

    What it does:
        Finds the beginning of a macro at the end of a template.

    Why it matters:
        Spreadsheets and forms cut long text. What is left is not a macro, and more than the macro may be missing.

    Example:
        https://n.example/pb?id=(clickid)&country=(country_co

    Use instead:
        https://n.example/pb?id=(clickid)&country=(country_code)
    """
    found = checked.cut_off
    if found is None:
        return
    span, macros = found
    message = f"template ends in a macro, {checked.text(span)}"
    if len(macros) == 1:
        yield _write(macros[0], span, message, safe=False)
    else:
        yield Finding(span, message, f"it may be {' or '.join(macros[:3])}" if macros else "write the rest of it")


def placeholder(checked: Checked) -> Iterator[Finding]:
    """Placeholder for a person to fill in.

    What it does:
        Finds values like `YOURMACRO`, `CLICK_ID`, `INSERT_ID_HERE` and `XXX`, and values that only repeat the name
        of their parameter where a macro has that name.

    Why it matters:
        Someone has forgotten to replace it, so it is sent literally.

    Example:
        https://n.example/pb?id=CLICK_ID&android_id=android_id

    Use instead:
        https://n.example/pb?id=(clickid)&android_id=(android_id)
    """
    for macro in checked.resolution.macros:
        if is_placeholder(macro.node.name):
            yield Finding(macro.node.span, f"{macro.node.text} is a placeholder for a macro; write that macro")
    for pair in checked.template.query:
        value = pair.value[0] if len(pair.value) == 1 else None
        if isinstance(value, Literal) and not checked.in_foreign_macro(value.span):
            yield from _placeholder_value(pair, value, checked)
    for piece in checked.template.path:
        if isinstance(piece, Literal):
            for match in re.finditer("[^/]+", piece.text):
                if is_placeholder(match[0]):
                    span = Span(piece.start + match.start(), piece.start + match.end())
                    yield Finding(span, f"{match[0]} is a placeholder; write the value")


def _placeholder_value(pair: Pair, value: Literal, checked: Checked) -> Iterator[Finding]:
    text = value.text
    repeats = [piece.text for piece in pair.name] == [text]
    shouted = text.isupper() and "_" in text.strip("_")
    macro = own_macro(text, checked.dialect) if repeats or shouted else None
    if macro is not None:
        yield _write(macro, value.span, f"{text} is a placeholder", safe=False)
    elif is_placeholder(text):
        yield Finding(value.span, f"{text} is a placeholder; write the value or a macro")


def _nested_in(source: str) -> Callable[[int], bool]:
    """Return what says whether a position is inside an encoded URL in a value of the query."""
    begun: dict[int, int] = {}  # where the first sign of such a URL ends, by the start of the value

    def is_nested(position: int) -> bool:
        start = max(source.rfind("?", 0, position), source.rfind("&", 0, position)) + 1
        if start not in begun:
            sign = _URL_SIGN.search(source, start)
            begun[start] = sign.end() if sign else len(source) + 1
        return begun[start] <= position

    return is_nested


def _write(macro: str, span: Span, message: str, *, safe: bool) -> Finding:
    return Finding(span, f"{message}; write {macro}", None, Fix(macro, span, safe=safe))
