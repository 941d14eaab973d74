"""Rules about macros of other platforms, programs and pages."""

import re
from collections.abc import Iterator

from macroengine.catalogue.foreign import encoded_macros, foreign_texts
from macroengine.diagnostics import Finding, Fix, Span
from macroengine.rules.checked import Checked
from macroengine.rules.intended import Foreign, foreign_macros, own_macro
from macroengine.rules.messages import with_article


def foreign_macro(checked: Checked) -> Iterator[Finding]:
    """Macro in another platform's syntax, with an undocumented name.

    What it does:
        Finds `{x}`, `${x}`, `{{x}}`, `[x]`, `__X__`, `%%X%%` and others, if no platform with that syntax documents the
        name.

    Why it matters:
        The platform does not replace it: the text is sent literally.

    Example:
        https://n.example/pb?id={click%20id}

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    for foreign in checked.foreign_macros:
        if not (foreign.documented or foreign.for_program or checked.in_server(foreign.span)):
            yield _finding(foreign, checked)


def documented_foreign_macro(checked: Checked) -> Iterator[Finding]:
    """Macro of another platform.

    What it does:
        Finds `{x}`, `${x}`, `{{x}}`, `[x]`, `__X__`, `%%X%%`, `$$click(x)` and others that are certainly macros: a
        platform with that syntax documents the name, or the dialect itself has it in any spelling. A macro of the
        dialect inside such a text is part of it, and is not filled.

    Why it matters:
        The platform does not replace it: the text is sent literally. `unknown="keep"` permits that.

    Example:
        https://n.example/pb?id={clickid}&gaid=__GAID__

    Use instead:
        https://n.example/pb?id=(clickid)&gaid=(advertising_id)
    """
    for foreign in checked.foreign_macros:
        if foreign.documented and not checked.in_server(foreign.span):
            yield _finding(foreign, checked)


def foreign_macro_in_host(checked: Checked) -> Iterator[Finding]:
    """Macro of another platform in the scheme or the host.

    What it does:
        Finds macros of other platforms before the path of a URL, or at the beginning of a template.

    Why it matters:
        It is not replaced, and no such host exists. If it were replaced, its value would decide who receives the data.

    Example:
        https://{subdomain}.n.example/pb?id=(clickid)

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    for foreign in checked.foreign_macros:
        if checked.in_server(foreign.span):
            text = checked.text(foreign.span)
            message = f"{text} is in the server name, and is not {with_article(checked.dialect.title)} macro"
            yield Finding(foreign.span, message, "write the server name in full")


def encoded_foreign_macro(checked: Checked) -> Iterator[Finding]:
    """Macro of another platform whose delimiters are percent-encoded.

    What it does:
        Finds `%7Bname%7D`, `%24%7BNAME%7D`, `%5BNAME%5D` and similar, encoded once or several times.

    Why it matters:
        Spreadsheets and other software encode a whole URL like this. The text is sent literally. In a nested URL it may
        be intended for the next system.

    Example:
        https://n.example/pb?campaign=%7Bcampaign_name%7D

    Use instead:
        https://n.example/pb?campaign=(C)
    """
    source, own = checked.source, checked.dialect
    if "%" not in source:
        return
    for match in encoded_macros().finditer(source):
        # The text before it may show that it is not a macro: an index, as in a%5Bb%5D=1.
        before, decoded = source[match.start() - 1 : match.start()], _decoded(match[0])
        found = foreign_macros(foreign_texts(before + decoded, own.syntax), before + decoded, own)
        is_whole = [foreign.span for foreign in found] == [Span(len(before), len(before) + len(decoded))]
        # Another rule reports the dialect's own names.
        if is_whole and own_macro(re.sub(r"[^\w.-]", "", decoded), own) is None:
            message = f"{match[0]} is {decoded} with encoded delimiters"
            hint = f"this is the syntax of {_whose(found[0], own.title)}"
            yield _written(found[0], Span(*match.span()), message, hint)


def program_placeholder(checked: Checked) -> Iterator[Finding]:
    """Placeholder that a program should have filled.

    What it does:
        Finds `%s`, `%1$d`, `{0}`, `#{x}`, `<%= x %>`, `<?= x ?>`, `${c.name}`, `{{.X}}` and `@{x}@`, if that is not a
        macro with a documented name.

    Why it matters:
        The template was copied from a program. No platform replaces the placeholder: it is sent literally.

    Example:
        https://n.example/pb?id=%s

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    for span in checked.program_texts:
        hint = "write the value, or a macro"
        yield Finding(span, f"{checked.text(span)} is a program's placeholder; it will be sent literally", hint)


def _decoded(text: str) -> str:
    """Return an ASCII text with all layers of percent-encoding removed."""
    return re.sub("%(?:25)*([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)), text)


def _finding(foreign: Foreign, checked: Checked) -> Finding:
    text, title = checked.text(foreign.span), checked.dialect.title
    if foreign.values > 1:
        count = {2: "two", 3: "three"}.get(foreign.values, str(foreign.values))
        message = f"{text} means the first of {count} values that is set; {title} has no alternatives"
        hint = f"it needs {count} parameters, one for each value"
        return Finding(foreign.span, message, f"{hint}: {', '.join(foreign.intended)}" if foreign.intended else hint)
    if foreign.what is not None:
        hint = foreign.instead or "only the values of macros are sent"
        if foreign.whose != title:
            hint = f"this is the syntax of {_whose(foreign, title)}; {hint}"
        return _written(foreign, foreign.span, f"{text} is {foreign.what}, which is not evaluated", hint)
    hint = f"this is the syntax of {_whose(foreign, title)}"
    if foreign.encloses:
        hint += ", and macros inside it are not replaced"
    return _written(foreign, foreign.span, f"{text} is not {with_article(title)} macro", hint)


def _whose(foreign: Foreign, title: str) -> str:
    if foreign.whose == title:
        return f"{title}, but not that of its postbacks"
    return "other platforms" if title in foreign.whose else foreign.whose


def _written(foreign: Foreign, span: Span, message: str, hint: str) -> Finding:
    match foreign.intended:
        case ():
            return Finding(span, f"{message}; it will be sent literally", hint)
        case (macro,):
            # The platform does not matter once it is known what to write.
            return Finding(
                span, f"{message}; write {macro}", hint if foreign.encloses else None, Fix(macro, span, safe=False)
            )
        case several:
            return Finding(span, f"{message}; it may be {' or '.join(several)}", hint)
