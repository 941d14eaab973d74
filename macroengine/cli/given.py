"""What the command line gives: templates, files of templates, and settings."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import click
from click.core import ParameterSource

from macroengine.cli import output
from macroengine.cli.inputs import STANDARD_INPUT, is_input, looks_like_path, no_such_file
from macroengine.kinds import Postback
from macroengine.kinds import Source as ValueSource
from macroengine.rules.request_codes import request_codes
from macroengine.workspace.columns import Layout
from macroengine.workspace.config import Config, NearestConfig
from macroengine.workspace.record import Record
from macroengine.workspace.sources import Source, open_source, sources_in
from macroengine.workspace.writing import Write, text_with


class Arguments(NamedTuple):
    """Templates from the command line. The line number of each is its position."""

    templates: tuple[str, ...]
    name: str = "<argument>"
    path: None = None
    notes: tuple[str, ...] = ()

    def records(self) -> Iterator[Record]:
        """Yield the templates."""
        for number, template in enumerate(self.templates, 1):
            yield Record(f"{template}\n", number, template, lambda fixed: f"{fixed}\n")

    def rewriting(self) -> AbstractContextManager[Write]:
        """Print each fixed template."""
        return printing()

    def check_fixable(self, *, written: bool = True) -> None:
        """Do nothing: templates from the command line are printed after fixing."""


def printing() -> AbstractContextManager[Write]:
    """Return what prints each template that it is given."""
    # What remains to be said, and the exit status, do not depend on who reads the templates.
    write = output.lasting(output.write_result)
    return nullcontext(lambda record, template: write(text_with(record, template)))


def sources_of(
    arguments: Sequence[str],
    files: Sequence[str],
    layout: Layout,
    config: Config | NearestConfig,
    given: Mapping[str, Any] = MappingProxyType({}),
    *,
    apart: Collection[str] = (),
    among_others: bool = False,
) -> list[Source]:
    """Return the sources to check: templates given as arguments, then all files except those in `apart`.

    `given` are the settings on the command line.
    """
    templates = tuple(argument for argument in arguments if not is_input(argument))
    for template in templates:
        if looks_like_path(template):
            raise no_such_file(template, "to check it as a template, pipe it to --file -")
    sources: list[Source] = [Arguments(templates)] if templates else []

    def layout_in(path: Path | None) -> Layout:
        return config.settings_for(path, given).layout(layout)

    for file in (*filter(is_input, arguments), *files):
        if file != STANDARD_INPUT and os.path.isdir(file):  # noqa: PTH112 - a template may be too long for a Path
            sources += sources_in(file, layout_in, apart)
        else:
            path = None if file == STANDARD_INPUT else Path(file)
            sources.append(open_source(file, layout_in(path), among_others=among_others))
    return sources


def given_settings(context: click.Context, options: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that are given on the command line."""
    given = {}
    if context.get_parameter_source("dialect") is ParameterSource.COMMANDLINE:
        given["dialect"] = options["dialect"]
    if options["postback"] is not None:
        given["postback"] = Postback(options["postback"])
    for name in ("context", "send_all", "consent"):
        if options.get(name) is not None:
            given[name] = options[name]
    if options.get("sources"):
        given["sources"] = frozenset(map(ValueSource, options["sources"]))
    if options.get("deny"):
        given["deny"] = frozenset(options["deny"])
    for name in ("select", "ignore"):
        chosen = options.get(name, ())
        try:
            request_codes(chosen, ())
        except ValueError as error:
            raise click.UsageError(f"--{name}: {error}") from None
        if chosen:
            given[name] = chosen
    return given
