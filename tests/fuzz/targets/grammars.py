"""What is promised of the language: a second grammar, written from its description alone, reads it alike."""

from macroengine import LimitError, parse
from tests.fuzz.inputs import Input
from tests.second_grammar import SecondLeaf, second_parse


def fuzz_grammars(made: Input) -> None:
    """Two grammars, written apart, cut every text into the same leaves."""
    source, dialect = made.text(), made.dialect()
    try:
        template = parse(source, dialect)
    except LimitError:
        return
    leaves = [
        SecondLeaf(part, type(leaf).__name__.lower(), leaf.text, getattr(leaf, "name", None), leaf.span.start)
        for leaf, part in template.leaves()
    ]
    assert leaves == second_parse(source, dialect.syntax.key)
