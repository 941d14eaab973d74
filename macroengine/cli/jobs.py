"""Sort the arguments of a call into templates and requests."""

from typing import Any

import click

from macroengine.cli.job import Job, given_settings, sources_of
from macroengine.cli.options import layout_of
from macroengine.cli.request_job import RequestJob, parted
from macroengine.workspace.config import Config, NearestConfig


def jobs_of(
    context: click.Context,
    templates: tuple[str, ...],
    files: tuple[str, ...],
    options: dict[str, Any],
    config: Config | NearestConfig,
) -> tuple[Job, RequestJob]:
    """Return the jobs for the templates of a call and for its requests. They share their notes."""
    notes: list[str] = []
    other_templates, among_templates = parted(templates, notes)
    other_files, among_files = parted(files, notes)
    requests = [*options["requests"], *among_templates, *among_files]
    given, unsafe = given_settings(context, options), options.get("unsafe_fixes", False)
    sources = sources_of(
        other_templates,
        other_files,
        layout_of(options),
        config,
        given,
        apart=requests,
        among_others=options.get("as_files", False),
    )
    job = Job(sources, config, given, unsafe=unsafe, jobs=options.get("jobs", 1), notes=notes)
    return job, RequestJob(requests, config, given, unsafe=unsafe, notes=notes)
