"""The command `macroengine`, and what all its commands share."""

import csv
import re
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

import click

from macroengine import __version__
from macroengine.cli import output, process
from macroengine.diagnostics import printable
from macroengine.errors import MacroEngineError, RenderError, TemplateError
from macroengine.suggest import did_you_mean
from macroengine.workspace.abridging import abridged
from macroengine.workspace.inputs import error_message

COMMANDS = (
    "check",
    "preview",
    "diff",
    "render",
    "bulk",
    "parse",
    "detect",
    "translate",
    "match",
    "macros",
    "explain",
    "rules",
    "intake",
    "sample",
    "lsp",
    "playground",
)


_BAD_INPUT = (csv.Error, MemoryError, RecursionError)
# One suggested option, or several.
_DID_YOU_MEAN = re.compile(r"\. \(?Did you mean(?: one of:)? (.*\?)\)?$")
_EXPLAINED = (click.ClickException, click.Abort, MacroEngineError, OSError, *_BAD_INPUT)


class _ReaderGoneError(Exception):
    """The reader of standard output has closed it."""


class Commands(click.Group):
    """Loads a command when it is called, so that no command waits for imports that only another one needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """Return the names of all commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Return the command with this name, from the module with the same name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"macroengine.cli.{cmd_name}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is called; for an unknown one, fail with a suggestion."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            known = did_you_mean(args[0], COMMANDS) or f" (known: {', '.join(COMMANDS)})"
            raise click.UsageError(f"no such command {args[0]!r}{known}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Left alone, click and rich would exit with status 1 when a pipe is closed."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _ReaderGoneError from None
        except SystemExit as error:
            if isinstance(error.__context__, BrokenPipeError):
                raise _ReaderGoneError from None
            raise


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="macroengine")
def app() -> None:
    """Check, fix and render the postback templates of ad networks, and look up their macros.

    Exit status: 0 no errors, 1 errors or a failed render, 2 wrong usage or an unreadable file. The help of a command
    says what it counts as an error.
    """


def run() -> int:
    """Run the command line and return its exit status. No mistake of a user ends in a traceback."""
    process.prepare_streams()
    with process.ending_on_signals():
        try:
            status = app.main(standalone_mode=False)
            try:
                sys.stdout.flush()
            except BrokenPipeError:  # the work is done, so keep its exit status
                process.discard_output()
        except (_ReaderGoneError, BrokenPipeError):
            process.discard_output()
            return 0
        except _EXPLAINED as error:
            status = _explain(error)
        try:
            sys.stdout.flush()
        except OSError:
            process.discard_output()
    return status if isinstance(status, int) else 0


def _explain(error: Exception) -> int:
    """Print an error message, and return the exit status for it."""
    match error:
        case click.exceptions.NoArgsIsHelpError():
            with suppress(OSError):
                click.echo(error.format_message(), err=True)
            return error.exit_code
        case click.UsageError():
            message, status = _usage(error), error.exit_code
        case click.ClickException():  # pragma: no cover - click raises no other one here
            message, status = error.format_message(), error.exit_code
        case TemplateError():
            with suppress(OSError):
                output.print_diagnostics(abridged(error.diagnostics), to=output.errors())
            return 1
        case click.Abort():
            message, status = "interrupted", 130
        case OSError():
            message, status = error_message(error), 2
        case MemoryError():
            message, status = "not enough memory", 2
        case RecursionError():
            message, status = "the input is nested too deeply", 2
        case _:
            message, status = str(error), 1 if isinstance(error, RenderError) else 2
    with suppress(OSError):
        click.echo(f"macroengine: {printable(message)}", err=True)
    return status


def _usage(error: click.UsageError) -> str:
    """Return a usage error in one line, like all other errors, with a pointer to the help."""
    words = " ".join(error.format_message().split()).removesuffix(".")
    words = _DID_YOU_MEAN.sub(r"; did you mean \1", words)
    message = words if words[:2].isupper() else words[:1].lower() + words[1:]
    command = "macroengine" if error.ctx is None else error.ctx.command_path
    return f"{message} (see {command} --help)"
