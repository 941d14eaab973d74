"""Rules about URLs and JSON nested in a URL."""

from collections.abc import Iterator

from macroengine.diagnostics import Finding, Fix
from macroengine.plan.nesting import Escape
from macroengine.rules.checked import Checked

_JSON = (Escape.STRING, Escape.VALUE)


def nested_macro(checked: Checked) -> Iterator[Finding]:
    """Macro in a nested URL.

    What it does:
        Finds macros after an encoded `scheme://` or an encoded `name=` in the path, a parameter or the fragment.

    Why it matters:
        Their values are encoded once more for each enclosing URL, so that the receiver of the nested URL reads the
        original. `nested=False` turns this off.

    Example:
        https://n.example/pb?u=https%3A%2F%2Fm.example%3Fid%3D(clickid)

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    for macro in checked.placed:
        needed = macro.place.layers + 1
        if needed > 1:
            # Here because few templates have such macros, and the plan takes longer to load than this rule.
            from macroengine.plan.steps import times_encoded  # noqa: PLC0415 - see above

            done = times_encoded(macro, checked.dialect)
            hint = None if done == needed or macro.node.function is None else f"an inner URL needs it {_times(needed)}"
            message = f"{macro.node.text} is in a URL inside the URL: it is encoded {_times(done)}"
            yield Finding(macro.node.span, message, hint)


def _times(number: int) -> str:
    return {0: "not at all", 1: "once", 2: "twice", 3: "three times"}.get(number, f"{number} times")


def json_macro(checked: Checked) -> Iterator[Finding]:
    """Macro in JSON inside a URL.

    What it does:
        Finds macros in a parameter, path segment or fragment that contains JSON.

    Why it matters:
        Their values are escaped for JSON before they are encoded, or written as whole JSON values: numbers, booleans,
        strings, null. With `missing="drop"`, the parameter is dropped with all its JSON.

    Example:
        https://n.example/pb?data=%7B%22id%22%3A%22(clickid)%22%7D

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    for macro in checked.placed:
        innermost = next((escape for escape in macro.place.escapes if escape in _JSON), None)
        if innermost is not None:
            how = "escaped in a string" if innermost is Escape.STRING else "written as a JSON value"
            message = f"{macro.node.text} is in JSON inside the URL: its value is {how}"
            yield Finding(
                macro.node.span, message, "if it is missing and missing values are dropped, so is the whole parameter"
            )


def split_escape(checked: Checked) -> Iterator[Finding]:
    """Half a percent-escape before a macro.

    What it does:
        Finds `%`, or `%` and one hexadecimal digit, directly before a macro, also in nested URLs.

    Why it matters:
        The beginning of the value completes the escape: `%(clickid)` with the value 41 is read as `A`. That way, a
        value can become any character and break out of its parameter.

    Example:
        https://n.example/pb?share=%(clickid)

    Use instead:
        https://n.example/pb?share=%25(clickid)
    """
    for macro, span in checked.split_escapes:
        text = checked.text(span)
        written = text.replace("%", "%" + "25" * (macro.place.layers + 1 - text.count("25")), 1)
        message = f"{text} before {macro.node.text} begins an escape that the value completes; write {written}"
        yield Finding(span, message, None, Fix(written, span, safe=False))
