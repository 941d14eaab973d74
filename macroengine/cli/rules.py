"""`macroengine rules`: list all rules."""

import click

from macroengine.cli import output
from macroengine.rules import RULES


@click.command()
def rules() -> None:
    """List the rules: code, name, severity, best fix and what it finds.

    Drawn as a table on a terminal, tab-separated elsewhere. `macroengine explain CODE` shows the page of a rule.
    """
    rows = [
        (code, rule.name, rule.severity, rule.fix or "", rule.page.partition("\n")[0].rstrip("."))
        for code, rule in RULES.items()
    ]
    output.print_table(("code", "name", "severity", "fix", "finds"), rows)
