"""The tables of intake agree with its classes, with the catalogue and with each other."""

import dataclasses
import json
import re

import pytest

from macroengine import Source, dialect
from macroengine.diagnostics import Severity
from macroengine.intake import FAULTS, Fault, appsflyer, faults
from macroengine.intake.appmetrica import Engagement
from macroengine.intake.appmetrica.parameters import TRACKING, parameters
from macroengine.intake.appsflyer import S2SEvent
from macroengine.intake.appsflyer.fields import BODY, body_fields, fields_below
from macroengine.intake.tables import pattern, table

ROWS = list(body_fields().values())
PARAMETERS = list(parameters().values())
BY_PATH = pytest.mark.parametrize("row", [pytest.param(row, id=row.path) for row in ROWS])
BY_NAME = pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in PARAMETERS])

SAMPLE = {"appsflyer_id": "1415211453000-6513894", "eventName": "af_purchase", "eventValue": ""}


def test_an_event_has_an_attribute_for_each_field_of_the_body():
    assert {row.attribute for row in fields_below("").values()} == {one.name for one in dataclasses.fields(S2SEvent)}


def test_an_engagement_has_an_attribute_for_each_parameter():
    named = {one.name for one in dataclasses.fields(Engagement)}
    assert {row.attribute for row in PARAMETERS} == named - {"custom"}


def test_defaults_of_flags_are_those_of_the_table():
    defaults = {one.name: one.default for one in dataclasses.fields(Engagement)}
    assert all(row.default is defaults[row.attribute] for row in PARAMETERS if not row.required)


@BY_PATH
def test_a_field_fills_only_what_the_sdk_may_fill(row):
    sources = dialect("appsflyer").fields
    assert {sources[field] for field in (row.field, *row.fills) if field} <= {Source.SDK}


@BY_NAME
def test_a_parameter_fills_only_what_a_link_may_fill(row):
    assert {dialect("appmetrica").fields[field] for field in row.link} <= {Source.LINK}


@BY_NAME
def test_a_parameter_without_a_link_field_is_an_id_of_the_device(row):
    spec = dialect("appmetrica").macros[row.name]
    assert bool(row.link) == (spec.source is Source.LINK)
    assert not row.link or spec.field in row.link


def test_every_documented_parameter_of_the_catalogue_is_in_the_table():
    cited = {
        spec.name
        for spec in dialect("appmetrica").macros.values()
        if {"s2s", "tracking-url"} & set(spec.references) and "macros" not in spec.references
    }
    assert cited <= {row.name for row in PARAMETERS}


@BY_PATH
def test_the_example_of_a_field_is_a_good_value_of_it(row):
    value = row.example if row.type not in ("integer", "boolean", "object", "partners") else json.loads(row.example)
    for name in reversed(row.path.split("/")[1:]):
        value = {name: value}
    name = row.path.partition("/")[0]
    if name == "eventValue" and isinstance(value, dict):
        value = json.dumps(value)
    found = appsflyer.validate(json.dumps({**SAMPLE, name: value, "os": "14.5.1"}))
    assert found == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.form], ids=lambda row: row.path)
def test_the_form_of_a_field_fits_its_example(row):
    assert pattern(BODY, row.form).fullmatch(row.example)


@pytest.mark.parametrize("row", [row for row in PARAMETERS if row.form], ids=lambda row: row.name)
def test_the_form_of_a_parameter_fits_its_example(row):
    assert pattern(TRACKING, row.form).fullmatch(row.example)


@pytest.mark.parametrize(("name", "rows"), [(BODY, ROWS), (TRACKING, PARAMETERS)])
def test_every_row_cites_a_reference_and_every_reference_is_cited(name, rows):
    assert all(row.references for row in rows)
    assert {key for row in rows for key in row.references} == set(table(name)["references"])


def test_a_row_infers_keys_that_it_has():
    rows = table(BODY)["fields"]
    assert all(set(row.get("inferred", ())) <= set(row) for row in rows.values())


def test_there_are_179_currencies():
    codes = table(BODY)["currencies"]["codes"]
    assert codes == sorted(set(codes))
    assert len(codes) == 179
    assert {"USD", "XXX", "XTS"} <= set(codes)


def test_hidden_and_withheld_fields_are_fields():
    rules = table(BODY)
    named = {*rules["install"]["kept_back"], *rules["install"]["organic"], rules["install"]["join"]}
    named |= {rules["hidden"][key] for key in ("field", "system", "flag", "status")}
    named |= {field for row in ROWS for field in row.outdates}
    assert named <= set(dialect("appsflyer").fields)


def test_every_fault_is_in_the_table():
    assert list(FAULTS.values()) == [fault for fault in vars(faults).values() if isinstance(fault, Fault)]


def test_codes_are_distinct_and_names_kebab_case():
    assert all(fault.code == code for code, fault in FAULTS.items())
    assert len({fault.name for fault in FAULTS.values()}) == len(FAULTS)
    assert all(re.fullmatch("[a-z]+(-[a-z0-9]+)*", fault.name) for fault in FAULTS.values())
    assert all(re.fullmatch("ME5[0-9]{2}", code) for code in FAULTS)
    assert {fault.severity for fault in FAULTS.values()} == set(Severity)
