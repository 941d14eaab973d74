"""`macroengine explain`: the page of a rule, or the macros of a template."""

import re

import click

from macroengine.catalogue import Dialect
from macroengine.cli import output
from macroengine.cli.macros import availability, yes_no
from macroengine.cli.options import dialect_option
from macroengine.plan.resolve import resolve
from macroengine.policy import Policy
from macroengine.rules import RULES
from macroengine.rules.pages import page
from macroengine.suggest import did_you_mean
from macroengine.template import parse

_CODE = re.compile(r"[A-Z]{2}\d{3}", re.IGNORECASE)
_NAME = re.compile(r"[a-z]+(-[a-z]+)*", re.IGNORECASE)


@click.command(
    epilog="""\b
Examples:
  macroengine explain ME222
  macroengine explain unknown-macro
  macroengine explain 'https://n.example/pb?u=https%3A%2F%2Fx%3Fid%3D(clickid)&idfa=(sha1-idfa)'
"""
)
@click.argument("what", metavar="CODE|TEMPLATE")
@dialect_option
@click.option("--consent", is_flag=True, help="Say which macros are withheld where users do not share identifiers.")
def explain(what: str, dialect: Dialect, consent: bool) -> None:
    """Explain a rule, by its code or name, or each macro of a template.

    Of a macro: the field that it reads, its source, whether it is filled for events of other networks, for which
    postbacks it is, how many times its value is encoded, and an example of it.
    """
    names = {rule.name: code for code, rule in RULES.items()}
    code = names.get(what, what.upper())
    if code in RULES:
        click.echo(page(code))
    elif _CODE.fullmatch(what):
        _explain_fault(code)
    elif _NAME.fullmatch(what):
        raise click.UsageError(f"unknown rule {what!r}{did_you_mean(what, names)}")
    else:
        _explain_template(what, dialect, consent=consent)


def _explain_fault(code: str) -> None:
    # Loading it takes longer than all the rest of the command.
    from macroengine.intake import FAULTS  # noqa: PLC0415 - see above

    fault = FAULTS.get(code)
    if fault is None:
        raise click.UsageError(f"unknown rule {code!r}{did_you_mean(code, [*RULES, *FAULTS])}")
    click.echo(f"{code} {fault.name} ({fault.severity})\n\nOf a payload, see intake: {fault.meaning}.")


def _explain_template(source: str, dialect: Dialect, *, consent: bool) -> None:
    header = ("macro", "field", "source", "send all", "available", "encoded", "example")
    rows = []
    for macro in resolve(parse(source, dialect), dialect, Policy(consent=consent)).macros:
        spec = macro.spec
        if spec is None:
            rows.append((macro.node.text, "unknown", *[""] * (5 + consent)))
        else:
            facts = (spec.field, dialect.labels[spec.source], yes_no(spec.send_all), availability(spec))
            more = [yes_no(macro.needs_consent)] if consent else []
            rows.append((macro.node.text, *facts, str(1 + macro.place.layers), spec.example, *more))
    if not rows:
        click.echo(f"no {dialect.title} macros in {source!r}", err=True)
        return
    output.print_table((*header, "needs consent") if consent else header, rows)
