"""`macroengine macros`: look up macros in the catalogue."""

from collections.abc import Iterable
from typing import Any

import click

from macroengine.catalogue import DEFAULT_DIALECT, Dialect, MacroSpec, Spelling
from macroengine.catalogue.aliases import documented_in
from macroengine.catalogue.commands import macros_command
from macroengine.catalogue.consent import needs_consent
from macroengine.cli import output
from macroengine.cli.options import SourceWord, dialect_option, postback_option
from macroengine.kinds import Postback, Source
from macroengine.language.syntax import syntaxes
from macroengine.suggest import did_you_mean
from macroengine.workspace.facts import availability, facts, facts_as_json, is_inferred, yes_no

# Some names are those of most platforms.
_MAX_OTHERS = 3


@click.command()
@click.argument("name", required=False)
@dialect_option
@postback_option("Only macros that are filled for this kind of postback.")
@click.option("--context", metavar="WORD", help="Only macros that are filled in this context, as burl or click.")
@click.option("--send-all", is_flag=True, help="Only macros that are filled for events of other networks, too.")
@click.option("--consent", is_flag=True, help="Only macros that are filled without users' consent.")
@click.option(
    "--source",
    type=SourceWord(),
    help="Only macros from this source.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def macros(name: str | None, dialect: Dialect, form: str, **only: Any) -> int:
    """List the macros of a dialect, or show one in full, by any of its names.

    Drawn as a table on a terminal, tab-separated elsewhere.

    Exit status: 0, or 1 for a macro that the dialect does not have.

    \b
    Examples:
      macroengine macros --postback install --send-all
      macroengine macros idfa
      macroengine macros --dialect appmetrica | cut -f1
      macroengine macros --dialect vast --context click
      macroengine macros --format json | jq '.[] | select(.personal) | .macro'
    """
    if name is not None:
        return _show(name, dialect, form)
    try:
        dialect.check_context(only["context"])
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    listed = [spec for spec in dialect.macros.values() if _is_listed(spec, dialect, **only)]
    if form == "json":
        return _print_json(listed, dialect)
    rows = [
        (spec.name, dialect.labels[spec.source], yes_no(spec.send_all), availability(spec), spec.description)
        for spec in listed
    ]
    output.print_table(("macro", "source", "send all", "available", "description"), rows)
    return 0


def _is_listed(
    spec: MacroSpec,
    dialect: Dialect,
    *,
    postback: str | None,
    context: str | None,
    send_all: bool,
    consent: bool,
    source: str | None,
) -> bool:
    return (
        (postback is None or Postback(postback) in spec.available)
        and (context is None or not spec.contexts or context in spec.contexts)
        and (spec.send_all or not send_all)
        and not (consent and needs_consent(spec, dialect))
        and (source is None or spec.source is Source(source))
    )


def _print_json(listed: Iterable[MacroSpec], dialect: Dialect) -> int:
    import json  # noqa: PLC0415 - most calls print text

    click.echo(json.dumps([facts_as_json(spec, dialect) for spec in listed], indent=2))
    return 0


def _of_others(name: str, dialect: Dialect) -> str:
    """Return which dialects have a macro with this name, and how to look it up; an empty string if none has."""
    readings = (syntax.read(name) for syntax in syntaxes().values())
    names = {name, *(reading.name for reading in readings if reading)}
    found = {} if any(map(dialect.named, names)) else documented_in(names)
    if not found:
        return ""
    shown, rest = [*found][:_MAX_OTHERS], len(found) - _MAX_OTHERS
    titles = [*(found[one] for one in shown), *([f"{rest} other{'s' * (rest > 1)}"] if rest > 0 else [])]
    whose = f"a name of {', '.join(titles[:-1])} and {titles[-1]}" if len(titles) > 1 else f"{titles[0]}'s name"
    word = "add" if dialect.name == DEFAULT_DIALECT else "use"
    return f"; it is {whose}: {word} {' or '.join(f'--dialect {one}' for one in shown)}"


def _show(name: str, dialect: Dialect, form: str) -> int:
    syntax = dialect.syntax
    reading = syntax.read(name) or syntax.read(syntax.write(name))
    found = dialect.find(reading.name if reading else name)
    if found is None or found[1] is Spelling.PARAMETER:
        near = did_you_mean(name, dialect.names())
        others = _of_others(name, dialect)
        output.complain(
            f"unknown macro {name!r} of {dialect.title}{others}{near} ({macros_command(dialect)} lists all)"
        )
        return 1
    spec, _ = found
    if form == "json":
        return _print_json([spec], dialect)
    console = output.results()
    # Here because it takes longer to load than the catalogue to read.
    from rich.text import Text  # noqa: PLC0415 - see above

    for key, value in facts(spec, dialect).items():
        if value:
            inferred = "  (inferred)" if is_inferred(key.replace(" ", "_"), spec, dialect) else ""
            text = Text.assemble((f"{key:12}", "bold"), value, (inferred, "dim"))
            console.print(text, soft_wrap=not console.file.isatty())
    return 0
