"""`macroengine lsp`: the language server."""

import sys

import click

from macroengine.cli.inputs import InputError


@click.command()
@click.option("--stdio", is_flag=True, help="Use standard input and output; there is no other way.")
def lsp(*, stdio: bool) -> int:  # noqa: ARG001 - some editors add it
    """Run the language server on standard input and output, for an editor.

    Editors start it; docs/editors.md says how to set up each one. Needs pip install 'macroengine[lsp]'.

    Exit status: 0 if the editor asked to shut down, 1 if it just closed the connection.
    """
    try:
        # Imported here, since the extra may not be installed, and since it takes long to load.
        from macroengine.lsp.running import run  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise InputError("the language server needs its extra: pip install 'macroengine[lsp]'") from None
    if sys.stdin.isatty():
        click.echo("macroengine: waiting for an editor to speak the Language Server Protocol; Ctrl-C ends it", err=True)
    return run()
