"""`macroengine rules`: list what `check` finds."""

import click

from macroengine.cli import output
from macroengine.rules.pages import listed


@click.command()
def rules() -> None:
    """List all that check finds: code, name, severity, best fix and a description.

    Drawn as a table on a terminal, tab-separated elsewhere. `macroengine explain CODE` shows the page of a code, also
    of those of other commands: ME5 of intake, ME7 of match, MT of translate.
    """
    output.print_table(("code", "name", "severity", "fix", "finds"), listed())
