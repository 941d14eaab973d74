"""Figures of money and quantity: which are plain, and what formatted ones are cleaned to."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macroengine.intake import clean_figure
from macroengine.intake.figures import is_figure
from tests.support.floors import reached, reaching
from tests.support.trying import with_each


@pytest.mark.parametrize("text", ["123", "-123.45", "123.456", "0", "-0.5", "6"])
def test_a_plain_figure_is_one(text):
    assert is_figure(text)
    assert clean_figure(text) == text


@with_each(
    ("text", "cleaned"),
    [
        pytest.param("1,234.56", "1234.56", id="grouped"),
        pytest.param("1,234", "1234", id="grouped-without-point"),
        pytest.param("$5", "5", id="sign-of-a-currency"),
        pytest.param("5 USD", "5", id="code-after"),
        pytest.param("US$ 1,000.00", "1000.00", id="code-before"),
        pytest.param("1 234", "1234", id="spaces"),
        pytest.param("1\u202f234,5 €", "1234.5", id="narrow-space"),
        pytest.param("1.234,56", "1234.56", id="comma-is-the-point"),
        pytest.param("1,5", "1.5", id="comma-before-one-digit"),
        pytest.param("1234,56", "1234.56", id="comma-without-groups"),
        pytest.param("12,34,567.89", "1234567.89", id="groups-of-two"),
        pytest.param("1'234.50", "1234.50", id="apostrophe"),
        pytest.param("-$5", "-5", id="minus-before-the-currency"),
        pytest.param("$-5", "-5", id="minus-after-the-currency"),
        pytest.param("\u22125", "-5", id="typographic-minus"),
        pytest.param("+5", "5", id="plus"),
        pytest.param(",5", "0.5", id="no-digit-before"),
        pytest.param("5.", "5", id="no-digit-after"),
        pytest.param("1e3", None, id="exponent-is-a-guess"),
        pytest.param("(5)", None, id="accountants-minus-is-a-guess"),
        pytest.param("5-", None, id="minus-after-is-a-guess"),
        pytest.param("--5", None, id="two-signs"),
        pytest.param("-123.45123.456", None, id="two-figures-run-together"),
        pytest.param("1,234.561,234", None, id="two-grouped-figures-run-together"),
        pytest.param("1,2,3", None, id="no-groups"),
        pytest.param("1234567,891", None, id="half-grouped"),
        pytest.param("\u0661\u0662", None, id="other-digits"),
        pytest.param("USD", None, id="no-digits"),
        pytest.param(".", None, id="point-alone"),
        pytest.param("", None, id="empty"),
        pytest.param("$" * 100 + "5", None, id="too-long"),
    ],
)
def test_a_formatted_figure_is_cleaned_or_given_up(text, cleaned):
    assert not is_figure(text)
    assert clean_figure(text) == cleaned


@reaching(cleaned=8)
@given(st.text(alphabet="0123456789.,-+ $€'()eU", max_size=12))
def test_what_is_cleaned_is_a_figure_of_the_same_digits(text):
    cleaned = clean_figure(text)
    if cleaned is not None:
        assert is_figure(cleaned)
        assert re.sub(r"\D", "", cleaned).lstrip("0") == re.sub(r"\D", "", text).lstrip("0")
        reached("cleaned")
