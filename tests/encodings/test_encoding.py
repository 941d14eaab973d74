"""The percent-encoder, in Python and in C: every test that takes `encoder` runs with both."""

import os
import runpy
import subprocess
import sys
from collections import ChainMap
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType, ModuleType
from urllib.parse import quote, quote_plus, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macroengine.encodings import encoder as encoding
from macroengine.encodings import percent
from macroengine.encodings.encoder import SPEEDUPS, deepen
from tests.support.floors import reached, reaching

ENCODERS: list[ModuleType] = [percent]
if SPEEDUPS:
    from macroengine import _speedups

    ENCODERS.append(_speedups)

encoder = pytest.mark.parametrize("encoder", ENCODERS, ids=lambda module: module.__name__)

unicode = st.text(st.characters(exclude_categories=["Cs"]))
# Enough of what each way of encoding is for: safe, few unsafe bytes, many, not ASCII.
likely = st.text(st.sampled_from('aZ0-._~ %/{}":,+&=é漢😀\x00\x7f\x80'), max_size=200)


@encoder
@reaching(encoded=60)
@given(st.one_of(unicode, likely))
def test_other_encoders_are_those_of_their_documents(encoder, value):
    # ECMA-262 section 19.2.6.4: what encodeURIComponent keeps beside letters and digits.
    assert encoder.component_encode(value) == quote(value, safe="-_.!~*'()")
    assert encoder.form_encode(value) == quote_plus(value, safe="")
    reached(*["encoded"] * (encoder.form_encode(value) != value))


class Loud(str):
    """A str whose methods lie."""

    __slots__ = ()

    def encode(self, *_):
        return b"loud"

    def __str__(self):
        return "loud"

    def __format__(self, _):
        return "loud"


@encoder
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("AZaz09-._~", "AZaz09-._~", id="unreserved-stays"),
        pytest.param(" ", "%20", id="space-is-not-plus"),
        pytest.param("+", "%2B", id="plus"),
        pytest.param("*", "%2A", id="sub-delimiters-too"),
        pytest.param("%41", "%2541", id="percent-is-encoded-again"),
        pytest.param("%20 %", "%2520%20%25", id="percent-before-the-others"),
        pytest.param("/?#&=", "%2F%3F%23%26%3D", id="delimiters"),
        pytest.param("\r\n\0", "%0D%0A%00", id="no-header-injection"),
        pytest.param("\x7f\x80\xff", "%7F%C2%80%C3%BF", id="one-byte-characters"),
        pytest.param("aé b", "a%C3%A9%20b", id="latin-1"),
        pytest.param("\u0100\u07ff\u0800\uffff", "%C4%80%DF%BF%E0%A0%80%EF%BF%BF", id="two-byte-characters"),
        pytest.param("\U00010000\U0010ffffa", "%F0%90%80%80%F4%8F%BF%BFa", id="four-byte-characters"),
        pytest.param("\ud7ff\ue000", "%ED%9F%BF%EE%80%80", id="beside-the-surrogates"),
    ],
)
def test_cases(encoder, value, expected):
    assert encoder.percent_encode(value) == expected
    assert encoder.encode_value(value, None) == expected


@encoder
@reaching(encoded=60)
@given(unicode | likely)
def test_equals_quote_and_decodes_to_the_value(encoder, value):
    encoded = encoder.percent_encode(value)
    assert encoded == quote(value, safe="")
    assert unquote(encoded, errors="strict") == value
    assert encoder.encode_value(value, None) == encoded
    reached(*["encoded"] * (encoded != value))


@encoder
def test_safe_text_is_not_copied(encoder):
    value = "click-8594845"
    assert encoder.percent_encode(value) is value
    assert encoder.encode_value(value, None) is value
    assert encoder.encode_field(({"a": value},), (0, "a", None)) is value


@encoder
@pytest.mark.parametrize("value", ["\ud800", "a\udfff", "é\udc80 ", "漢\ud83d", "😀\ud800\udc00"])
def test_lone_surrogate_is_an_error_or_a_matter_for_convert(encoder, value):
    with pytest.raises(UnicodeEncodeError) as caught:
        encoder.percent_encode(value)
    with pytest.raises(UnicodeEncodeError) as expected:
        value.encode()
    assert caught.value.args == expected.value.args
    assert encoder.encode_value(value, lambda raw: f"not {raw!a}") == f"not {value!a}"


@encoder
@pytest.mark.parametrize("value", [1, None, b"a b", ["a"]], ids=repr)
def test_only_str_is_percent_encoded(encoder, value):
    with pytest.raises(TypeError):
        encoder.percent_encode(value)


@encoder
@pytest.mark.parametrize("text", ["safe", "un safe", "unsafé"])
def test_a_subclass_of_str_is_its_text(encoder, text):
    assert str.__eq__(encoder.percent_encode(Loud(text)), quote(text, safe=""))
    assert encoder.encode_value(Loud(text), type) is Loud


@encoder
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(None, "", id="missing-is-empty"),
        pytest.param(0, "0", id="zero-is-not-missing"),
        pytest.param(-12, "-12", id="negative"),
        pytest.param(2**63 - 1, "9223372036854775807", id="largest-of-64-bits"),
        pytest.param(-(2**63), "-9223372036854775808", id="smallest-of-64-bits"),
        pytest.param(2**63, "converted", id="larger"),
        pytest.param(-(2**63) - 1, "converted", id="smaller"),
        pytest.param(10**5000, "converted", id="more-digits-than-python-writes"),
        pytest.param(True, "converted", id="bool-is-no-int"),
        pytest.param(1.5, "converted", id="float"),
        pytest.param(b"a", "converted", id="bytes"),
    ],
)
def test_values_that_are_no_text(encoder, value, expected):
    assert encoder.encode_value(value, lambda _: "converted") == expected


@encoder
def test_what_convert_returns_and_raises_goes_through(encoder):
    assert encoder.encode_value(1.5, lambda _: None) is None
    with pytest.raises(ZeroDivisionError):
        encoder.encode_value(1.5, lambda _: 1 / 0)


@encoder
@pytest.mark.parametrize("arguments", [(), ("a",), ("a", None, None, None)])
def test_the_number_of_arguments_is_fixed(encoder, arguments):
    with pytest.raises(TypeError):
        encoder.encode_value(*arguments)
    with pytest.raises(TypeError):
        encoder.encode_field(*arguments)


class Defaults(dict):
    """A dict that has an answer of its own for what it does not hold."""

    def get(self, key):
        return f"no {key}"


@encoder
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({"a": "x y"}, "x%20y", id="dict"),
        pytest.param({"a": "xy"}, "xy", id="safe"),
        pytest.param({}, "", id="absent-is-missing"),
        pytest.param({"a": None}, "", id="none-is-missing"),
        pytest.param({"a": ""}, "", id="empty"),
        pytest.param({"a": 12}, "12", id="int"),
        pytest.param({"a": 1.5}, "converted", id="float"),
        pytest.param({"a": "\ud800"}, "converted", id="lone-surrogate"),
        pytest.param(MappingProxyType({"a": "x y"}), "x%20y", id="mapping"),
        pytest.param(ChainMap({}, {"a": "é"}), "%C3%A9", id="mapping-in-python"),
        pytest.param(Defaults(), "no%20a", id="subclass-of-dict"),
    ],
)
def test_a_field_is_read_and_encoded(encoder, values, expected):
    assert encoder.encode_field(({"a": "another"}, values), (1, "a", lambda _: "converted")) == expected


@encoder
def test_an_error_of_the_mapping_goes_through(encoder):
    class Broken(dict):
        def get(self, key):
            raise OSError(key)

    with pytest.raises(OSError, match="a"):
        encoder.encode_field((Broken(),), (0, "a", None))
    with pytest.raises(TypeError):
        encoder.encode_field(({},), (0, [], None))
    with pytest.raises(AttributeError):
        encoder.encode_field((None,), (0, "a", None))


@encoder
@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        pytest.param((({},), (1, "a", None)), IndexError, id="no-such-source"),
        pytest.param((({},), (2**100, "a", None)), (IndexError, OverflowError), id="far-away-source"),
        pytest.param((({},), ("0", "a", None)), TypeError, id="source-is-no-number"),
        pytest.param((None, (0, "a", None)), TypeError, id="no-sources"),
        pytest.param((({},), None), TypeError, id="no-key"),
    ],
)
def test_a_key_that_is_none(encoder, arguments, error):
    with pytest.raises(error):
        encoder.encode_field(*arguments)


@encoder
@pytest.mark.parametrize("character", ["a", " ", "%", "é", "漢", "😀"])
def test_huge_values(encoder, character):
    value = character * 1_048_576
    assert encoder.percent_encode(value) == quote(character, safe="") * 1_048_576


@encoder
def test_threads_share_the_encoder(encoder):
    values = [f"{'/' * (n % 40)} {n}%" for n in range(5_000)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(encoder.percent_encode, values)) == [quote(value, safe="") for value in values]


def test_the_table_of_replacements_is_bounded(monkeypatch):
    table = {}
    monkeypatch.setattr(percent, "_replacements", table)
    for number in range(4_000):
        value = f"{number:032b}".replace("0", " ").replace("1", "/")
        assert percent.percent_encode(value) == quote(value, safe="")
        assert percent.percent_encode("%" * number) == "%25" * number
    assert len(table) == 1024
    assert max(map(len, table)) == 96
    assert all(len(replacements) <= 8 for replacements in table.values())


def test_values_with_the_same_unsafe_bytes_are_learnt_once(monkeypatch):
    table = {}
    monkeypatch.setattr(percent, "_replacements", table)
    assert percent.percent_encode("discount of 50% today") == "discount%20of%2050%25%20today"
    monkeypatch.setattr(percent, "_learn", None)
    assert percent.percent_encode("increase by 7% tomorrow") == "increase%20by%207%25%20tomorrow"
    assert table == {b"  % ": ((b"%", b"%25"), (b" ", b"%20"))}


def test_values_with_many_kinds_of_unsafe_bytes_take_the_general_way(monkeypatch):
    table = {}
    monkeypatch.setattr(percent, "_replacements", table)
    value = '{"a": [1, 2], "b": "c/d?e=f&g"}'
    assert percent.percent_encode(value) == quote(value, safe="")
    assert table == {}
    assert percent.percent_encode("nine kinds:- {}[],%&") == quote("nine kinds:- {}[],%&", safe="")
    assert table == {}
    assert percent.percent_encode("eight kinds: {}[],%") == quote("eight kinds: {}[],%", safe="")
    assert len(table) == 1


@pytest.mark.parametrize(
    ("encoded", "layers", "expected"),
    [("a%20b", 0, "a%20b"), ("a%20b", 1, "a%2520b"), ("%25", 2, "%252525"), ("plain", 3, "plain")],
)
def test_deepen(encoded, layers, expected):
    assert deepen(encoded, layers) == expected


@encoder
@reaching(deepened=40)
@given(unicode | likely, st.integers(0, 4))
def test_deepening_is_encoding_again(encoder, value, layers):
    encoded = again = encoder.percent_encode(value)
    for _ in range(layers):
        again = encoder.percent_encode(again)
    assert deepen(encoded, layers) == again
    reached(*["deepened"] * (encoded != again))


@pytest.mark.parametrize("pure", ["1", ""])
def test_the_environment_switches_the_encoder_in_c_off(pure):
    code = "import macroengine as m, macroengine.encodings.encoder as e; print(m.SPEEDUPS, e.percent_encode.__module__)"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "MACROENGINE_PURE": pure}, capture_output=True, check=True
    )
    built = importable("macroengine._speedups")
    expected = "False macroengine.encodings.percent" if pure or not built else "True macroengine._speedups"
    assert done.stdout.decode().strip() == expected


def importable(name):
    try:
        __import__(name)
    except ImportError:
        return False
    return True


@pytest.mark.parametrize("switched_off", [True, False])
def test_encoder_in_python_stands_in(monkeypatch, switched_off):
    monkeypatch.setenv("MACROENGINE_PURE", "1" if switched_off else "")
    if not switched_off:
        monkeypatch.setitem(sys.modules, "macroengine._speedups", None)  # as where it could not be built
    names = runpy.run_path(encoding.__file__)
    assert names["SPEEDUPS"] is False
    assert names["percent_encode"] is percent.percent_encode
