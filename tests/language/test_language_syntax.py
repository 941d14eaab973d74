"""Syntaxes as data: what a table may say, what is refused, and that any of them reads templates as its forms say."""

import json
import pickle
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macroengine import CatalogueError
from macroengine.language.forms import Form
from macroengine.language.parser import parse_parts
from macroengine.language.patterns import PatternError, automaton
from macroengine.language.syntax import Reading, Syntax, joined, read_forms, syntax, syntaxes, with_functions
from macroengine.template import Template
from tests.support.floors import reached, reaching
from tests.support.trying import with_each

DATA = Path(__file__).parents[1] / "data"
TEMPLATES = [
    json.loads(line)["template"]
    for name in ("corpus.jsonl", "dialect_samples.jsonl")
    for line in (DATA / name).read_text(encoding="utf-8").splitlines()
]
SYNTAXES = pytest.mark.parametrize("key", syntaxes())
LETTERS = "bcdefghijklmnopqrstuvwxyzA"


def table(**row):
    return Syntax("", read_forms({"forms": ["{NAME}"], "name": "[a-z]+"} | row, "mine.toml: [syntax]"))


def macros(source, chosen):
    return [(macro.start, macro.text) for macro in Template(source, "", **parse_parts(source, chosen)).macros()]


@SYNTAXES
def test_macros_of_real_templates_are_those_that_the_forms_match(key):
    chosen = syntax(key)
    outer = "|".join(form.bare_pattern for form in chosen.outer)
    pattern = re.compile(f"{outer}|(?P<own>{chosen.macro})" if outer else f"(?P<own>{chosen.macro})")
    for source in TEMPLATES:
        found = [(match.start(), match["own"]) for match in pattern.finditer(source) if match["own"]]
        assert macros(source, chosen) == found
        assert "".join(leaf.text for leaf, _ in Template(source, "", **parse_parts(source, chosen)).leaves()) == source


def test_real_templates_have_macros_in_nearly_every_syntax():
    """What the test above compares has something in it."""
    seen = {key for key in syntaxes() for source in TEMPLATES if macros(source, syntax(key))}
    assert set(syntaxes()) - seen <= {"double-bracket", "call"}


@pytest.mark.parametrize(
    ("forms", "template", "text", "reading"),
    [
        pytest.param(["<NAME>"], "/a<b>c", "<b>", Reading("b"), id="one-form"),
        pytest.param(["@NAME@"], "u@h/@b@", "@b@", Reading("b"), id="an-opener-that-also-is-in-hosts"),
        pytest.param(["~NAME~", "~NAME|ARGUMENT~"], "?a=~b|c&d~", "~b|c&d~", Reading("b", None, "c&d"), id="argument"),
        pytest.param(["!!NAME!!"], "?a=!b!!!c!!", "!!c!!", Reading("c"), id="opener-and-closer-alike"),
        pytest.param(["{NAME}", "{{NAME}}"], "?a={{b}}", "{{b}}", Reading("b"), id="the-longer-opener-wins"),
    ],
)
def test_any_forms_make_a_syntax(forms, template, text, reading):
    chosen = table(forms=forms)
    assert [found for _, found in macros(template, chosen)] == [text]
    assert chosen.read(text) == reading
    assert chosen.read(text + "x") is None
    assert pickle.loads(pickle.dumps(chosen)) == chosen


def test_an_argument_may_have_a_pattern_of_its_own():
    chosen = table(forms=["{NAME}", "{NAME:ARGUMENT}"], argument="[0-9]+")
    assert [found for _, found in macros("?a={b:12}&c={d:e}&f={g}", chosen)] == ["{b:12}", "{g}"]
    assert chosen.read("{b:12}") == Reading("b", None, "12")


@with_each(
    ("row", "message"),
    [
        ({"forms": "{NAME}"}, "key 'forms' must be a list of forms, at least one, as ['{NAME}'], not '{NAME}'"),
        ({"forms": []}, "key 'forms' must be a list of forms, at least one, as ['{NAME}'], not []"),
        ({"forms": [1]}, "key 'forms' must be a list of forms, at least one, as ['{NAME}'], not [1]"),
        ({"name": 1}, "key 'name' must be a pattern of names, as '[A-Za-z0-9_]+', not 1"),
        ({"argument": 1}, "key 'argument' must be a string, not 1"),
        ({"alternatives": ""}, "key 'alternatives' must not be empty"),
        ({"nmae": "x"}, "unknown key 'nmae'; known: forms, name, argument, alternatives"),
        (
            {"forms": ["{}"]},
            "key 'forms': '{}' is not a form: a form has NAME once, and ARGUMENT after it at most once",
        ),
        ({"forms": ["{NAME:NAME}"]}, "has NAME once"),
        ({"forms": ["{ARGUMENT:NAME}"]}, "has NAME once"),
        ({"forms": ["NAME"]}, "has something before and after NAME"),
        ({"forms": ["{NAME"]}, "has something before and after NAME"),
        ({"forms": ["{NAMEARGUMENT}"]}, "and between NAME and ARGUMENT"),
        ({"forms": ["TS{NAME}"]}, "does not begin with a letter or digit, which would be found inside words"),
        ({"forms": ["&NAME&"]}, "does not begin with '&', which separates the parts of a URL"),
        ({"forms": ["{ NAME }"]}, "has no white space or control characters"),
        ({"forms": ["{NAME}", "{NAME}"]}, "forms '{NAME}' and '{NAME}' can read the same text differently"),
        ({"forms": ["{NAME}", "{NAME}}"]}, "forms '{NAME}' and '{NAME}}' can read the same text differently"),
        ({"forms": ["{NAME:ARGUMENT}", "{NAME::ARGUMENT}"]}, "can read the same text differently"),
        ({"name": "[a-z]*"}, "'[a-z]*' matches the empty string"),
        ({"name": "[a-z[]+"}, r"key 'name': '[a-z[]+' cannot be used: '[' in a class is written \["),
        ({"name": r"[a-z\{]+"}, r"can contain the opening '{', '{'"),
        ({"name": r"[a-z\}]+"}, r"can contain the closing '}', '}'"),
        ({"forms": ["{NAME:ARGUMENT}"], "name": "[a-z:]+"}, "can contain the separator of arguments, ':'"),
        ({"alternatives": "||", "name": r"[a-z\|]+"}, "can contain the separator of alternatives, '||'"),
        ({"forms": ["{NAME:ARGUMENT}"], "argument": "[^{]+"}, "can contain the closing '}', '}'"),
        ({"name": "(?:a+)+"}, "what is repeated can be repeated in two ways"),
        ({"name": "(?:a*b*)*c"}, "what is repeated can be repeated in two ways"),
        ({"name": "(?:a?)+b"}, "what is repeated can be repeated in two ways"),
        ({"name": "a|ab"}, "one text matches in two ways"),
        ({"name": "a?a"}, "one text matches in two ways"),
        ({"name": "[a-z]+|[A-Za-z]+"}, "one text matches in two ways"),
        ({"name": r"\w+"}, r"\w is not supported; write the characters out"),
        ({"name": "."}, r"'.' means something else here; the character itself is written \."),
        ({"name": "a{2}"}, r"'{' means something else here"),
        ({"name": "(a)"}, r"'(' means something else here"),
        ({"name": "(?:a"}, "a group is not closed"),
        ({"name": "a)"}, "')' closes nothing"),
        ({"name": "[a"}, "a class is not closed"),
        ({"name": "[]"}, "a class is empty"),
        ({"name": "[z-a]"}, "the range z-a is empty"),
        ({"name": "[a--]"}, "is empty"),
        ({"name": "[a&&b]"}, r"'&' in a class is written \&"),
        ({"name": "a\\"}, "a backslash ends it"),
        ({"name": "a" * 201}, "it has more than 200 characters"),
        ({"name": "(?:a?)?b"}, "what is optional can be left out in two ways"),
        ({"name": "(?:a*)?b"}, "what is optional can be left out in two ways"),
        ({"name": "x(?:a?|b?)y"}, "two alternatives match the empty string"),
        ({"name": "(?:a" + "".join(f"{char}?" for char in LETTERS[:16]) + ")+"}, "17 ways at one point; at most 16"),
        ({"name": "".join(f"{char}?" for char in LETTERS) + "a"}, "27 ways at one point"),
        ({"name": "(?:" * 17 + "a" + ")" * 17}, "groups are nested more than 16 deep"),
        ({"name": "(?:" * 5_000}, "groups are nested more than 16 deep"),
        ({"forms": ["{" * 33 + "NAME}"]}, "has at most 32 characters before, between and after NAME and ARGUMENT"),
        ({"forms": [f"{{{number}NAME}}" for number in range(33)]}, "33 forms of macros; at most 32 fit"),
        ({"name": "^a$"}, "'^' means something else here"),
    ],
)
def test_table_that_cannot_be_read_in_one_way_and_linear_time_is_refused(row, message):
    with pytest.raises(CatalogueError) as caught:
        table(**row)
    assert str(caught.value).startswith("mine.toml: [syntax]: ")
    assert message in str(caught.value)


def test_a_macro_can_have_a_function_and_an_argument():
    chosen = with_functions(syntax("brace-colon"), {"none": "_NAME", "base64": "NAME:B64"}, frozenset(), "mine.toml")
    assert chosen.read("{_date:Y-m-d}") == Reading("date", "none", "Y-m-d")
    assert chosen.read("{date:B64}") == Reading("date", "base64")
    assert chosen.read("{date:B65}") == Reading("date", None, "B65")


def test_syntaxes_that_begin_macros_alike_cannot_be_joined():
    with pytest.raises(CatalogueError, match="can read the same text differently"):
        joined([syntax("brace"), syntax("brace-alternatives")], "mine.toml")
    both = joined([syntax("paren"), syntax("call")], "mine.toml")
    assert both.key == "paren+call"
    assert [text for _, text in macros("/(a)?b=$$sdk(c)&d=$$other(e)", both)] == ["(a)", "$$sdk(c)", "(e)"]


def test_functions_are_texts_around_a_name():
    chosen = with_functions(
        table(forms=["${NAME}", "${NAME:ARGUMENT}"], name="[A-Z0-9_]+"),
        {"base64": "NAME:B64", "percent": "NAME_ESC", "percent2": "NAME_ESC_ESC", "md5": "MD5_NAME"},
        frozenset({"X_ESC"}),
        "mine.toml",
    )
    assert chosen.read("${A:B64}") == Reading("A", "base64")
    assert chosen.read("${A:B65}") == Reading("A", None, "B65")
    assert chosen.read("${A_ESC}") == Reading("A", "percent")
    assert chosen.read("${A_ESC_ESC}") == Reading("A", "percent2")
    assert chosen.read("${MD5_A}") == Reading("A", "md5")
    assert chosen.read("${X_ESC}") == Reading("X_ESC"), "the dialect has a macro of this name"
    assert chosen.read("${_ESC}") == Reading("_ESC"), "without a name there is no function"
    assert chosen.write("A", "percent2") == "${A_ESC_ESC}"


def test_alternatives_share_a_function_or_have_none():
    chosen = with_functions(syntax("brace-alternatives"), {"md5": "NAME_md5"}, frozenset(), "mine.toml")
    assert chosen.read("{a||b}") == Reading("a", None, None, ("b",))
    assert chosen.read("{a_md5||b_md5}") == Reading("a", "md5", None, ("b",))
    assert chosen.read("{a||b_md5}") == Reading("a", None, None, ("b_md5",))


@pytest.mark.parametrize(
    "functions", [{"md5": "NAME"}, {"md5": "x"}, {"md5": "NAME_NAME"}, {"a": "NAME_x", "b": "NAME_x"}]
)
def test_function_that_cannot_be_told_apart_is_refused(functions):
    with pytest.raises(CatalogueError, match=r"^mine\.toml: key '\w+' (must have NAME once|is written like)"):
        with_functions(syntax("brace"), functions, frozenset(), "mine.toml")


# What a pattern that is accepted means is what Python's re means by it.
ATOMS = st.sampled_from(["a", "b", "_", "[ab]", "[^a]", "[a-c_]", r"\.", "[^a-z]", "[a-]"])
PATTERNS = st.recursive(
    st.lists(st.builds("{}{}".format, ATOMS, st.sampled_from(["", "", "?", "*", "+"])), min_size=1, max_size=3).map(
        "".join
    ),
    lambda inner: st.one_of(
        st.builds("(?:{}){}".format, inner, st.sampled_from(["", "?", "*", "+"])),
        st.builds("{}|{}".format, inner, inner),
        st.builds("{}{}".format, inner, inner),
    ),
    max_leaves=4,
)


@reaching(accepted=10, contained=4)
@given(PATTERNS, st.data())
def test_accepted_pattern_contains_only_what_it_is_said_to(pattern, data):
    try:
        read = automaton(pattern)
    except PatternError:
        return
    compiled = re.compile(pattern)
    assert read.matches_nothing == (compiled.fullmatch("") is not None)
    match = compiled.match(data.draw(st.from_regex(compiled, fullmatch=True) | st.text("ab_.cé", max_size=6)))
    reached("accepted")
    if match and match[0]:
        start = data.draw(st.integers(0, len(match[0]) - 1))
        assert read.can_contain(match[0][start : start + 2])
        reached("contained")


def test_a_form_is_written_as_it_was_read():
    for text in ("(NAME)", "${NAME:ARGUMENT}", "%%NAME%%"):
        assert Form.of(text, name="[A-Z]+").text == text
