"""Previews of requests, as text and as JSON."""

import json
from collections.abc import Iterator

from macroengine.cli.requests import as_row
from macroengine.diagnostics import printable
from macroengine.request import PreparedRequest
from macroengine.workspace.request_preview import RequestPreview
from macroengine.workspace.request_text import prepared_text


def request_as_text(file: str, shown: RequestPreview) -> str:
    """Return the preview of a request for people."""
    lines = [f"{printable(file)}  {shown.policy.postback}, {printable(shown.dialect.title)}"]
    for title, sent in _sent(shown):
        if sent is None:
            lines += [f"  {title}: not sent (--send-all sends it)"] if title == "not attributed" else []
            continue
        lines.append(f"  {title}")
        lines += [f"    {printable(line)}".rstrip() for line in prepared_text(sent).split("\n")]
    for title, names in (("withheld", shown.withheld), ("needs consent", shown.needs_consent)):
        lines += [f"  {title}: {printable(', '.join(names))}"] if names else []
    width = max((len(printable(one.name)) for one in shown.parameters), default=0)
    lines += ["  parameters"] if shown.parameters else []
    for one in shown.parameters:
        cells = (f"{printable(one.name):{width}}", printable(one.value), printable(" ".join(one.macros)))
        lines.append(f"    {'  '.join(cells)}".rstrip())
    return "\n".join(lines) + "\n"


def request_as_json(file: str, shown: RequestPreview) -> str:
    """Return the preview of a request as a JSON object."""
    row = {
        "file": file,
        "dialect": shown.dialect.name,
        "postback": shown.policy.postback,
        **{title.replace(" ", "_"): None if sent is None else as_row(sent) for title, sent in _sent(shown)},
        "withheld": list(shown.withheld),
        "needs_consent": list(shown.needs_consent),
        "parameters": [{"name": one.name, "value": one.value, "macros": list(one.macros)} for one in shown.parameters],
    }
    return json.dumps(row)


def _sent(shown: RequestPreview) -> Iterator[tuple[str, PreparedRequest | None]]:
    yield "attributed", shown.attributed
    yield "not attributed", shown.not_attributed
    yield "without consent", shown.without_consent
    yield "without values", shown.without_values
