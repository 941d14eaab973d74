"""`macroengine explain`: show the page of a rule, or the macros of a template."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import click

from macroengine.catalogue import Dialect
from macroengine.catalogue.commands import macros_command
from macroengine.cli import output
from macroengine.cli.inputs import STANDARD_INPUT, input_name, is_input, looks_like_path, no_such_file
from macroengine.cli.options import column_options, dialect_or_auto_option, layout_of
from macroengine.declarations import declarations
from macroengine.plan.resolve import resolve
from macroengine.plan.steps import times_encoded
from macroengine.policy import Policy
from macroengine.rules import RULES
from macroengine.rules.file_faults import FILE_FAULTS
from macroengine.rules.other_faults import LIMIT_FAULTS
from macroengine.rules.pages import page
from macroengine.rules.request_faults import REQUEST_FAULTS
from macroengine.suggest import did_you_mean
from macroengine.template import parse
from macroengine.workspace.assumed import dialect_for
from macroengine.workspace.facts import availability, yes_no
from macroengine.workspace.sources import Source, notes_of_empty, open_source, whole_records

_COLUMNS = ("macro", "field", "source", "send all", "available", "encoded", "example")
_CODE = re.compile(r"[A-Z]+\d+", re.IGNORECASE)
# Cannot be a template.
_WORD = re.compile(r"[\w-]+")


@click.command(
    epilog="""\b
Examples:
  macroengine explain ME222
  macroengine explain unknown-macro
  macroengine explain 'https://n.example/pb?id=(clickid)&idfa=(sha1-idfa)'
  macroengine explain '?cb=[CACHEBUSTING]' --dialect vast --format adcp
"""
)
@click.argument("what", metavar="CODE|NAME|TEMPLATE", required=False)
@click.option("--file", metavar="FILE", help="Explain the macros of each template in a file; - is standard input.")
@column_options
@dialect_or_auto_option
@click.option("--consent", is_flag=True, help="Say which macros are withheld if users do not share identifiers.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "adcp"]),
    default="text",
    show_default=True,
    help="As a table, or as the macro declarations of AdCP 3.2 in JSON.",
)
def explain(
    what: str | None, file: str | None, dialect: Dialect | Literal["auto"], consent: bool, form: str, **options: Any
) -> int:
    """Explain a rule, by its code or name, or each macro of a template.

    For a macro, it shows the field that it reads, its source, whether it is filled for events of other networks, for
    which postbacks it is available, how many times its value is encoded, and an example.

    Exit status: 0, or 1 for a rule that does not exist.
    """
    if (what is None) == (file is None):
        raise click.UsageError("give a rule or a template, or a file with --file")
    if form == "adcp":
        if what is None or _file(what) is not None or _WORD.fullmatch(what):
            raise click.UsageError("--format adcp declares the macros of one template; give it as an argument")
        return _declare(what, dialect_for(dialect, what))
    file = _file(what) if file is None else file
    if file is not None:
        return _explain_file(open_source(file, layout_of(options, [file])), dialect, consent=consent)
    if what is None or not _WORD.fullmatch(what):
        return _explain_template(what or "", dialect_for(dialect, what or ""), consent=consent)
    return _explain_rule(what, dialect_for(dialect, ""))


def _file(what: str | None) -> str | None:
    """Return the argument that is the name of a file, and not that of a rule."""
    if what is None or (_WORD.fullmatch(what) and what != STANDARD_INPUT and (not is_input(what) or _is_rule(what))):
        return None
    if not is_input(what) and looks_like_path(what):
        raise no_such_file(what, "to explain it as a template, pipe it to --file -")
    return what if is_input(what) else None


def _is_rule(what: str) -> bool:
    known = {*RULES, *(rule.name for rule in RULES.values())}
    for code, (name, _) in _other_pages():
        known |= {code, name}
    return what.upper() in known or _name(what) in known


def _explain_rule(what: str, dialect: Dialect) -> int:
    names = {rule.name: code for code, rule in RULES.items()}
    code = names.get(_name(what), what.upper())
    if code not in RULES:
        return _explain_fault(what, names, dialect)
    click.echo(page(code))
    return 0


def _name(what: str) -> str:
    return what.lower().replace("_", "-")


def _explain_fault(what: str, names: Iterable[str], dialect: Dialect) -> int:
    pages = dict(_other_pages())
    named = {name: code for code, (name, _) in pages.items()}
    code = named.get(_name(what), what.upper())
    if code not in pages:
        known = [*RULES, *pages] if _CODE.fullmatch(what) else [*names, *named]
        macro = f"; for the macro, see {macros_command(dialect, what)}" if dialect.named(what) else ""
        nearest = did_you_mean(code if _CODE.fullmatch(what) else _name(what), known)
        output.complain(f"unknown rule {what!r}{macro or f'{nearest} (`macroengine rules` lists those of check)'}")
        return 1
    click.echo(pages[code][1])
    return 0


def _other_pages() -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each code that is not a rule's, with its name and its page."""
    # Loading these takes longer than the rest of the command.
    from macroengine.intake import FAULTS  # noqa: PLC0415 - see above
    from macroengine.matching.faults import FAULTS as OF_MATCH  # noqa: PLC0415 - see above
    from macroengine.translation.losses import Kind  # noqa: PLC0415 - see above

    groups: list[tuple[str, dict[str, Any]]] = [
        ("payloads, by intake", FAULTS),
        ("templates and requests, by all commands", LIMIT_FAULTS),
        ("requests, by check", REQUEST_FAULTS),
        ("files, by check", FILE_FAULTS),
        ("URLs that were sent, by match", OF_MATCH),
    ]
    for where, faults in groups:
        for code, fault in faults.items():
            yield code, (fault.name, _page(code, fault.name, fault.severity, fault.meaning, where))
    for kind in Kind:
        yield kind.code, (kind.label, _page(kind.code, kind.label, kind.severity, kind.meaning, "macros, by translate"))


def _page(code: str, name: str, severity: str, meaning: str, where: str) -> str:
    return f"{code} {name} ({severity})\n\n{meaning[0].upper()}{meaning[1:]}.\n\nFound in {where}."


def _declare(source: str, dialect: Dialect) -> int:
    declared = declarations(resolve(parse(source, dialect), dialect, Policy()))
    click.echo(json.dumps(declared, indent=2, ensure_ascii=False))
    return 0


def _explain_file(source: Source, dialect: Dialect | Literal["auto"], *, consent: bool) -> int:
    name = input_name(source.name)
    rows = []
    notes = notes_of_empty(source)
    for record in whole_records(source):
        if record.template is not None:
            notes = []
            chosen = dialect_for(record.dialect_named(name) or dialect, record.template)
            rows += [(f"{name}:{record.place}", *row) for row in _rows(record.template, chosen, consent=consent)]
    output.print_table(("place", *_columns(consent=consent)), rows)
    output.print_notes(notes)
    return 0


def _explain_template(source: str, dialect: Dialect, *, consent: bool) -> int:
    rows = _rows(source, dialect, consent=consent)
    if rows:
        output.print_table(_columns(consent=consent), rows)
    else:
        click.echo(f"no {dialect.title} macros in {source!r}", err=True)
    return 0


def _columns(*, consent: bool) -> tuple[str, ...]:
    return (*_COLUMNS, "needs consent") if consent else _COLUMNS


def _rows(source: str, dialect: Dialect, *, consent: bool) -> list[tuple[str, ...]]:
    """Return a row for each macro of a template."""
    rows: list[tuple[str, ...]] = []
    for macro in resolve(parse(source, dialect), dialect, Policy(consent=consent)).macros:
        spec = macro.spec
        if spec is None:
            rows.append((macro.node.text, "unknown", *[""] * (5 + consent)))
        else:
            facts = (spec.field, dialect.labels[spec.source], yes_no(spec.send_all), availability(spec))
            more = [yes_no(macro.needs_consent)] if consent else []
            rows.append((macro.node.text, *facts, str(times_encoded(macro, dialect)), spec.example, *more))
    return rows
