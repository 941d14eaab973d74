"""The plain path reads what it takes as Lark does, spans included, and takes what nearly all templates are."""

import json
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macroengine.language.parser import parse_with_lark
from macroengine.language.plain import PlainReader
from macroengine.language.syntax import syntax, syntaxes
from tests.support.floors import reached, reaching
from tests.support.written_macros import written_macros

DATA = Path(__file__).parents[1] / "data"
ROWS = [json.loads(line) for line in (DATA / "corpus.jsonl").read_text(encoding="utf-8").splitlines()]
SYNTAXES = pytest.mark.parametrize("key", syntaxes())
PIECES = [
    "a",
    "b=",
    "&",
    "&a=",
    "?",
    "?a=",
    "#",
    "/",
    "%20",
    ";a=",
    "=",
    "{{",
    "${",
    "(",
    "}",
    ")!}",
    "é",
    "\n",
    ":",
    "\\",
]
HEADS = [
    "https://",
    "http://",
    "https:///",
    "https:/",
    "HTTPS://",
    "//",
    "app://",
    "",
    "https://n.example",
    "https://n.example/p?a=",
]


@cache
def reader(key):
    return PlainReader(syntax(key))


def compared(source, key):
    """Say whether the plain path took the template; both readings are then the same."""
    plain = reader(key).parse(source)
    if plain is None:
        return False
    assert repr(plain) == repr(parse_with_lark(source, syntax(key)))  # equality would not compare spans
    return True


@pytest.mark.slow
@SYNTAXES
@reaching(plain=4)
@given(data=st.data())
def test_plain_path_reads_as_lark_does(key, data):
    pieces = st.sampled_from([*PIECES, *written_macros(key)])
    source = data.draw(st.sampled_from(HEADS)) + data.draw(st.lists(pieces, max_size=9).map("".join))
    reached(*["plain"] * compared(source, key))


@SYNTAXES
def test_plain_path_takes_plain_templates(key):
    macro = written_macros(key)[0]
    assert compared(f"https://n.example/p?a={macro}&b=x{macro}y&c=z&d=&e=%20{macro}", key)
    assert compared("https://n.example", key)
    for bare in ("?a&b=c", "?a=b&", "?", "?&&=&a"):
        assert compared(f"https://n.example{bare}", key)
    for several in (f"?a={macro}{macro}", f"?{macro}x{macro}=a{macro}b{macro}&c{macro}", "?a=;b=c", f"?;{macro}=b;c"):
        assert compared(f"https://n.example{several}", key)
    for fragment in ("#", "?a#b", "#?a&b#c", f"?a=b#x{macro}y{macro}"):
        assert compared(f"https://n.example{fragment}", key)
    for other in (f"/{macro}", f"{macro}?a"):
        assert not compared(f"https://n.example{other}", key)


def test_plain_path_takes_most_real_templates():
    rows = [row for row in ROWS if row["dialect"] == "appsflyer" and row["template"].startswith("http")]
    assert sum(compared(row["template"], "paren") for row in rows) / len(rows) > 0.7
