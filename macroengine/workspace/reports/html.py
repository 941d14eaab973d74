"""The report as a single HTML page that loads nothing else: no scripts, fonts or images."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib import resources

from macroengine.diagnostics import Diagnostic, Severity, printable
from macroengine.workspace.preview import Parameter, Preview
from macroengine.workspace.reports.entry import (
    NOBODY,
    Entry,
    Group,
    by_partner,
    by_rule,
    counted,
    instead,
    kind_of_advice,
    total,
)

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def html_report(entries: Sequence[Entry], unchecked: Sequence[str] = ()) -> str:
    """Return the page."""
    style = (resources.files(__package__) / "page.css").read_text(encoding="utf-8")
    everything = total(entries)
    clean = sum(not entry.found for entry in entries)
    number = f"{everything.templates:,} template{'s' * (everything.templates != 1)}"
    lead = f"{number}, {clean:,} clean: {counted(everything)}"
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<title>Postback templates</title>",
        f"<style>\n{style}</style>",
        "</head>",
        "<body>",
        "<header>",
        "<h1>Postback templates</h1>",
        f"<p>{lead}</p>",
        "</header>",
        "<main>",
        *_summary(entries),
        *_unchecked(unchecked),
        *(line for number, entry in enumerate(entries, 1) for line in _article(number, entry)),
        "</main>",
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """Return a text escaped for HTML."""
    return escape(printable(text))


def _summary(entries: Sequence[Entry]) -> Iterator[str]:
    first: dict[str, int] = {}
    for number, entry in enumerate(entries, 1):
        first.setdefault(entry.partner or NOBODY, number)
    yield '<section class="summary">'
    yield from _table("By partner", by_partner(entries), first)
    rules = by_rule(entries)
    if rules:
        yield from _table("By rule", rules, {})
    yield "</section>"


def _unchecked(reasons: Sequence[str]) -> Iterator[str]:
    if reasons:
        items = "".join(f"<li>{_text(reason)}</li>" for reason in reasons)
        yield f'<section class="summary"><h2>Not checked</h2><ul>{items}</ul></section>'


def _table(title: str, groups: Iterable[Group], anchors: dict[str, int]) -> Iterator[str]:
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("templates", "errors", "warnings", "infos", "fixable"))
    yield f'<div class="scroll" tabindex="0" role="region" aria-label="{title}">'
    yield f'<table><caption>{title}</caption><thead><tr><th scope="col"></th>{heads}</tr></thead><tbody>'
    for group in groups:
        name = _text(group.name)
        if group.name in anchors:
            name = f'<a href="#t{anchors[group.name]}">{name}</a>'
        counts = (group.templates, *(group.found[severity] for severity in Severity), group.fixable)
        cells = "".join(f"<td>{count:,}</td>" if count else '<td class="none">0</td>' for count in counts)
        yield f'<tr><th scope="row">{name}</th>{cells}</tr>'
    yield "</tbody></table></div>"


def _article(number: int, entry: Entry) -> Iterator[str]:
    worst = entry.worst or "clean"
    yield f'<article id="t{number}" class="{worst}">'
    yield f"<h2>{_text(entry.partner or NOBODY)} {_badge(worst)}</h2>"
    facts = (entry.place, entry.dialect.title, f"{entry.policy.postback} postback")
    yield f'<p class="facts">{" · ".join(map(_text, facts))}</p>'
    yield f'<p class="template"><code>{_marked(entry)}</code></p>'
    if entry.found:
        yield "<ul>"
        for diagnostic in entry.found:
            yield from _finding(diagnostic)
        yield "</ul>"
    if entry.fixed is not None:
        yield f'<h3>After the safe fixes</h3><p class="template"><code>{escape(entry.shown(entry.fixed))}</code></p>'
    if entry.preview is not None:
        yield from _preview(entry, entry.preview)
    yield "</article>"


def _badge(word: str) -> str:
    return f'<span class="badge {word}">{word}</span>'


def _finding(diagnostic: Diagnostic) -> Iterator[str]:
    rule = f'<code>{_text(diagnostic.code)}</code> <span class="rule">{_text(diagnostic.name)}</span>'
    yield f"<li>{_badge(diagnostic.severity)} {rule}<br>{_text(diagnostic.message)}"
    start, stop = diagnostic.span.start, diagnostic.span.stop
    before, after = diagnostic.source[max(0, start - 30) : start], diagnostic.source[stop : stop + 30]
    cut = ("…" if start > 30 else "", "…" if stop + 30 < len(diagnostic.source) else "")
    marked = f'<mark class="{diagnostic.severity}">{_text(diagnostic.source[start:stop]) or "&nbsp;"}</mark>'
    yield f'<p class="where"><code>{cut[0]}{_text(before)}{marked}{_text(after)}{cut[1]}</code></p>'
    if advice := instead(diagnostic):
        is_text = diagnostic.fix is not None and diagnostic.fix.replacement
        shown = f"<code>{_text(advice)}</code>" if is_text else _text(advice)
        yield f'<p class="advice">{kind_of_advice(diagnostic)}: {shown}</p>'
    yield "</li>"


def _marked(entry: Entry) -> str:
    """Return the template with each character that a finding is about marked."""
    source = entry.template
    worst: dict[int, Severity] = {}
    for severity in reversed(Severity):
        for diagnostic in entry.found:
            if diagnostic.severity is severity and diagnostic.source == source:
                worst |= dict.fromkeys(range(diagnostic.span.start, diagnostic.span.stop), severity)
    pieces, start = [], 0
    for end in range(1, len(source) + 1):
        if end == len(source) or worst.get(end) is not worst.get(start):
            severity_here = worst.get(start)
            text = escape(entry.shown(source[start:end]))
            pieces.append(text if severity_here is None else f'<mark class="{severity_here}">{text}</mark>')
            start = end
    return "".join(pieces)


def _preview(entry: Entry, shown: Preview) -> Iterator[str]:
    yield "<details><summary>What the partner would receive</summary>"
    yield f'<p class="template"><code>{escape(entry.shown(shown.attributed))}</code></p>'
    if shown.not_attributed is not None:
        other = escape(entry.shown(shown.not_attributed))
        yield f'<p>Not attributed:</p><p class="template"><code>{other}</code></p>'
    if shown.withheld:
        yield f"<p>Withheld where not attributed: <code>{_text(', '.join(shown.withheld))}</code></p>"
    if shown.needs_consent:
        names = _text(", ".join(shown.needs_consent))
        yield f"<p>Withheld where the user does not share identifiers: <code>{names}</code></p>"
    if shown.parameters:
        yield '<div class="scroll" tabindex="0" role="region" aria-label="Parameters">'
        yield '<table><thead><tr><th scope="col">parameter</th><th scope="col">value</th>'
        yield '<th scope="col">macro</th></tr></thead><tbody>'
        yield from map(_parameter, shown.parameters)
        yield "</tbody></table></div>"
    yield "</details>"


def _parameter(one: Parameter) -> str:
    value, macros = _text(one.value), _text(" ".join(one.macros))
    return f'<tr><th scope="row">{_text(one.name)}</th><td><code>{value}</code></td><td><code>{macros}</code></td></tr>'
