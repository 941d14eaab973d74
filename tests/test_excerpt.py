"""The line under a finding, and the carets under that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macroengine.diagnostics import Span, columns, excerpt
from tests.support.floors import reached, reaching


@pytest.mark.parametrize(
    ("source", "span", "line", "carets"),
    [
        pytest.param("a=(x)", Span(2, 5), "a=(x)", "  ^^^", id="short"),
        pytest.param("", Span(0, 0), "", "^", id="empty"),
        pytest.param("ab", Span(1, 1), "ab", " ^", id="between-two-characters"),
        pytest.param("a\tb=(x)", Span(4, 7), r"a\tb=(x)", "     ^^^", id="tab"),
        pytest.param("标题=(x)", Span(3, 6), "标题=(x)", "     ^^^", id="wide"),
        pytest.param("e\u0301=(x)", Span(3, 6), "e\u0301=(x)", "  ^^^", id="combining"),
        pytest.param("a\u200bb", Span(1, 2), r"a\u200bb", " ^^^^^^", id="invisible"),
        pytest.param("标题", Span(0, 2), "标题", "^^^^", id="wide-span"),
        pytest.param("x" * 20 + "(y)" + "z" * 20, Span(20, 23), "…xxxxxxxx(y)zzzzz…", "         ^^^", id="window"),
        pytest.param("(y)" + "z" * 40, Span(0, 3), "(y)zzzzzzzzzzzzz…", "^^^", id="window-at-the-beginning"),
        pytest.param("z" * 40 + "(y)", Span(40, 43), "…zzzzzzzzzzzzz(y)", " " * 14 + "^^^", id="window-at-the-end"),
        pytest.param("(" + "y" * 40 + ")", Span(0, 42), "(yyyyyyyyyyyyyyy…", "^" * 16, id="span-beyond-the-window"),
        pytest.param("(" + "y" * 40 + ")zz", Span(0, 42), "(yyyyyyyyyyyy…zz", "^" * 14, id="cut-in-the-span"),
    ],
)
def test_excerpt(source, span, line, carets):
    assert excerpt(source, span, 20) == [f"  {line}", f"  {carets}"]


alphabet = st.sampled_from("ab(é标\u0301\t\u200b\ud83d")


@reaching(cut=15, marked=25)
@given(st.text(alphabet, max_size=60) | st.text(alphabet, min_size=20, max_size=60), st.data(), st.integers(20, 40))
def test_lines_fit_and_carets_stand_below_the_span(source, data, width):
    start = data.draw(st.integers(0, len(source)))
    span = Span(start, data.draw(st.integers(start, len(source))))
    line, carets = excerpt(source, span, width)
    assert columns(line) <= width
    assert len(carets) <= width + 1
    before = columns(line.partition("…")[2] if line.startswith("  …") else line[2:])
    assert len(carets) - carets.count("^") <= before + 3
    reached(*["cut"] * ("…" in line), *["marked"] * (span.stop > span.start))
