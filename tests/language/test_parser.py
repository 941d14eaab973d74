"""Parsing: what each syntax reads, that nothing of a template is lost, and the stored tables of the parser."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from macroengine import LimitError, Limits, dialect, parse
from macroengine.cli.parse import _kind  # as `macroengine parse` prints it
from macroengine.language.nodes import Delimiter, Literal, Macro, Pair
from macroengine.language.parser import parse_parts
from macroengine.language.syntax import GRAMMAR, Reading, syntax, syntaxes
from macroengine.template import Template
from tests.support.floors import reached, reaching
from tests.support.trying import with_each

DIALECTS = {"paren": "appsflyer", "brace": "appmetrica"}
README = (GRAMMAR / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```([a-z-]+)\n(.*)\n((?:.+\n)+?)```", README)
READINGS = re.findall(r"^\| `([a-z-]+)` \| `(.+?)` \| `(.+?)` \|(.*?)\|(.*?)\|$", README, re.MULTILINE)
DATA = Path(__file__).parents[1] / "data"
CORPUS = [json.loads(line) for line in (DATA / "parse_corpus.jsonl").read_text(encoding="utf-8").splitlines()]

# Few characters, so that they meet often.
nasty = st.lists(st.sampled_from([*"ab1-_(){}&;=?#/:\\%é\n", "http:", "(a1)", "(b)", "{a1}", "{b}"])).map("".join)


@with_each(("key", "source", "leaves"), EXAMPLES)
def test_grammar_readme_is_true(key, source, leaves):
    template = Template(source, "", **parse_parts(source, syntax(key)))
    assert [f"{part} {_kind(leaf)} {leaf.text}" for leaf, part in template.leaves()] == leaves.splitlines()


@pytest.mark.parametrize(("key", "text", "name", "argument", "alternatives"), READINGS)
def test_grammar_readme_says_what_macros_say(key, text, name, argument, alternatives):
    others = tuple(re.findall("`(.+?)`", alternatives))
    reading = Reading(name, None, argument.strip("` ") or None, others)
    assert syntax(key).read(text.replace("\\|", "|")) == reading


@pytest.mark.parametrize(
    ("source", "scheme", "authority"),
    [
        pytest.param("https:///(a)/b", "https", "(a)", id="run-of-slashes"),
        pytest.param("http://\\(a)", "http", "(a)", id="backslash"),
        pytest.param("myhttp:///(a)", "myhttp", "", id="http-is-only-the-end-of-the-scheme"),
        pytest.param("http\u017f:(a)", "", "", id="long-s-is-no-s"),
        pytest.param("_(\u017f)\u212a://x", "_(\u017f)\u212a", "x", id="letters-beyond-ascii-make-no-macro"),
    ],
)
def test_server_of_a_template_is_the_one_that_browsers_see(source, scheme, authority):
    template = parse(source)
    assert "".join(piece.text for piece in template.scheme) == scheme
    assert "".join(piece.text for piece in template.authority) == authority


def test_grammar_readme_has_examples():
    assert len(EXAMPLES) > 15
    assert {key for key, _, _ in EXAMPLES} >= {"paren", "brace", "hash", "brace-question"}
    assert len(READINGS) > 5
    assert {key for key, *_ in [*EXAMPLES, *READINGS]} <= set(syntaxes())


def test_tree_of_a_template():
    template = parse("https://n.example/pb?c=(clickid)&i=(sha1-idfa)x&(encode)#f")
    assert template == Template(
        source="https://n.example/pb?c=(clickid)&i=(sha1-idfa)x&(encode)#f",
        dialect=dialect("appsflyer"),
        scheme=(Literal("https", 0),),
        slashes=Delimiter("://", 5),
        authority=(Literal("n.example", 8),),
        path=(Literal("/pb", 17),),
        query=(
            Pair(Delimiter("?", 20), (Literal("c", 21),), Delimiter("=", 22), (Macro("(clickid)", 23, "clickid"),)),
            Pair(
                Delimiter("&", 32),
                (Literal("i", 33),),
                Delimiter("=", 34),
                (Macro("(sha1-idfa)", 35, "idfa", "sha1"), Literal("x", 46)),
            ),
            Pair(Delimiter("&", 47), (Macro("(encode)", 48, "encode"),), None, ()),
        ),
        hash=Delimiter("#", 56),
        fragment=(Literal("f", 57),),
    )


def test_leaves_are_equal_wherever_they_stand_and_differ_by_kind():
    assert Literal("a", 0) == Literal("a", 7)
    assert Literal("a", 0) != Delimiter("a", 0)


@pytest.mark.parametrize("name", DIALECTS.values())
@reaching(macro=8, several=25)
@given(source=nasty)
@example(source="?a=b&x_1=(c_2)#d")
@example(source="a=(b)&{c}=(d)&e={f}")
def test_every_string_is_cut_into_leaves_without_gap_or_overlap(name, source):
    at = 0
    literal_of = None
    for leaf, part in parse(source, name).leaves():
        assert leaf.span.start == at
        assert source[leaf.span.start : leaf.span.stop] == leaf.text
        if isinstance(leaf, Literal):
            assert part is not literal_of, "two literals of one part touch"
        at, literal_of = leaf.span.stop, part if isinstance(leaf, Literal) else None
    assert at == len(source)
    count(parse(source, name))


def count(template):
    """Count what a template reaches."""
    leaves = [*template.leaves()]
    reached(*["macro"] * any(template.macros()), *["several"] * (len(leaves) > 1))


@pytest.mark.slow
@reaching(macro=4, several=20)
@given(st.text(max_size=200) | st.lists(st.text(max_size=20) | st.sampled_from([*"?&=#", "(ip)"])).map("".join))
def test_any_text_is_a_template(source):
    assert "".join(leaf.text for leaf, _ in parse(source).leaves()) == source
    count(parse(source))


@with_each("row", CORPUS)
def test_macros_of_real_templates(row):
    template = parse(row["template"], row["dialect"])
    assert "".join(leaf.text for leaf, _ in template.leaves()) == row["template"]
    # AppsFlyer's macros, written with the braces of other platforms, are literal text: a rule's business.
    expected = [] if row.get("braces") else row["macros"]
    assert [macro.text[1:-1] for macro in template.macros()] == expected


def test_macros_are_listed_with_repeats_in_source_order():
    assert [macro.name for macro in parse("(b)(a)?(b)=#(a)").macros()] == ["b", "a", "b", "a"]


@with_each("key", syntaxes())
def test_written_macros_are_read_back(key):
    chosen = syntax(key)
    name = next(name for name in ("a_1.b-c", "X_1", "x1") if chosen.is_name(name))
    parts = parse_parts(chosen.write(name), chosen)
    assert [*Template("", "", **parts).macros()] == [Macro(chosen.write(name), 0, name)]


def test_functions_are_written_and_read_back():
    paren = dialect("appsflyer").syntax
    assert [*parse(paren.write("x", "sha1")).macros()] == [Macro("(sha1-x)", 0, "x", "sha1")]
    assert paren.writes("sha1")
    assert not dialect("appmetrica").syntax.writes("sha1")
    with pytest.raises(ValueError, match="no function 'sha1'; known: none"):
        dialect("appmetrica").syntax.write("x", "sha1")


def test_template_past_the_limit_is_refused():
    assert parse("a" * 16_384)
    with pytest.raises(LimitError, match="16,385 characters; at most 16,384") as caught:
        parse("a" * 16_385)
    assert caught.value.diagnostics[0].span.start == 16_384


def test_too_many_macros_are_refused():
    assert parse("(a)" * 512)
    assert parse("(a)" * 512 + "(")
    assert parse("(" * 600)
    with pytest.raises(LimitError, match="513 macros; at most 512") as caught:
        parse("(a)" * 513)
    assert caught.value.diagnostics[0].span.start == 512 * 3


def test_limits_can_be_changed():
    assert len(list(parse("(a)" * 600, limits=Limits(macros=600)).macros())) == 600
    with pytest.raises(LimitError):
        parse("abc", limits=Limits(template=2))


@pytest.fixture
def first_parse(tmp_path):
    """Parse in a new process that keeps its bytecode in a folder of the test; return the leaves."""

    def first_parse(**environment):
        code = "from macroengine import parse; print(list(parse('/p?a=(ip)&b=x#(sha1-idfa)').leaves()))"
        variables = {"PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "", "TMPDIR": str(tmp_path)}
        command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, env=os.environ | variables | environment, capture_output=True, text=True, check=True
        )
        assert done.stderr == ""
        return done.stdout

    return first_parse


def test_tables_are_kept_with_the_bytecode(first_parse, tmp_path):
    made = first_parse()
    (tables,) = tmp_path.rglob("parser.*.paren.tables")
    kept = tables.stat().st_mtime_ns
    assert first_parse() == made == f"{list(parse('/p?a=(ip)&b=x#(sha1-idfa)').leaves())}\n"
    assert tables.stat().st_mtime_ns == kept


@pytest.mark.slow
def test_tables_that_are_no_good_are_made_anew(first_parse, tmp_path):
    made = first_parse()
    (tables,) = tmp_path.rglob("parser.*.paren.tables")
    good = tables.read_bytes()
    for bad in (b"", b"x", good[: len(good) // 2], good.replace(good[:8], b"00000000")):
        tables.write_bytes(bad)
        assert first_parse() == made
        assert tables.read_bytes().startswith(good[:64])  # the digest of the grammar


@pytest.mark.slow
def test_where_no_bytecode_may_be_kept_no_tables_are(first_parse, tmp_path):
    made = first_parse()
    (tables,) = tmp_path.rglob("parser.*.paren.tables")
    tables.unlink()
    before = set(tmp_path.rglob("*"))
    assert first_parse(PYTHONDONTWRITEBYTECODE="1") == made
    assert set(tmp_path.rglob("*")) == before
    nowhere = tmp_path / "file"
    nowhere.touch()
    assert first_parse(PYTHONPYCACHEPREFIX=str(nowhere)) == made
