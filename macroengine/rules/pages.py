"""Documentation pages of the rules, generated from their docstrings."""

import re
from collections.abc import Iterator
from textwrap import wrap

from macroengine.rules.other_faults import OTHER_FAULTS
from macroengine.rules.registry import RULES
from macroengine.rules.rule import Rule

_SECTION = re.compile(r"^(\w[\w ]*):\n((?:(?:    .*)?\n)*)", re.MULTILINE)
_HEADER = ("| code | name | severity | fix | finds |", "|---|---|---|---|---|")
_OTHERS = """\
## Requests and files

Found in [the headers and bodies of requests](requests.md), in files with [embedded templates](embedded.md), and in any
template that is too large. Other commands have codes of their own: [match](match.md#names),
[translate](translate.md#losses) and [intake](intake.md#codes).
"""
_PROSE = ("What it does", "Why it matters")
_HEAD = """\
# Rules

What `macroengine check` finds: {count} rules for templates, and [problems of requests and files](#requests-and-files).
An error keeps a template from being compiled; a warning is doubtful, an info is worth knowing.
A safe fix is applied by `--fix`, an unsafe one by `--fix --unsafe-fixes`.
Examples are checked as AppsFlyer templates of an install postback, unless `With` says otherwise; what does not print is
shown as an escape.

"""


def listed() -> list[tuple[str, str, str, str, str]]:
    """Return the code, name, severity, best fix and description of all that `check` finds, by code."""
    rules = [
        (code, rule.name, rule.severity, rule.fix or "", sections(code)[""].rstrip(".")) for code, rule in RULES.items()
    ]
    others = [
        (fault.code, fault.name, fault.severity, fault.fix or "", fault.meaning[:1].upper() + fault.meaning[1:])
        for fault in OTHER_FAULTS.values()
    ]
    return sorted([*rules, *others])


def page(code: str) -> str:
    """Return the page of a rule as text of at most 80 columns, except for its examples."""
    rule = RULES[code]
    lines = [f"{code} {rule.name} ({_kind(rule)})"]
    for heading, body in sections(code).items():
        lines += ["", f"{heading}:"] if heading else [""]
        indent = "    " if heading else ""
        text = wrap(body, 80 - len(indent)) if heading in _PROSE else [body]
        lines += [indent + line for line in text]
    return "\n".join(lines)


def sections(code: str) -> dict[str, str]:
    """Return the sections of a rule's page by heading. The summary has an empty heading.

    >>> sections("ME001")["Use instead"]
    'https://n.example/pb?clickid=(clickid)'
    """
    text = RULES[code].page
    found = {
        heading: re.sub("^    ", "", body, flags=re.MULTILINE).strip()
        for heading, body in _SECTION.findall(text + "\n")
    }
    return {"": text.partition("\n")[0], **found}


def markdown() -> str:
    """Return the pages of all rules as Markdown, the content of `docs/rules.md`."""
    return _HEAD.format(count=len(RULES)) + "\n".join(
        [*_tables(), *(line for code in RULES for line in _chapter(code))]
    )


def _tables() -> Iterator[str]:
    yield from _HEADER
    for code, *cells in listed():
        if code in RULES:
            yield f"| [{code}](#{code.lower()}-{cells[0]}) | {' | '.join(cells)} |"
    yield f"\n{_OTHERS}"
    yield from _HEADER
    for row in listed():
        if row[0] in OTHER_FAULTS:
            yield f"| {' | '.join(row)} |"
    yield ""


def _chapter(code: str) -> Iterator[str]:
    rule, found = RULES[code], sections(code)
    yield f"## {code} {rule.name}\n\n{found['']}\n{_kind(rule).capitalize()}.\n"
    for heading, body in found.items():
        if heading in _PROSE:
            yield f"{heading}: {' '.join(body.split())}\n"
        elif heading:
            yield f"{heading}:\n\n```text\n{body}\n```\n"


def _kind(rule: Rule) -> str:
    return f"{rule.severity}, {rule.fix or 'no'} fix"
