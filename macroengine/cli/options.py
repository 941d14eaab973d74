"""Options that several commands take."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal, TypeVar

import click

from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect, dialect_names
from macroengine.cli.inputs import InputError, is_input, looks_like_path, no_such_file, read_text
from macroengine.kinds import Postback, Source
from macroengine.workspace.assumed import AUTO
from macroengine.workspace.columns import Layout
from macroengine.workspace.sources import check_sheets
from macroengine.workspace.text import checked_encoding

Command = TypeVar("Command", bound=Callable[..., Any])

REQUEST_HELP = (
    "Take a whole request, with headers and body, from a .toml or .json file, whose keys are method, url, headers, "
    "body, content_type, signature and dialect; - is standard input, which must be JSON."
)


def _read_dialect(context: click.Context, parameter: click.Parameter, value: str) -> Dialect:  # noqa: ARG001 - click's
    if not value.lower().endswith(".toml"):
        file = f"{value}.toml"
        if value not in dialect_names() and is_input(file):
            raise InputError(f"unknown dialect {value!r}; did you mean {file!r}?")
        return dialect(value)
    if not is_input(value):
        raise no_such_file(value)
    return Dialect.from_toml(value)


def _complete_dialect(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:  # noqa: ARG001
    return [name for name in dialect_names() if name.startswith(begun)]


def dialect_option(command: Command, default: str = DEFAULT_DIALECT) -> Command:
    """Add `--dialect`."""
    return click.option(
        "--dialect",
        callback=_read_dialect,
        shell_complete=_complete_dialect,
        metavar="NAME|FILE",
        default=default,
        show_default=True,
        help=f"One of {', '.join(dialect_names())}, or a .toml file of your own.",
    )(command)


def dialect_or_auto_option(command: Command) -> Command:
    """Add `--dialect`, which may also be auto."""
    return click.option(
        "--dialect",
        callback=_read_dialect_or_auto,
        shell_complete=_complete_dialect_or_auto,
        metavar="NAME|FILE|auto",
        default=DEFAULT_DIALECT,
        show_default=True,
        help=f"One of {', '.join(dialect_names())}, a .toml file of your own, or auto to tell it from each template.",
    )(command)


def other_dialect_option(command: Command) -> Command:
    """Add `--to`."""
    return click.option(
        "--to",
        callback=_read_dialect,
        shell_complete=_complete_dialect,
        metavar="NAME|FILE",
        required=True,
        help="The dialect to write: its name, or a .toml file of your own.",
    )(command)


def _read_dialect_or_auto(context: click.Context, parameter: click.Parameter, value: str) -> Dialect | Literal["auto"]:
    return AUTO if value == AUTO else _read_dialect(context, parameter, value)


def _complete_dialect_or_auto(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    return [*(word for word in (AUTO,) if word.startswith(begun)), *_complete_dialect(context, parameter, begun)]


class SourceWord(click.Choice[str]):
    """A source of values, by its name or by the one in AppsFlyer's documents."""

    def __init__(self) -> None:
        super().__init__([str(source) for source in Source], case_sensitive=False)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name of the source."""
        try:
            return str(Source(value))
        except ValueError:
            return super().convert(value, param, ctx)


def postback_option(text: str, default: str | None = None) -> Callable[[Command], Command]:
    """Add `--postback`, with the help `text` and a description of the default."""
    kinds = [str(kind) for kind in Postback]
    # As a metavar, the list of all kinds would be wider than a terminal.
    help_ = f"{text} One of {', '.join(kinds)}.{f'  [default: {default}]' if default else ''}"
    return click.option("--postback", type=click.Choice(kinds), metavar="KIND", help=help_)


def values_options(command: Command) -> Command:
    """Add `--source` and `--deny`, which limit what a network may be told."""
    source = click.option(
        "--source",
        "sources",
        type=SourceWord(),
        multiple=True,
        help="Allow values from this source only; may be repeated.",
    )
    deny = click.option(
        "--deny", metavar="MACRO", multiple=True, help="Do not send this macro in any form; may be repeated."
    )
    return source(deny(command))


def context_option(command: Command) -> Command:
    """Add `--context`."""
    text = "Where the templates are used, as burl or click; `macroengine macros NAME` shows the contexts of a macro."
    return click.option("--context", metavar="WORD", help=text)(command)


def _read_values(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:  # noqa: ARG001 - click's
    pairs = {}
    for pair in values:
        field, equals, value = pair.partition("=")
        if not equals or not field:
            raise click.BadParameter(f"write FIELD=VALUE, not {pair!r}")
        pairs[field] = value
    return pairs


def set_option(command: Command) -> Command:
    """Add `--set`."""
    return click.option(
        "--set",
        "set_",
        metavar="FIELD=VALUE",
        multiple=True,
        callback=_read_values,
        help="A value, by the name of its field or macro; may be repeated.",
    )(command)


def read_codes(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG001 - click's
    """Return the codes of rules, of which each value may have several, separated by commas."""
    return tuple(code.strip() for group in values for code in group.split(","))


_COLUMN = click.option(
    "--column", metavar="NAME", help="The column or key of the template.  [default: recognised by name]"
)
_SHEET = click.option("--sheet", metavar="NAME", help="The sheet of a workbook.  [default: all that have templates]")
_ENCODING = click.option(
    "--encoding", metavar="NAME", help="The encoding of files of text, as cp1252.  [default: recognised]"
)
_COLUMNS = (
    _COLUMN,
    click.option("--partner-column", metavar="NAME", help="The column or key of the partner."),
    click.option("--dialect-column", metavar="NAME", help="The column or key that names the dialect of each template."),
    click.option("--postback-column", metavar="NAME", help="The column or key that says what kind of postback it is."),
    _SHEET,
    _ENCODING,
)


def column_options(command: Command) -> Command:
    """Add the options that say where the templates of a file are; `layout_of` reads them."""
    for option in reversed(_COLUMNS):
        command = option(command)
    return command


def file_options(command: Command) -> Command:
    """Add those `column_options` that say where the templates are, but not those that describe them."""
    for option in (_ENCODING, _SHEET, _COLUMN):
        command = option(command)
    return command


def layout_of(options: dict[str, Any], inputs: Iterable[str | None]) -> Layout:
    """Return where the templates of the inputs are, as far as the command line says.

    Raises:
        InputError: the encoding is unknown, or a sheet is given and one of the inputs is a file without sheets.
    """
    if options["encoding"] is not None:
        checked_encoding(options["encoding"])
    for file in inputs if options["sheet"] is not None else ():
        if file is not None and is_input(file):
            check_sheets(file)
    return Layout(
        template=options["column"],
        partner=options.get("partner_column"),
        dialect=options.get("dialect_column"),
        postback=options.get("postback_column"),
        sheet=options["sheet"],
        encoding=options["encoding"],
    )


def template_source(template: str | None, file: Path | None) -> str:
    """Return the template given as an argument or in a file, without the last line break of the file.

    An argument that names an existing file is read, as --file reads it.

    Raises:
        InputError: the argument looks like the name of a file, and there is no such file.
        OSError: the file cannot be read.
    """
    if (template is None) == (file is None):
        raise click.UsageError("give one template: as an argument, or with --file")
    if template is not None and is_input(template):
        file = Path(template)
    if file is None:
        template = template or ""
        if looks_like_path(template):
            raise no_such_file(template, "to read it as a template, pipe it to --file -")
        return template
    return read_text(file).removesuffix("\n").removesuffix("\r")
