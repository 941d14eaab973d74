"""What is promised of the language: a second grammar, written from its description alone, reads it alike."""

from macroengine.language.nodes import Macro
from macroengine.language.parser import parse_parts, parse_with_lark
from macroengine.language.syntax import syntax, syntaxes
from macroengine.template import Template
from tests.fuzz.inputs import Input
from tests.support.second_grammar import SecondLeaf, second_parse

_KEYS = tuple(syntaxes())


def fuzz_grammars(made: Input) -> None:
    """Two grammars, written independently, cut every text into the same leaves, and so does the plain path."""
    source, key = made.text(), made.choose(_KEYS)
    leaves = first_parse(source, key)
    assert leaves == second_parse(source, key)
    assert repr(parse_parts(source, syntax(key))) == repr(parse_with_lark(source, syntax(key)))


def first_parse(source: str, key: str) -> list[SecondLeaf]:
    """Return the leaves that the library finds, in the words of the second grammar."""
    template = Template(source, "", **parse_parts(source, syntax(key)))
    return [
        SecondLeaf(part, "macro", leaf.text, leaf.start, leaf.name, leaf.argument, leaf.alternatives)
        if isinstance(leaf, Macro)
        else SecondLeaf(part, type(leaf).__name__.lower(), leaf.text, leaf.start)
        for leaf, part in template.leaves()
    ]
