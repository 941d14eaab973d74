"""`macroengine playground`: serve the playground to a browser on this machine."""

import sys
from contextlib import suppress
from pathlib import Path

import click


@click.command(
    epilog="""\b
Examples:
  macroengine playground
  macroengine playground --port 8000 --no-open
  macroengine playground --page playground/dist --in-browser
"""
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Listen on this port.  [default: a free one]")
@click.option("--open/--no-open", "opens", default=True, help="Open the page in a browser.  [default: open]")
@click.option(
    "--page",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Serve a page that was built with `npm run build`.  [default: the page that is installed]",
)
@click.option("--in-browser", is_flag=True, help="Run Python in the browser; needs --page.")
def playground(port: int, page: Path | None, *, opens: bool, in_browser: bool) -> int:
    """Serve a page on which to check, fix, translate and preview templates.

    The page is served only to browsers on this machine, and templates are not sent anywhere else. The installed page
    has a plain editor; a page that was built with npm has CodeMirror, and can run Python in the browser.

    Exit status: 0 stopped with Ctrl-C, 2 wrong usage or a port that is in use.
    """
    if in_browser and page is None:
        raise click.UsageError("--in-browser needs a page that was built; name its folder with --page")
    # Imported here, so that other commands do not load HTTP modules.
    from macroengine.playground.server import PAGE, PlaygroundServer

    try:
        server = PlaygroundServer(PAGE if page is None else page, port, in_browser=in_browser)
    except FileNotFoundError as error:
        raise click.UsageError(f"{error.filename}: {error.strerror}; build it with: npm run build") from None
    except OSError as error:
        raise click.UsageError(f"port {port}: {str(error.strerror).lower()}; leave --port out for a free one") from None
    with server, suppress(KeyboardInterrupt):
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        click.echo("macroengine: serving the playground; stop with Ctrl-C", err=True)
        if opens:
            _open(server.url)
        server.serve_forever()
    return 0


def _open(url: str) -> None:
    import webbrowser

    if not webbrowser.open(url):
        click.echo("macroengine: no browser found; open the address above", err=True)
