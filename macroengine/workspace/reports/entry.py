"""The content of a report: an entry for each template, and totals."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from macroengine.catalogue import Dialect
from macroengine.diagnostics import Diagnostic, Severity, printable
from macroengine.errors import MacroEngineError
from macroengine.policy import Policy
from macroengine.request_template import RequestTemplate, parse_request
from macroengine.rules.fixing import fix
from macroengine.rules.request_fixing import fix_request
from macroengine.workspace.preview import Preview, preview
from macroengine.workspace.record import Record
from macroengine.workspace.request_preview import for_report, preview_request
from macroengine.workspace.request_text import in_text, template_text

NOBODY = "(no partner)"


@dataclass(frozen=True, slots=True)
class Entry:
    """A template with everything that is known about it."""

    partner: str
    place: str
    template: str
    dialect: Dialect
    policy: Policy
    found: tuple[Diagnostic, ...]
    fixed: str | None
    """The template after its safe fixes; None if they change nothing."""
    preview: Preview | None
    """What the partner would receive from the fixed template; None if it cannot be rendered."""
    is_request: bool = False
    """Whether it is a request, whose text has several lines."""

    def shown(self, text: str) -> str:
        """Return a text of the entry with characters that do not print escaped."""
        return "\n".join(map(printable, text.split("\n"))) if self.is_request else printable(text)

    @property
    def worst(self) -> Severity | None:
        """The worst severity of its findings; None for a clean template."""
        severities = {diagnostic.severity for diagnostic in self.found}
        return next((severity for severity in Severity if severity in severities), None)


def entry_of(
    record: Record,
    *,
    file: str,
    dialect: Dialect,
    policy: Policy,
    found: Iterable[Diagnostic],
    wanted: Sequence[str],
    ignored: Sequence[str] = (),
) -> Entry:
    """Return the entry of a template. Only the `wanted` rules fix it; an `ignored` rule silences no other rule."""
    template = record.template or ""
    fixed = template
    shown = None
    try:
        fixed = fix(template, dialect=dialect, policy=policy, select=wanted, ignore=ignored).source
        shown = preview(fixed, dialect=dialect, policy=policy)
    except MacroEngineError:  # the findings say why; or the examples cannot be sent
        pass
    return Entry(
        record.said.partner,
        f"{file}:{record.place}",
        template,
        dialect,
        policy,
        tuple(found),
        None if fixed == template else fixed,
        shown,
    )


def entry_of_request(
    parsed: RequestTemplate,
    *,
    place: str,
    policy: Policy,
    found: Iterable[tuple[str, Diagnostic]],
    select: Sequence[str] | None,
    ignore: Sequence[str],
) -> Entry:
    """Return the entry of a request, with its text as the template, fixed by the `wanted` rules only."""
    request, dialect = parsed.request, parsed.dialect
    text, fixed, shown = template_text(parsed)[0], request, None
    try:
        fixed = fix_request(request, dialect=dialect, policy=policy, select=select, ignore=ignore).request
        shown = for_report(preview_request(fixed, dialect=dialect, policy=policy))
    except MacroEngineError:  # the findings say why; or the examples cannot be sent
        pass
    return Entry(
        "",
        place,
        text,
        dialect,
        policy,
        tuple(in_text(found, parsed)),
        None if fixed == request else template_text(parse_request(fixed, dialect))[0],
        shown,
        is_request=True,
    )


def instead(diagnostic: Diagnostic) -> str:
    """Return what to write instead of the found text, or what to do about it; empty if that is unknown.

    >>> from macroengine import check
    >>> [instead(found) for found in check("https://n.example/pb?c=(contry_code)&&")]
    ['(country_code)', 'leave it out', 'leave it out']
    """
    if diagnostic.fix is not None:
        return diagnostic.fix.replacement or "leave it out"
    return diagnostic.hint or ""


def kind_of_advice(diagnostic: Diagnostic) -> str:
    """Return what the result of `instead` is."""
    if diagnostic.fix is None:
        return "hint"
    return "safe fix" if diagnostic.fix.safe else "write, if it was meant"


@dataclass(slots=True)
class Group:
    """The findings for one partner, or of one rule."""

    name: str
    templates: int = 0
    found: Counter[Severity] = field(default_factory=Counter)
    fixable: int = 0
    places: list[str] = field(default_factory=list)

    def add(self, diagnostics: Iterable[Diagnostic], place: str) -> None:
        """Count a template and its findings."""
        self.templates += 1
        self.places.append(place)
        for diagnostic in diagnostics:
            self.found[diagnostic.severity] += 1
            self.fixable += diagnostic.fix is not None and diagnostic.fix.safe


def by_partner(entries: Iterable[Entry]) -> list[Group]:
    """Return the findings for each partner, in the order of their templates."""
    groups: dict[str, Group] = {}
    for entry in entries:
        name = entry.partner or NOBODY
        groups.setdefault(name, Group(name)).add(entry.found, entry.place)
    return list(groups.values())


def by_rule(entries: Iterable[Entry]) -> list[Group]:
    """Return the findings of each rule, most frequent first."""
    groups: dict[str, Group] = {}
    for entry in entries:
        rules: dict[str, list[Diagnostic]] = {}
        for diagnostic in entry.found:
            rules.setdefault(f"{diagnostic.code} {diagnostic.name}", []).append(diagnostic)
        for name, found in rules.items():
            groups.setdefault(name, Group(name)).add(found, entry.place)
    return sorted(groups.values(), key=lambda group: (-group.found.total(), group.name))


def total(entries: Sequence[Entry]) -> Group:
    """Return the findings in all templates."""
    group = Group("all")
    for entry in entries:
        group.add(entry.found, entry.place)
    return group


def counted(group: Group) -> str:
    """Return the number of findings, in words.

    >>> counted(Group("x"))
    'nothing found'
    """
    words = [f"{n:,} {severity}{'s' * (n != 1)}" for severity in Severity if (n := group.found[severity])]
    return ", ".join(words) or "nothing found"
