"""`macroengine parse`: show the syntax tree of a template."""

import json
from pathlib import Path

import click
from rich.text import Text
from rich.tree import Tree

from macroengine.catalogue import Dialect
from macroengine.cli import output
from macroengine.cli.options import dialect_option, template_source
from macroengine.diagnostics import printable
from macroengine.language.nodes import Delimiter, Leaf, Literal, Macro
from macroengine.template import Template
from macroengine.template import parse as parse_template

# More than the longest template takes if each character is an escape.
_WIDTH = 1_000_000


@click.command()
@click.argument("template", required=False)
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="Read the template from a file.")
@click.option("--format", "form", type=click.Choice(["tree", "json"]), default="tree", show_default=True)
@dialect_option
def parse(template: str | None, file: Path | None, form: str, dialect: Dialect) -> None:
    """Show the parts, literals and macros of TEMPLATE, and the place of each.

    \b
    Examples:
      macroengine parse 'https://n.example/pb?id=(sha1-idfa)'
      macroengine parse '{click_id}' --dialect appmetrica --format json | jq .leaves
    """
    tree = parse_template(template_source(template, file), dialect)
    if form == "json":
        click.echo(json.dumps(_as_json(tree), indent=2))
    else:
        # As wide as necessary: at the width of a terminal, rich would cut off the lines of a tree.
        console = output.results()
        console.width = _WIDTH
        console.print(_as_tree(tree))


def _as_json(template: Template) -> dict[str, object]:
    leaves = [
        {
            "kind": _kind(leaf),
            "text": leaf.text,
            **_said(leaf),
            "part": part,
            "span": [leaf.span.start, leaf.span.stop],
        }
        for leaf, part in template.leaves()
    ]
    return {"source": template.source, "dialect": template.dialect.name, "leaves": leaves}


def _as_tree(template: Template) -> Tree:
    tree = Tree(Text(printable(template.source)))
    branch, current = tree, ""
    for leaf, part in template.leaves():
        if part != current:
            branch, current = tree.add(Text(part, style="bold")), part
        style = "cyan" if isinstance(leaf, Macro) else ""
        label = Text.assemble((f"{_kind(leaf):9} ", "dim"), (printable(leaf.text), style))
        branch.add(label.append(f"  {leaf.span.start}:{leaf.span.stop}", style="dim"))
    return tree


def _kind(leaf: Leaf) -> str:
    match leaf:
        case Literal():
            return "literal"
        case Delimiter():
            return "delimiter"
        case Macro():  # pragma: no branch - there is no other kind of leaf
            return "macro"


def _said(leaf: Leaf) -> dict[str, object]:
    if isinstance(leaf, Macro):
        return {
            "name": leaf.name,
            "function": leaf.function,
            "argument": leaf.argument,
            "alternatives": list(leaf.alternatives),
        }
    return {"name": None, "function": None, "argument": None, "alternatives": []}
