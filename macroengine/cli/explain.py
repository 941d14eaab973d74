"""`macroengine explain`: the page of a rule, or the macros of a template."""

import re
from collections.abc import Iterable
from typing import Any

import click

from macroengine.catalogue import Dialect
from macroengine.cli import output
from macroengine.cli.inputs import input_name
from macroengine.cli.macros import availability, yes_no
from macroengine.cli.options import column_options, dialect_option, layout_of
from macroengine.plan.resolve import resolve
from macroengine.policy import Policy
from macroengine.rules import RULES
from macroengine.rules.pages import page
from macroengine.suggest import did_you_mean
from macroengine.template import parse
from macroengine.workspace.sources import Source, open_source

_COLUMNS = ("macro", "field", "source", "send all", "available", "encoded", "example")
_CODE = re.compile(r"[A-Z]+\d+", re.IGNORECASE)
# What no template is.
_WORD = re.compile(r"[\w-]+")


@click.command(
    epilog="""\b
Examples:
  macroengine explain ME222
  macroengine explain unknown-macro
  macroengine explain 'https://n.example/pb?u=https%3A%2F%2Fx%3Fid%3D(clickid)&idfa=(sha1-idfa)'
"""
)
@click.argument("what", metavar="CODE|NAME|TEMPLATE", required=False)
@click.option("--file", metavar="FILE", help="Explain the macros of each template in a file; - is standard input.")
@column_options
@dialect_option
def explain(what: str | None, file: str | None, dialect: Dialect, **options: Any) -> int:
    """Explain a rule, by its code or name, or each macro of a template.

    Of a macro: the field that it reads, its source, whether it is filled for events of other networks, for which
    postbacks it is, how many times its value is encoded, and an example of it.

    Exit status: 0, or 1 for a rule that does not exist.
    """
    if (what is None) == (file is None):
        raise click.UsageError("give a rule or a template, or a file with --file")
    if file is not None:
        return _explain_file(open_source(file, layout_of(options)), dialect)
    if what is None or not _WORD.fullmatch(what):
        return _explain_template(what or "", dialect)
    names = {rule.name: code for code, rule in RULES.items()}
    code = names.get(_name(what), what.upper())
    if code not in RULES:
        return _explain_fault(what, names, dialect)
    click.echo(page(code))
    return 0


def _name(what: str) -> str:
    return what.lower().replace("_", "-")


def _explain_fault(what: str, names: Iterable[str], dialect: Dialect) -> int:
    # Loading it takes longer than all the rest of the command.
    from macroengine.intake import FAULTS  # noqa: PLC0415 - see above

    faults = {fault.name: code for code, fault in FAULTS.items()}
    code = faults.get(_name(what), what.upper())
    fault = FAULTS.get(code)
    if fault is None:
        known = [*RULES, *FAULTS] if _CODE.fullmatch(what) else [*names, *faults]
        macro = f"; for the macro, see: macroengine macros {what}" if dialect.named(what) else ""
        nearest = did_you_mean(code if _CODE.fullmatch(what) else _name(what), known)
        output.complain(f"unknown rule {what!r}{macro or nearest}")
        return 1
    click.echo(f"{code} {fault.name} ({fault.severity})\n\nOf a payload, see intake: {fault.meaning}.")
    return 0


def _explain_file(source: Source, dialect: Dialect) -> int:
    name = input_name(source.name)
    templates = [
        (f"{name}:{record.place}", record.template, record.dialect_named(name) or dialect)
        for record in source.records()
        if record.template is not None
    ]
    rows = [(place, *row) for place, template, chosen in templates for row in _rows(template, chosen)]
    output.print_table(("place", *_COLUMNS), rows)
    return 0


def _explain_template(source: str, dialect: Dialect) -> int:
    rows = _rows(source, dialect)
    if rows:
        output.print_table(_COLUMNS, rows)
    else:
        click.echo(f"no {dialect.title} macros in {source!r}", err=True)
    return 0


def _rows(source: str, dialect: Dialect) -> list[tuple[str, ...]]:
    """Return a row for each macro of a template."""
    rows: list[tuple[str, ...]] = []
    for macro in resolve(parse(source, dialect), dialect, Policy()).macros:
        spec = macro.spec
        if spec is None:
            rows.append((macro.node.text, "unknown", *[""] * 5))
        else:
            facts = (spec.field, dialect.labels[spec.source], yes_no(spec.send_all), availability(spec))
            rows.append((macro.node.text, *facts, str(1 + macro.place.layers), spec.example))
    return rows
