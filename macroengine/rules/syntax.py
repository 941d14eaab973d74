"""Rules about text that is not a macro but should be one."""

import re
from collections.abc import Callable, Iterator

from macroengine.caching import late_pattern
from macroengine.catalogue.foreign import nameless
from macroengine.diagnostics import Finding, Fix, Span
from macroengine.encodings.encoder import percent_encode
from macroengine.language.nodes import Literal, Pair
from macroengine.rules.checked import Checked
from macroengine.rules.intended import own_macro
from macroengine.rules.nearly import brackets
from macroengine.rules.tables import is_placeholder

_URL_SIGN = late_pattern("%(?:25)*(?:3A|2F|3F)", re.IGNORECASE)
_SEGMENT = late_pattern("[^/]+")


def empty_template(checked: Checked) -> Iterator[Finding]:
    """Template without any text.

    What it does:
        Finds templates that are empty.

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
        Finds the name of a macro between one delimiter and the end of the value, or between two delimiters that do not
        match.

    Why it matters:
        It is not a macro: the text is sent literally.

    Example:
        https://n.example/pb?id=(clickid&ip=(ip)

    Use instead:
        https://n.example/pb?id=(clickid)&ip=(ip)
    """
    for meant in checked.near_macros.unclosed:
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
    for meant in checked.near_macros.split:
        yield _write(meant.macro, meant.span, f"white space in {checked.text(meant.span)!r}", safe=True)


def literal_delimiters(checked: Checked) -> Iterator[Finding]:
    """Text between macro delimiters that cannot be a macro.

    What it does:
        Finds delimiters around text that is not a name.

    Why it matters:
        `(Linux;%20U)` is valid. It is reported in case a macro was intended.

    Example:
        https://n.example/pb?ua=Mozilla/5.0%20(Linux;%20U)

    Use instead:
        https://n.example/pb?ua=(user-agent)
    """
    for span in checked.literal_delimiters:
        yield Finding(span, f"{checked.text(span)!r} is not a macro; it will be sent literally")


def nameless_macro(checked: Checked) -> Iterator[Finding]:
    """Macro delimiters with nothing between them.

    What it does:
        Finds values that are only the delimiters of a macro, including those of other platforms.

    Why it matters:
        A page's template engine may have replaced the name. The value is sent literally.

    Example:
        https://n.example/pb?id=()

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    for match in checked.near_macros.bracketed:
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
        Finds known macros in encoded delimiters. In a nested URL they may be intended for the next system, so the fix
        is not safe there.

    Why it matters:
        It is no longer a macro. Spreadsheets, `urlencode` and other software that encodes a whole URL do this.

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
        opening, closing = (percent_encode(affix).replace("%", "%(?:25)*") for affix in (form.opener, form.closer))
        if opening == form.opener:  # percent-encoding does not change it
            continue
        for match in re.finditer(rf"{opening}({form.name}){closing}", checked.source, re.IGNORECASE):
            macro = own_macro(match[1], checked.dialect)
            if macro is not None:
                safe = form == own and not is_nested(match.start())
                yield _write(macro, Span(*match.span()), f"encoded delimiters in {match[0]}", safe=safe)


def doubled_delimiters(checked: Checked) -> Iterator[Finding]:
    """Macro with doubled delimiters.

    What it does:
        Finds values that are a macro in more than one pair of its delimiters, or with an extra delimiter.

    Why it matters:
        The outer delimiters are sent along with the value.

    Example:
        https://n.example/pb?id=((clickid))

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    for meant in checked.near_macros.doubled:
        message = f"{checked.text(meant.span)} has doubled delimiters"
        yield _write(meant.macro, meant.span, message, safe=False)


def macro_in_macro(checked: Checked) -> Iterator[Finding]:
    """Macro inside a macro.

    What it does:
        Finds a macro of the dialect between the delimiters of another one, after a function or a name.

    Why it matters:
        The inner macro is filled and the text around it is sent literally: where a hash was meant, the identifier
        itself is sent.

    Example:
        https://n.example/pb?id=(sha1-(idfa))

    Use instead:
        https://n.example/pb?id=(sha1-idfa)
    """
    for span, inner, intended in checked.near_macros.enclosed:
        message = f"{inner} is inside another macro"
        if intended is not None:
            yield _write(intended, span, message, safe=False)
        else:
            hint = f"only {inner} is filled; the text around it is sent literally"
            yield Finding(span, f"{message}; write one macro", hint)


def cut_off_macro(checked: Checked) -> Iterator[Finding]:
    """Template that ends in the middle of a macro.

    What it does:
        Finds the beginning of a macro at the end of a template.

    Why it matters:
        Spreadsheets and forms cut long text. The rest is not a macro, and more text may be missing.

    Example:
        https://n.example/pb?id=(clickid)&country=(country_co

    Use instead:
        https://n.example/pb?id=(clickid)&country=(country_code)
    """
    found = checked.near_macros.cut_off
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
        of their parameter if a macro has that name.

    Why it matters:
        Nobody replaced it, so it is sent literally.

    Example:
        https://n.example/pb?id=CLICK_ID&android_id=android_id

    Use instead:
        https://n.example/pb?id=(clickid)&android_id=(android_id)
    """
    documented = checked.dialect.macros
    for macro in checked.resolution.macros:
        # A macro without a problem is one of the dialect.
        if macro.problems and macro.node.name not in documented and is_placeholder(macro.node.name):
            yield Finding(macro.node.span, f"{macro.node.text} is a placeholder for a macro; write that macro")
    for pair in checked.template.query:
        pieces = pair.value
        if len(pieces) == 1 and isinstance(pieces[0], Literal) and not checked.in_foreign_macro(pieces[0].span):
            yield from _placeholder_value(pair, pieces[0], checked)
    for piece in checked.template.path:
        if isinstance(piece, Literal):
            for match in _SEGMENT.finditer(piece.text):
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
    """Return a function that says whether a position is inside an encoded URL in a query value."""
    begun: dict[int, int] = {}  # by the start of the value: where the first marker of a URL ends

    def is_nested(position: int) -> bool:
        start = max(source.rfind("?", 0, position), source.rfind("&", 0, position)) + 1
        if start not in begun:
            sign = _URL_SIGN.search(source, start)
            begun[start] = sign.end() if sign else len(source) + 1
        return begun[start] <= position

    return is_nested


def _write(macro: str, span: Span, message: str, *, safe: bool) -> Finding:
    return Finding(span, f"{message}; write {macro}", None, Fix(macro, span, safe=safe))
