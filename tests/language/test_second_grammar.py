"""The second grammar reads what the first one reads, for every syntax and any text."""

import json
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from lark import Lark

from macroengine.language.grammar import grammar
from macroengine.language.nodes import Part
from macroengine.language.syntax import syntax, syntaxes
from tests.fuzz.targets.grammars import first_parse
from tests.support.floors import reached, reaching
from tests.support.second_grammar import SecondLeaf, railroad, second_parse
from tests.support.trying import slow_after
from tests.support.written_macros import written_macros

ROOT = Path(__file__).parents[2]
FIRST = settings(
    phases=[Phase.generate], max_examples=2_000
)  # any example will do; looking for the smallest takes longer
SYNTAXES = pytest.mark.parametrize("key", syntaxes())
CORPUS = [
    json.loads(line)["template"] for line in (ROOT / "tests/data/corpus.jsonl").read_text(encoding="utf-8").splitlines()
]
# What has a meaning somewhere, what only looks so, and letters that fold into ASCII ones: few, so that they meet.
ALPHABET = "ab1-_(){}&;=?#/:\\%. \t\r\n\0é\u017f\u212a\ud800"
WORDS = [
    "(a)",
    "{a}",
    "{{",
    "${",
    ";a=",
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


def _damaged(key: str) -> list[str]:
    return [piece for macro in written_macros(key)[:2] for piece in (macro[:-1], macro[1:], macro[0], macro[-1])]


@cache
def from_grammar(key: str) -> st.SearchStrategy[str]:
    """Draw strings that follow the rules of the grammar."""
    chosen = syntax(key)
    macros = st.sampled_from(written_macros(key))
    # Terminals that look around themselves cannot be drawn alone.
    text = st.text("ab1-_(){}.%é", min_size=1, max_size=4)
    parts = dict.fromkeys(re.findall(r"^([A-Z]+_TEXT|SCHEME_REST)\b", grammar(chosen), re.MULTILINE), text)
    looking = parts | {
        "MACRO": macros,
        "SCHEME_TEXT": st.one_of(
            st.sampled_from(["http", "HTTPs", "ahttp"]), st.text("a(:&=é", min_size=1, max_size=4)
        ),
        "SCHEME_MACRO": macros,
        "ROOTED_TEXT": text.map("/{}".format),
        "FIRST_NAME": st.text("ab(){}1\n", min_size=1, max_size=3),
        "SIMPLE_PAIR": macros.map("&a={}".format),
        "SLASHES": st.sampled_from(["://", "://", ":", ":///", ":\\/"]),
        "HASH": st.just("#"),
    }
    return from_lark(Lark(grammar(chosen), parser="lalr", start="template"), explicit=looking)


@st.composite
def mutated(draw: st.DrawFn, key: str) -> str:
    """Draw a template of the corpus, with a macro of the syntax, after accidents: text lost, repeated or added."""
    source = f"{draw(st.sampled_from(CORPUS))}&m={draw(st.sampled_from(written_macros(key)))}&n=1"
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(source)))
        stop = draw(st.integers(start, min(len(source), start + 8)))
        middle = draw(
            st.one_of(
                st.just(""),
                st.just(2 * source[start:stop]),
                st.sampled_from([*ALPHABET, *WORDS, *written_macros(key), *_damaged(key)]),
            )
        )
        source = source[:start] + middle + source[stop:]
    return source


@pytest.mark.slow
@SYNTAXES
def test_grammars_agree_on_what_the_grammar_generates(key):
    # Not all versions of Hypothesis draw every rule of a grammar; where none of these is drawn, nothing is compared.
    @reaching(macro=5)
    @given(from_grammar(key))
    def agree(source):
        compare(source, key)

    agree()


def compare(source, key):
    leaves = second_parse(source, key)
    assert first_parse(source, key) == leaves
    reached(*["macro"] * any(leaf.kind == "macro" for leaf in leaves))


@pytest.mark.slow
@SYNTAXES
@reaching(macro=50)
@settings(max_examples=50)
@given(data=st.data())
def test_grammars_agree_on_damaged_templates(key, data):
    compare(data.draw(mutated(key)), key)


@pytest.mark.slow
@SYNTAXES
@reaching(macro=20)
@settings(max_examples=50)
@given(data=st.data())
def test_grammars_agree_on_any_text(key, data):
    pieces = st.sampled_from([*ALPHABET, *WORDS, *4 * written_macros(key), *_damaged(key)])
    compare(data.draw(st.lists(pieces, max_size=12).map("".join)), key)


@pytest.mark.parametrize(
    "source",
    [
        "https:///(a)/{a}",
        "http://\\(a){a}",
        "ahttp:///(a){a}",
        "http\u017f:(a){a}",
        "_(\u017f){\u017f}\u212a://-&",
        "?a=(b);c={d}",
        "a;b=(c);d=e",
        "{{{a}}}$${(a)!}(a)##a##a##",
    ],
)
def test_grammars_agree_on_what_once_was_read_differently(source):
    differing = [key for key in syntaxes() if first_parse(source, key) != second_parse(source, key)]
    assert differing == []


@SYNTAXES
@pytest.mark.parametrize("start", slow_after(1, range(20)))
def test_grammars_agree_on_real_templates(key, start):
    for source in CORPUS[start::20]:
        assert first_parse(source, key) == second_parse(source, key)


@pytest.mark.slow
@SYNTAXES
def test_grammar_generates_macros_in_every_part(key):
    """What the first test compares has something in it."""
    for part in Part:
        find(from_grammar(key), lambda source, part=part: _has_macro(second_parse(source, key), part), settings=FIRST)


def _has_macro(leaves: list[SecondLeaf], part: str) -> bool:
    return any(leaf.part == part and leaf.kind == "macro" for leaf in leaves)


def test_drawing_of_the_grammar_is_fresh():
    picture = (ROOT / "docs/grammar.svg").read_text(encoding="utf-8")
    assert picture == railroad("paren"), "run: python -m tests.support.second_grammar docs/grammar.svg"
