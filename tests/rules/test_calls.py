"""Functions that are written around a macro as in a program."""

import pytest

from macroengine import check, fix

PB = "https://n.example/pb?"


def found(source, dialect="appsflyer"):
    return [source[one.span.start : one.span.stop] for one in check(source, dialect=dialect, select=["ME047"])]


@pytest.mark.parametrize(
    ("source", "dialect", "call"),
    [
        (f"{PB}a=sha1(idfa)", "appsflyer", "sha1(idfa)"),
        (f"{PB}a=SHA-1(idfa)&b=(ip)", "appsflyer", "SHA-1(idfa)"),
        (f"{PB}a=md5(idfa)", "appsflyer", "md5(idfa)"),
        (f"{PB}a=url_encode(clickid)", "appsflyer", "url_encode(clickid)"),
        (f"{PB}a=x-sha1(idfa)", "appsflyer", "sha1(idfa)"),
        (f"{PB}a=sha1(sha1-idfa)", "appsflyer", "sha1(sha1-idfa)"),
        ("https://n.example/sha1(idfa)/pb", "appsflyer", "sha1(idfa)"),
        ("sha1(idfa)", "appsflyer", "sha1(idfa)"),
        (f"{PB}a=1#hash(ip)", "appsflyer", "hash(ip)"),
        (f"{PB}u=https%3A%2F%2Fx.example%3Fa%3Dsha1(idfa)", "appsflyer", "sha1(idfa)"),
        (f"{PB}a=(a b)&b=sha1(idfa)&c=(d e)", "appsflyer", "sha1(idfa)"),
        (f"{PB}a=md5({{gps_adid}})", "adjust", "md5({gps_adid})"),
    ],
)
def test_a_call_of_a_function_is_found(source, dialect, call):
    assert found(source, dialect) == [call]


@pytest.mark.parametrize(
    ("source", "dialect"),
    [
        (f"{PB}a=(sha1-idfa)", "appsflyer"),
        (f"{PB}a=xsha1(idfa)&b=my_sha1(ip)&c=1sha1(ip)", "appsflyer"),
        (f"{PB}a=sha1=(idfa)&b=sha1/(idfa)&c=sha1-(idfa)", "appsflyer"),
        (f"{PB}a=Mozilla(ip)", "appsflyer"),
        (f"{PB}a=sha1(nope)", "appsflyer"),  # an error anyway
        (f"{PB}sha1(idfa)", "appsflyer"),  # an equals sign is missing
        (f"{PB}a=(sha1(idfa))", "appsflyer"),  # a macro inside another one
        (f"{PB}a=md5{{gps_adid}}", "adjust"),
        (f"{PB}a=md5({{gps_adid}}", "adjust"),
        (f"{PB}a=({{gps_adid}})", "adjust"),
        ("{gps_adid}", "adjust"),
    ],
)
def test_other_text_before_a_macro_is_no_call(source, dialect):
    assert found(source, dialect) == []


def test_what_the_dialect_has_is_an_unsafe_fix():
    source = f"{PB}a=sha1(idfa)&b=md5(idfa)"
    assert fix(source, select=["ME047"]).source == source
    assert fix(source, select=["ME047"], unsafe=True).source == f"{PB}a=(sha1-idfa)&b=md5(idfa)"
    assert fix(f"{PB}a=md5({{gps_adid}})", dialect="adjust", select=["ME047"], unsafe=True).source == (
        f"{PB}a={{gps_adid_md5}}"
    )
    known, other = check(source, select=["ME047"])
    assert known.message == "sha1 is sent as text, and not applied to (idfa); write (sha1-idfa)"
    assert other.message == "md5 is sent as text, and not applied to (idfa)"
    assert other.hint == "write (idfa) alone, or a macro that has this function"
