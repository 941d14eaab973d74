"""Options that several commands take."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect, dialect_names
from macroengine.engine import CompiledTemplate, compile_template
from macroengine.errors import TemplateError
from macroengine.kinds import HashCase, Postback, Source
from macroengine.plan import Missing
from macroengine.policy import Policy

Command = TypeVar("Command", bound=Callable[..., Any])


def _read_dialect(context: click.Context, parameter: click.Parameter, value: str) -> Dialect:  # noqa: ARG001 - click's
    return Dialect.from_toml(value) if value.endswith(".toml") else dialect(value)


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


def postback_option(text: str) -> Callable[[Command], Command]:
    """Add `--postback`, explained by `text`."""
    return click.option("--postback", type=click.Choice([str(choice) for choice in Postback]), help=text)


_RENDERING = (
    click.option("--send-all", is_flag=True, help="Also send events that are not attributed to the network."),
    click.option(
        "--source",
        "sources",
        type=click.Choice([str(choice) for choice in Source], case_sensitive=False),
        multiple=True,
        help="Allow values from this source only; may be repeated.",
    ),
    click.option("--deny", metavar="MACRO", multiple=True, help="Do not send this macro in any form; may be repeated."),
    click.option(
        "--missing",
        type=click.Choice([member.value for member in Missing]),
        default="empty",
        show_default=True,
        help="What is sent for a missing value.",
    ),
    click.option("--default", metavar="TEXT", help="Send TEXT for a missing value."),
    click.option(
        "--unknown",
        type=click.Choice(["error", "keep", "empty"]),
        default="error",
        show_default=True,
        help="What becomes of macros that the dialect does not have.",
    ),
    click.option(
        "--nested/--no-nested",
        default=True,
        show_default=True,
        help="Encode once more for each URL that a macro stands in.",
    ),
    click.option("--allow-host-macros", is_flag=True, help="Permit macros as labels of the host."),
    click.option("--booleans", type=click.Choice(["true/false", "1/0"]), default="true/false", show_default=True),
    click.option(
        "--hash-case",
        type=click.Choice([str(choice) for choice in HashCase]),
        help="Hash identifiers in this case, not the documented one.",
    ),
    click.option("--ignore", metavar="CODE", multiple=True, help="Take a rule out of the check; may be repeated."),
)


def rendering_options(command: Command) -> Command:
    """Add the options that say how a template is rendered; `compiled_template` takes them."""
    for option in reversed(_RENDERING):
        command = option(command)
    return command


def compiled_template(source: str, postback: Postback, **options: Any) -> CompiledTemplate:
    """Return the template for one kind of postback."""
    sources = frozenset(map(Source, options["sources"])) or frozenset(Source)
    try:
        return compile_template(
            source,
            dialect=options["dialect"],
            policy=Policy(postback, options["send_all"], sources, frozenset(options["deny"])),
            missing=Missing(options["missing"]) if options["default"] is None else options["default"],
            unknown=options["unknown"],
            nested=options["nested"],
            allow_host_macros=options["allow_host_macros"],
            booleans=options["booleans"],
            hash_case=options["hash_case"],
            ignore=options["ignore"],
        )
    except TemplateError:
        raise
    except ValueError as error:  # an option names something that there is not
        raise click.UsageError(str(error)) from None


def template_source(template: str | None, file: Path | None) -> str:
    """Return the template that is given as an argument or in a file, whose last line break is not part of it."""
    if (template is None) == (file is None):
        raise click.UsageError("give one template: as an argument, or with --file")
    if file is None:
        return template or ""
    try:
        return file.read_bytes().decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{file}: not UTF-8 at byte {error.start:,}") from None
