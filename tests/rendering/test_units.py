"""Fields with the same value in two units: an event that has one of them fills the macros of both."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import macroengine
from macroengine import (
    Dialect,
    Event,
    Missing,
    MissingValueError,
    Policy,
    PostbackSet,
    UnsupportedError,
    compile_template,
    dialect,
    dialect_names,
)
from macroengine.backends.duckdb import to_sql
from macroengine.catalogue.aliases import conversions
from macroengine.rendering.units import in_smaller_unit
from macroengine.testing import reference
from macroengine.testing.reference_text import converted
from tests.support.floors import reached, reaching

OWN = """
name = "own"
syntax = "brace"
[macros]
ms    = { field = "click_unix_ms", source = "Link", type = "unix-time-ms" }
s     = { field = "click_unix_ts", source = "Link", type = "unix-time" }
cents = { field = "event_revenue_cents", source = "SDK", type = "number" }
other = { field = "other", source = "Link" }
"""
CET = timezone(timedelta(hours=1))


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    return Dialect.from_toml(path)


def rendered(source, event, own, **options):
    template = compile_template(source, dialect=own, **options)
    assert PostbackSet([template]).render(event) == [template.render(event)]
    assert reference.render(source, event, dialect=own, **options) == template.render(event)
    return template.render(event)


@pytest.mark.parametrize(
    ("seconds", "sent"),
    [
        (1451923560, "1451923560000"),
        ("1451923560", "1451923560000"),
        ("1451923560.5", "1451923560500"),
        (1451923560.25, "1451923560250"),
        (Decimal("1E+3"), "1000000"),
        (datetime(2016, 1, 4, 16, 6, 0, 123_999, UTC), "1451923560123"),
        ("2016-01-04 16:06:00", "1451923560000"),
        ("2016-01-04T17:06:00+01:00", "1451923560000"),
        (datetime(2016, 1, 4, 17, 6, tzinfo=CET), "1451923560000"),
        (-1, "-1000"),
        (10**29 + 1, "100000000000000000000000000001000"),
        ("1.000000000000000000000000000009", "1000.000000000000000000000000009"),
        (0, "0"),
        # What has no such meaning is missing.
        ("", ""),
        ("yesterday", ""),
        ("2016-13-04 16:06:00", ""),
        (True, ""),
        (float("inf"), ""),
        (Decimal("NaN"), ""),
        (10**40, ""),
        (Decimal("1E+40"), ""),
        ({"a": 1}, ""),
    ],
    ids=str,
)
def test_seconds_are_sent_as_milliseconds(own, seconds, sent):
    event = Event(link={"click_unix_ts": seconds})
    assert rendered("https://n.example/?t={ms}", event, own) == f"https://n.example/?t={sent}"


@pytest.mark.parametrize(
    ("revenue", "sent"),
    [("9.90", "990"), (12, "1200"), (Decimal("0.005"), "0.5"), (0.1, "10"), ("1e3", ""), ("free", "")],
)
def test_whole_units_are_sent_as_cents(own, revenue, sent):
    event = Event(sdk={"event_revenue": revenue})
    assert rendered("https://n.example/?r={cents}", event, own) == f"https://n.example/?r={sent}"


def test_a_value_in_its_own_unit_goes_first(own):
    event = Event(link={"click_unix_ts": 1, "click_unix_ms": 1_999})
    assert rendered("https://n.example/?t={ms}&s={s}", event, own) == "https://n.example/?t=1999&s=1"


def test_nothing_is_converted_the_other_way(own):
    assert rendered("https://n.example/?s={s}", Event(link={"click_unix_ms": 1_999}), own) == "https://n.example/?s="


def test_another_source_fills_nothing(own):
    assert rendered("https://n.example/?t={ms}", Event(sdk={"click_unix_ts": 1}), own) == "https://n.example/?t="


def test_what_is_missing_in_both_units_is_missing(own):
    source = "https://n.example/?t={ms}&o={other}"
    event = Event(link={"other": "1"})
    assert rendered(source, event, own, missing=Missing.DROP) == "https://n.example/?o=1"
    filled = Event(link={"other": "1", "click_unix_ts": 1})
    assert rendered(source, filled, own, missing=Missing.DROP) == "https://n.example/?t=1000&o=1"
    with pytest.raises(MissingValueError, match="no 'click_unix_ms' in Link"):
        compile_template(source, dialect=own, missing=Missing.RAISE).render(event)


def test_who_may_not_have_the_one_may_not_have_the_other(own):
    event = Event(link={"click_unix_ts": 1, "click_unix_ms": 2})
    for denied in ("click_unix_ts", "click_unix_ms", "click-ts"):
        options = {"policy": Policy(deny=[denied]), "ignore": "ME304"}
        assert rendered("https://n.example/?t={ms}", event, own, **options) == "https://n.example/?t="


def test_the_fields_of_a_template_are_all_that_it_may_read(own):
    assert compile_template("https://n.example/?t={ms}", dialect=own).fields == ("click_unix_ms", "click_unix_ts")


def test_a_table_has_columns_of_their_own_units(own):
    sql = to_sql(compile_template("https://n.example/?t={ms}", dialect=own))
    assert "click_unix_ms" in sql
    assert "click_unix_ts" not in sql
    with pytest.raises(UnsupportedError, match="'ms' over a table that also has what it can be converted from"):
        to_sql(compile_template("https://n.example/?t={ms}&s={s}", dialect=own))


def test_one_event_fills_templates_of_platforms_with_other_units():
    event = Event(sdk={"click_unix_ts": 1451923560})
    name = "last_attributed_touch_timestamp"
    [spec] = [spec for spec in dialect("branch").macros.values() if spec.name == name]
    event = Event(**{spec.source.name.lower(): {"click_unix_ts": 1451923560}})
    url = compile_template(f"https://n.example/?t=${{({name})!}}", dialect="branch").render(event)
    assert url == "https://n.example/?t=1451923560000"


def test_every_conversion_is_one_of_a_field_that_a_dialect_reads():
    fields = {field for name in dialect_names() for field in dialect(name).fields}
    assert set(conversions()) <= fields
    assert {field for field, _ in conversions().values()} & fields
    for field, (other, times) in conversions().items():
        assert times == {"ms": 1000, "cents": 100}[field.rpartition("_")[2]], other


@reaching(converted=30)
@given(
    st.one_of(st.integers(), st.decimals(), st.floats(), st.text(), st.datetimes(timezones=st.just(UTC)), st.booleans())
)
def test_the_engine_and_the_reference_convert_alike(value):
    ours, theirs = in_smaller_unit(value, 1000), converted(value, 1000)
    assert ours == theirs
    assert type(ours) is type(theirs)
    reached(*["converted"] * (ours != value))


@pytest.mark.parametrize("query", ["p={ms}{other}", "p={other}{ms}", "p={ms||s}{other}", "p={ms}{ms}{other}"])
def test_a_value_that_cannot_be_sent_does_not_keep_a_parameter_that_is_dropped(tmp_path, query):
    file = tmp_path / "own.toml"
    file.write_text(OWN.replace('"brace"', '"brace-alternatives"'), encoding="utf-8")
    event = Event(link={"click_unix_ts": datetime(2026, 1, 4)})  # noqa: DTZ001 - a time without a zone cannot be sent
    source = f"https://n.example/pb?{query}&q=1"
    assert rendered(source, event, Dialect.from_toml(file), missing=Missing.DROP) == "https://n.example/pb?q=1"


@pytest.mark.parametrize("render", [macroengine.render, reference.render])
def test_each_of_several_places_is_read_in_another_unit_too(render):
    source = "https://n.example/pb?a={revenue_cny_cents||reporting_revenue}"

    def sent(**values):
        event = Event(platform=values, postback="in-app")
        return render(source, event, dialect="adjust", policy=Policy("in-app")).partition("=")[2]

    assert sent(event_revenue_cny="1.50", reporting_revenue="2") == "150"
    assert sent(event_revenue_cny="soon", reporting_revenue="2") == "2"
    assert sent(reporting_revenue="2") == "2"
    assert sent(event_revenue_cny="soon") == ""
