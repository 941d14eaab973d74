"""The options that say how to render a template, and the templates compiled with them."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from macroengine.cli.options import Command, context_option, read_codes, values_options
from macroengine.compiled_request import CompiledRequest, compile_request
from macroengine.compiled_template import CompiledTemplate
from macroengine.engine import compile_template
from macroengine.errors import TemplateError
from macroengine.kinds import HashCase, Postback, Source
from macroengine.plan.segments import Default, Missing
from macroengine.policy import Policy
from macroengine.request import Request

T = TypeVar("T")


def _only_one(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:  # noqa: ARG001 - click's
    """Reject --missing with --default, since both say what is sent for a missing value."""
    if all(context.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in ("missing", "default")):
        raise click.UsageError("give --missing or --default, not both")
    return value


_RENDERING = (
    click.option("--send-all", is_flag=True, help="Also send events that are not attributed to the network."),
    click.option("--consent", is_flag=True, help="Withhold identifiers of users who do not share them."),
    values_options,
    click.option(
        "--missing",
        type=click.Choice([member.value for member in Missing]),
        default="empty",
        show_default=True,
        callback=_only_one,
        help="What is sent for a missing value.",
    ),
    click.option("--default", metavar="TEXT", callback=_only_one, help="Send TEXT for a missing value."),
    click.option(
        "--unknown",
        type=click.Choice(["error", "keep", "empty"]),
        default="error",
        show_default=True,
        help="How to treat macros that the dialect does not have.",
    ),
    click.option(
        "--nested/--no-nested",
        default=True,
        show_default=True,
        help="Encode once more for each URL that a macro is in.",
    ),
    click.option("--allow-host-macros", is_flag=True, help="Permit macros as labels of the host."),
    click.option("--booleans", type=click.Choice(["true/false", "1/0"]), default="true/false", show_default=True),
    click.option(
        "--hash-case",
        type=click.Choice([str(choice) for choice in HashCase]),
        help="Hash identifiers in this case, not the documented one.",
    ),
    click.option(
        "--ignore", metavar="CODE,...", multiple=True, callback=read_codes, help="Ignore these rules; may be repeated."
    ),
)


def rendering_options(command: Command) -> Command:
    """Add the options that say how to render a template; `compiled_template` reads them."""
    for option in reversed(_RENDERING):
        command = option(command)
    return context_option(command)


def compiled_template(source: str, postback: Postback, **options: Any) -> CompiledTemplate:
    """Return the template for one kind of postback."""
    return _compiled(compile_template, source, postback, options)


def compiled_request(request: Request, postback: Postback, **options: Any) -> CompiledRequest:
    """Return the request for one kind of postback."""
    return _compiled(compile_request, request, postback, options)


def _compiled(compile_it: Callable[..., T], source: str | Request, postback: Postback, options: dict[str, Any]) -> T:
    sources = frozenset(map(Source, options["sources"])) or frozenset(Source)
    try:
        return compile_it(
            source,
            dialect=options["dialect"],
            policy=Policy(
                postback,
                options["send_all"],
                sources,
                frozenset(options["deny"]),
                options["consent"],
                context=options["context"],
            ),
            missing=options["missing"] if options["default"] is None else Default(options["default"]),
            unknown=options["unknown"],
            nested=options["nested"],
            allow_host_macros=options["allow_host_macros"],
            booleans=options["booleans"],
            hash_case=options["hash_case"],
            ignore=options["ignore"],
        )
    except TemplateError:
        raise
    except ValueError as error:  # an option names something that does not exist
        raise click.UsageError(str(error)) from None
