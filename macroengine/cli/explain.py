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
def explain(what: str, dialect: Dialect) -> None:
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
        _explain_template(what, dialect)


def _explain_fault(code: str) -> None:
    # Loading it takes longer than all the rest of the command.
    from macroengine.intake import FAULTS  # noqa: PLC0415 - see above
    from macroengine.matching.faults import FAULTS as OF_MATCH  # noqa: PLC0415 - see above

    fault = FAULTS.get(code) or OF_MATCH.get(code)
    if fault is None:
        raise click.UsageError(f"unknown rule {code!r}{did_you_mean(code, [*RULES, *FAULTS, *OF_MATCH])}")
    whose = "Of a payload, see intake" if code in FAULTS else "Of a URL that was sent, see match"
    click.echo(f"{code} {fault.name} ({fault.severity})\n\n{whose}: {fault.meaning}.")


def _explain_template(source: str, dialect: Dialect) -> None:
    rows = []
    for macro in resolve(parse(source, dialect), dialect, Policy()).macros:
        spec = macro.spec
        if spec is None:
            rows.append((macro.node.text, "unknown", *[""] * 5))
        else:
            facts = (spec.field, dialect.labels[spec.source], yes_no(spec.send_all), availability(spec))
            rows.append((macro.node.text, *facts, str(1 + macro.place.layers), spec.example))
    if not rows:
        click.echo(f"no {dialect.title} macros in {source!r}", err=True)
        return
    output.print_table(("macro", "field", "source", "send all", "available", "encoded", "example"), rows)
