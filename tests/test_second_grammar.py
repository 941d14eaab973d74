import json
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, find, given
from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from lark import Lark

from macroengine import parse
from macroengine.cli.parse import _kind
from macroengine.nodes import Part
from macroengine.syntax import GRAMMAR
from tests.second_grammar import SecondLeaf, railroad, second_parse

ROOT = Path(__file__).parents[1]
DIALECTS = {"paren": "appsflyer", "brace": "appmetrica"}
SYNTAXES = pytest.mark.parametrize("syntax", DIALECTS)
CORPUS = [
    json.loads(line)["template"] for line in (ROOT / "tests/data/corpus.jsonl").read_text(encoding="utf-8").splitlines()
]
# What has a meaning somewhere, what only looks so, and letters that fold into ASCII ones: few, so that they meet.
ALPHABET = "ab1-_(){}&;=?#/:\\%. \t\r\n\0é\u017f\u212a\ud800"
WORDS = [
    "(a)",
    "{a}",
    "(sha1-",
    "(encode)",
    "{_",
    "http",
    "HTTPS",
    "http\u017f",
    "://",
    "//",
    ":/\\",
    "?a=",
    "&b=",
    ";c=",
    "#",
]


def first_parse(source: str, syntax: str) -> list[SecondLeaf]:
    """Return the leaves that the library finds, in the words of the second grammar."""
    return [
        SecondLeaf(part, _kind(leaf), leaf.text, getattr(leaf, "name", None), leaf.span.start)
        for leaf, part in parse(source, DIALECTS[syntax]).leaves()
    ]


@cache
def from_grammar(syntax: str) -> st.SearchStrategy[str]:
    """Draw strings that follow the rules of the grammar files."""
    grammar = Lark.open(str(GRAMMAR / f"{syntax}.lark"), parser="lalr", start="template")
    macros = st.sampled_from(["(a)", "{a}", "(sha1-a)", "(encode)"])
    # Terminals that look around themselves cannot be drawn alone.
    looking = {
        "SCHEME_TEXT": st.one_of(
            st.sampled_from(["http", "HTTPs", "ahttp"]), st.text("a(:&=é", min_size=1, max_size=4)
        ),
        "SCHEME_MACRO": macros,
        "FIRST_NAME": st.text("ab(){}1\n", min_size=1, max_size=3),
        "SIMPLE_PAIR": macros.map("&a={}".format),
        "SLASHES": st.sampled_from(["://", "://", ":", ":///", ":\\/"]),
    }
    return from_lark(grammar, explicit=looking, alphabet=st.sampled_from("ab(){}&=?#/:1-_"))


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Draw a template of the corpus after a few accidents: text lost, repeated, or typed in between."""
    source = draw(st.sampled_from(CORPUS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(source)))
        stop = draw(st.integers(start, min(len(source), start + 8)))
        middle = draw(st.one_of(st.just(""), st.just(2 * source[start:stop]), st.sampled_from([*ALPHABET, *WORDS])))
        source = source[:start] + middle + source[stop:]
    return source


@SYNTAXES
def test_grammars_agree_on_what_the_grammar_generates(syntax):
    with_macros = []

    @given(from_grammar(syntax))
    def agree(source):
        leaves = second_parse(source, syntax)
        assert first_parse(source, syntax) == leaves
        with_macros.extend([source] * any(leaf.kind == "macro" for leaf in leaves))

    agree()
    # Not all versions of Hypothesis draw every rule of a grammar; where none of these is drawn, nothing is compared.
    assert len(with_macros) >= 5


@SYNTAXES
@given(source=mutated())
def test_grammars_agree_on_damaged_templates(syntax, source):
    assert first_parse(source, syntax) == second_parse(source, syntax)


@SYNTAXES
@given(source=st.lists(st.sampled_from([*ALPHABET, *WORDS]), max_size=12).map("".join))
@example(source="https:///(a)/{a}")
@example(source="http://\\(a){a}")
@example(source="ahttp:///(a){a}")
@example(source="http\u017f:(a){a}")
@example(source="_(\u017f){\u017f}\u212a://-&")
def test_grammars_agree_on_any_text(syntax, source):
    assert first_parse(source, syntax) == second_parse(source, syntax)


@SYNTAXES
@pytest.mark.parametrize("source", CORPUS)
def test_grammars_agree_on_real_templates(syntax, source):
    assert first_parse(source, syntax) == second_parse(source, syntax)


@SYNTAXES
def test_grammar_generates_every_part(syntax):
    """Hold the first test to its word: what it compares has something in it."""
    for part in Part:
        find(from_grammar(syntax), lambda source, part=part: _has_macro(second_parse(source, syntax), part))


def _has_macro(leaves: list[SecondLeaf], part: str) -> bool:
    return any(leaf.part == part and leaf.kind == "macro" for leaf in leaves)


def test_drawing_of_the_grammar_is_fresh():
    picture = (ROOT / "docs/grammar.svg").read_text(encoding="utf-8")
    assert picture == railroad("paren"), "run: python -m tests.second_grammar docs/grammar.svg"
