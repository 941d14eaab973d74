"""The command `macroengine` and what all of its commands share."""

import os
import sys
from io import TextIOWrapper

import click

from macroengine.cli import output
from macroengine.cli.bulk import bulk
from macroengine.cli.check import check
from macroengine.cli.explain import explain
from macroengine.cli.intake import intake
from macroengine.cli.macros import macros
from macroengine.cli.parse import parse
from macroengine.cli.render import render
from macroengine.cli.rules import rules
from macroengine.errors import MacroEngineError, RenderError, TemplateError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="macroengine")
def app() -> None:
    """Postback templates of ad networks: check and mend them, render them, look macros up.

    Exit status: 0 clean, 1 findings or a render that failed, 2 wrong usage or a file that cannot be read.
    """


for command in (check, render, bulk, parse, macros, explain, rules, intake):
    app.add_command(command)


def run() -> int:
    """Run the command line and return its exit status; nothing that a user can do ends in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A byte of an argument that is not UTF-8 is printed as an escape.
            stream.reconfigure(errors="backslashreplace")
    try:
        status = app.main(standalone_mode=False)
    except BrokenPipeError:
        # Whoever read the output has seen enough; the rest of the buffer has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (click.ClickException, click.Abort, MacroEngineError, OSError) as error:
        return _explain(error)
    return status if isinstance(status, int) else 0


def _explain(error: Exception) -> int:
    """Print what went wrong, and return the exit status for it."""
    match error:
        case click.ClickException():
            error.show()
            return error.exit_code
        case TemplateError():
            output.print_diagnostics(error.diagnostics, to=output.errors())
            return 1
        case click.Abort():
            message, status = "interrupted", 130
        case OSError(strerror=str(reason), filename=str(name)):
            message, status = f"{name}: {reason[0].lower()}{reason[1:]}", 2
        case _:
            message, status = str(error), 1 if isinstance(error, RenderError) else 2
    click.echo(f"macroengine: {message}", err=True)
    return status
