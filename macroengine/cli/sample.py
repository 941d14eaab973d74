"""`macroengine sample`: print sample postbacks for load tests and demonstrations."""

import json
import shlex
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import click

from macroengine.cli.options import dialect_option, postback_option, template_source
from macroengine.cli.rendering import compiled_template, rendering_options
from macroengine.event import Event
from macroengine.kinds import Postback
from macroengine.sampling import samples


@click.command()
@click.argument("template", required=False)
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="Read the template from a file.")
@click.option("-n", "count", type=click.IntRange(0), default=10, show_default=True, help="How many postbacks.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed draws other values.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["url", "jsonl", "curl"]),
    default="url",
    show_default=True,
    help="One per line: the URL, a JSON object with URL and event, or a curl command.",
)
@click.option("--awkward", is_flag=True, help="Draw values that are easily encoded wrongly, and leave some out.")
@dialect_option
@postback_option("The kind of postback.", default="install")
@rendering_options
def sample(
    template: str | None,
    file: Path | None,
    count: int,
    seed: int,
    form: str,
    *,
    awkward: bool,
    postback: str | None,
    **options: Any,
) -> None:
    """Print postbacks of TEMPLATE with realistic values, the same ones for the same seed.

    \b
    Examples:
      macroengine sample 'https://n.example/pb?c=(clickid)' -n 1000 --seed 7
      macroengine sample --file template.txt --awkward --format curl | sh
      macroengine sample --file template.txt --format jsonl > samples.jsonl
    """
    compiled = compiled_template(template_source(template, file), Postback(postback or Postback.INSTALL), **options)
    for event in islice(samples(compiled, seed, awkward=awkward), count):
        # Not click.echo, which would strip colour escapes from the URL.
        sys.stdout.write(_line(form, compiled.render(event), event) + "\n")


def _line(form: str, url: str, event: Event) -> str:
    match form:
        case "curl":
            return f"curl -sS {shlex.quote(url)}"
        case "jsonl":
            parts = {name: dict(getattr(event, name)) for name in ("link", "sdk", "platform")}
            return json.dumps({"url": url, "event": {"postback": event.postback, **parts}}, ensure_ascii=False)
    return url
