"""Lists, whose elements are encoded one by one, and Unicode normalization form C."""

from decimal import Decimal
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macroengine import (
    Default,
    Dialect,
    Event,
    MissingValueError,
    PostbackSet,
    RenderError,
    UnsupportedError,
    compile_template,
)
from macroengine.backends.duckdb import to_sql
from macroengine.testing import reference
from tests.support.floors import reached, reaching
from tests.support.trying import slow_after

OWN = """
name = "own"
syntax = "brace"
encoding = "{}"
[functions]
none = "NAME_raw"
upper = "NAME_up"
percent = "NAME_esc"
[macros]
l = {{ field = "l", source = "SDK", type = "list", none = ["l"], upper = ["l"], percent = ["l"] }}
n = {{ field = "n", source = "SDK" }}
"""
PLACES = [
    "https://n.example/pb?l={l}",
    "https://n.example/pb/{l}/x",
    "https://n.example/pb?u=https%3A%2F%2Fx%3Fl%3D{l}",
    "https://n.example/pb?j=%7B%22a%22%3A%22{l}%22%7D",
    "https://n.example/pb?j=%7B%22a%22%3A{l}%7D",
    "https://n.example/pb?l={l_raw}",
    "https://n.example/pb?l={l_up}",
    "https://n.example/pb?l={l_esc}",
    "https://n.example/pb?l={n}&j=%7B%22a%22%3A%22{n}%22%7D&k=%7B%22a%22%3A{n}%7D",
]
# Half of them may stand anywhere, even where nothing is encoded: a list is only sent there if all its elements may.
PLAIN = st.text("ab,.-~", max_size=5)
ELEMENTS = PLAIN | st.text(st.sampled_from('ab,. "\\&é\u0301é') | st.characters(codec="utf-8"), max_size=5)


@pytest.fixture
def own(tmp_path):
    def own(encoding):
        path = tmp_path / f"{encoding}.toml"
        path.write_text(OWN.format(encoding), encoding="utf-8")
        return Dialect.from_toml(path)

    return own


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("a/b,c d", "a%2Fb,c%20d"),
        (["a/b", "c d"], "a%2Fb,c%20d"),
        (("a,b", "c"), "a%2Cb,c"),
        ([1, Decimal("1E+1"), True, 0.5], "1,10,true,0.5"),
        (7, "7"),
        ("", ""),
        ([], ""),
        (",", ","),
    ],
)
def test_elements_are_encoded_one_by_one(own, value, sent):
    for encoding in ("percent", "component", "nfc"):
        dialect, event = own(encoding), Event(sdk={"l": value})
        template = compile_template("https://n.example/pb?l={l}", dialect=dialect)
        assert template.render(event) == PostbackSet([template]).render(event)[0] == f"https://n.example/pb?l={sent}"


def test_in_a_url_inside_the_url_the_inner_receiver_reads_the_list(own):
    template = compile_template(PLACES[2], dialect=own("percent"))
    assert template.render(Event(sdk={"l": ["a b", "c,d"]})).endswith("%3Fl%3Da%2520b,c%252Cd")


def test_as_a_whole_json_value_it_is_a_string(own):
    template = compile_template(PLACES[4], dialect=own("percent"))
    assert template.render(Event(sdk={"l": ["2", "7"]})).endswith("%3A%222%2C7%22%7D")


def test_an_element_may_not_leave_its_place_where_it_is_not_encoded(own):
    template = compile_template(PLACES[5], dialect=own("percent"))
    assert template.render(Event(sdk={"l": [1, "b"]})).endswith("?l=1,b")
    with pytest.raises(RenderError, match="leave its place"):
        template.render(Event(sdk={"l": [1, "b&c=d"]}))


def test_a_list_of_lists_has_no_text(own):
    template = compile_template(PLACES[0], dialect=own("percent"))
    for value in ([["a"]], [None], {"a": 1}):
        with pytest.raises(RenderError, match="cannot send a value of type"):
            template.render(Event(sdk={"l": value}))


def test_a_missing_list_is_missing(own):
    dialect = own("component")
    assert compile_template(PLACES[0], dialect=dialect, missing="drop").render(Event()) == "https://n.example/pb"
    default = compile_template(PLACES[0], dialect=dialect, missing=Default("a,b"))
    assert default.render(Event()) == reference.render(PLACES[0], Event(), dialect=dialect, missing=Default("a,b"))
    with pytest.raises(MissingValueError):
        compile_template(PLACES[0], dialect=dialect, missing="raise").render(Event())


def test_a_host_takes_no_list(own):
    template = compile_template("https://{l}.n.example/", dialect=own("percent"), allow_host_macros=True)
    assert template.render(Event(sdk={"l": ["a"]})) == "https://a.n.example/"
    with pytest.raises(RenderError, match="not a label of a host"):
        template.render(Event(sdk={"l": ["a", "b"]}))


def test_a_table_has_no_lists(own):
    for encoding, source in (("percent", PLACES[0]), ("nfc", "https://n.example/pb?n={n}")):
        with pytest.raises(UnsupportedError, match="with the step"):
            to_sql(compile_template(source, dialect=own(encoding)))


@pytest.mark.parametrize("source", slow_after(3, PLACES))
@pytest.mark.parametrize("encoding", slow_after(1, ["percent", "component", "nfc"]))
def test_all_of_it_is_as_the_reference_says(own, encoding, source):
    dialect = own(encoding)
    template = compile_template(source, dialect=dialect)

    @reaching(rendered=40, several=20)
    @given(ELEMENTS | st.lists(ELEMENTS | st.integers()) | st.lists(PLAIN | st.integers(), min_size=2), ELEMENTS)
    def same(elements, text):
        event = Event(sdk={"l": elements, "n": text})
        try:
            expected = reference.render(source, event, dialect=dialect)
        except RenderError:
            with pytest.raises(RenderError):
                template.render(event)
        else:
            assert template.render(event) == expected
            reached("rendered", *["several"] * (isinstance(elements, list) and len(elements) > 1))

    same()


@pytest.mark.parametrize(
    ("text", "normal"),
    [("e\u0301", "é"), ("Å", "Å"), ("ﬁ", "ﬁ"), ("가", "가"), ("a b", "a b")],
)
def test_adcp_normalizes_before_it_encodes(text, normal):
    template = compile_template("https://n.example/pb?q={KEYWORDS}", dialect="adcp")
    field = template.fields[0]
    url = template.render(Event(link={field: text}, sdk={field: text}, platform={field: text}))
    assert url == f"https://n.example/pb?q={quote(normal, safe='')}"
