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
from macroengine.language.nodes import Delimiter, Leaf, Literal, Macro, Part
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
      macroengine parse '{idfa}' --dialect adjust --format json | jq .leaves
    """
    tree = parse_template(template_source(template, file), dialect)
    if form == "json":
        click.echo(as_json(tree))
    else:
        # As wide as necessary: at the width of a terminal, rich would cut off the lines of a tree.
        console = output.results()
        console.width = _WIDTH
        console.print(_as_tree(tree))


def as_json(template: Template) -> str:
    """Return the tree as JSON, one leaf in a line: `json.dumps` needs much longer to indent each key."""
    write = json.JSONEncoder().encode
    leaves = ",\n".join([f"    {write(_described(leaf, part))}" for leaf, part in template.leaves()])
    return (
        f'{{\n  "source": {write(template.source)},\n  "dialect": {write(template.dialect.name)},\n'
        f'  "leaves": [\n{leaves}\n  ]\n}}'
    )


def _described(leaf: Leaf, part: Part) -> dict[str, object]:
    name = function = argument = None
    alternatives: list[str] = []
    if isinstance(leaf, Macro):
        name, function, argument, alternatives = leaf.name, leaf.function, leaf.argument, list(leaf.alternatives)
    return {
        "kind": _kind(leaf),
        "text": leaf.text,
        "name": name,
        "function": function,
        "argument": argument,
        "alternatives": alternatives,
        "part": part,
        "span": [leaf.start, leaf.start + len(leaf.text)],
    }


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
