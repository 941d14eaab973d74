"""Previews of requests, as text and as JSON, and the warnings of check that every preview shows."""

import json
from collections.abc import Iterable, Iterator

from macroengine.cli.requests import as_row
from macroengine.diagnostics import Diagnostic, Severity, printable
from macroengine.request import PreparedRequest
from macroengine.workspace.preview import Preview
from macroengine.workspace.request_preview import RequestPreview
from macroengine.workspace.request_text import prepared_text

_WITHHELD = "withheld-macro"
_UNSENDABLE = "cannot be rendered: a required value is withheld"
Warnings = list[tuple[str, Diagnostic]]


def warnings_of(found: Iterable[tuple[str, Diagnostic]]) -> Warnings:
    """Return the warnings of what is found, each with the part of a request that has it.

    Which macros are withheld is shown in a preview anyway.
    """
    return [(part, one) for part, one in found if one.severity is Severity.WARNING and one.name != _WITHHELD]


def warning_lines(found: Warnings) -> Iterator[str]:
    """Yield a line for each warning."""
    for part, one in found:
        yield f"  {one.severity:14}  {one.code} {printable(f'{part}: ' * bool(part) + one.message)}"


def warning_rows(found: Warnings) -> list[dict[str, object]]:
    """Return the warnings for JSON."""
    return [
        {"code": one.code, "name": one.name, "part": part or None, "message": one.message, "hint": one.hint}
        for part, one in found
    ]


def reasons(shown: Preview | RequestPreview) -> dict[str, str]:
    """Return why something is not sent, by title."""
    found = {}
    if shown.not_attributed is None:
        found["not attributed"] = _UNSENDABLE if shown.policy.send_all else "not sent (--send-all sends it)"
    if shown.without_consent is None and shown.needs_consent:
        found["without consent"] = _UNSENDABLE
    return found


def request_as_text(file: str, shown: RequestPreview, found: Warnings) -> str:
    """Return the preview of a request for people."""
    lines = [f"{printable(file)}  {shown.policy.postback}, {printable(shown.dialect.title)}"]
    instead = reasons(shown)
    for title, sent in _sent(shown):
        if sent is None:
            lines += [f"  {title}: {instead[title]}"] if title in instead else []
            continue
        lines.append(f"  {title}")
        lines += [f"    {printable(line)}".rstrip() for line in prepared_text(sent).split("\n")]
    for title, names in (("withheld", shown.withheld), ("needs consent", shown.needs_consent)):
        lines += [f"  {title}: {printable(', '.join(names))}"] if names else []
    lines += warning_lines(found)
    width = max((len(printable(one.name)) for one in shown.parameters), default=0)
    lines += ["  parameters"] if shown.parameters else []
    for one in shown.parameters:
        cells = (f"{printable(one.name):{width}}", printable(one.value), printable(" ".join(one.macros)))
        lines.append(f"    {'  '.join(cells)}".rstrip())
    return "\n".join(lines) + "\n"


def request_as_json(file: str, shown: RequestPreview, found: Warnings) -> str:
    """Return the preview of a request as a JSON object."""
    row = {
        "file": file,
        "dialect": shown.dialect.name,
        "postback": shown.policy.postback,
        **{title.replace(" ", "_"): None if sent is None else as_row(sent) for title, sent in _sent(shown)},
        "withheld": list(shown.withheld),
        "needs_consent": list(shown.needs_consent),
        "parameters": [{"name": one.name, "value": one.value, "macros": list(one.macros)} for one in shown.parameters],
        "warnings": warning_rows(found),
    }
    return json.dumps(row)


def _sent(shown: RequestPreview) -> Iterator[tuple[str, PreparedRequest | None]]:
    yield "attributed", shown.attributed
    yield "not attributed", shown.not_attributed
    yield "without consent", shown.without_consent
    yield "without values", shown.without_values
