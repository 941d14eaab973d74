"""Sort the arguments of a call into templates and requests."""

import os
from typing import TYPE_CHECKING, Any

import click

from macroengine.cli.given import given_settings, sources_of
from macroengine.cli.inputs import STANDARD_INPUT, suffix
from macroengine.cli.job import Job
from macroengine.cli.options import layout_of
from macroengine.workspace.config import Config, NearestConfig
from macroengine.workspace.sources import REQUESTS

if TYPE_CHECKING:
    from macroengine.cli.request_job import RequestJob


def jobs_of(
    context: click.Context,
    templates: tuple[str, ...],
    files: tuple[str, ...],
    options: dict[str, Any],
    config: Config | NearestConfig,
) -> tuple[Job, "RequestJob | None"]:
    """Return the jobs for the templates of a call, and for its requests if there are any. They share their notes."""
    notes: list[str] = []
    other_templates, among_templates = _parted(templates, notes)
    other_files, among_files = _parted(files, notes)
    requests = [*options["requests"], *among_templates, *among_files]
    given, unsafe = given_settings(context, options), options.get("unsafe_fixes", False)
    sources = sources_of(
        other_templates,
        other_files,
        layout_of(options, () if options.get("as_files") else (*templates, *files, *options["requests"])),
        config,
        given,
        apart=requests,
        among_others=options.get("as_files", False),
    )
    job = Job(sources, config, given, unsafe=unsafe, jobs=options.get("jobs", 1), notes=notes)
    if not requests:
        return job, None
    # Here because most calls have none, and it takes longer to load than a template to check.
    from macroengine.cli.request_job import RequestJob  # noqa: PLC0415 - see above

    return job, RequestJob(requests, config, given, unsafe=unsafe, notes=notes)


def _parted(arguments: tuple[str, ...], notes: list[str]) -> tuple[list[str], list[str]]:
    """Return the arguments without files of requests, and those files, with those in folders."""
    if not any(map(_may_have_requests, arguments)):
        return list(arguments), []
    from macroengine.cli.request_job import parted  # noqa: PLC0415 - as above

    return parted(arguments, notes)


def _may_have_requests(argument: str) -> bool:
    # A template is too long for a Path.
    return suffix(argument) in REQUESTS or (argument != STANDARD_INPUT and os.path.isdir(argument))  # noqa: PTH112
