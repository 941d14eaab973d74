"""The conformance vectors, which an implementation in another language can run, run against this one.

`pytest tests/test_vectors.py --update-cases` writes their outcomes anew; what changes is to be read before it is kept.
"""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

import macroengine
from macroengine import Event, MacroEngineError, Missing, Policy, Source, check, compile_template
from macroengine.backends.duckdb import to_sql
from macroengine.testing import assert_postback, reference

FOLDER = Path(macroengine.__file__).parent / "testing" / "vectors"
FILES = sorted(FOLDER.glob("*.json"))
OUTCOMES = {"url", "error", "diagnostics"}


def decoded(value):
    """Return what JSON has no word for: a time, a decimal; all else as it is."""
    match value:
        case {"$time": str(text)}:
            return datetime.fromisoformat(text)
        case {"$decimal": str(text)}:
            return Decimal(text)
    return value


def what_is_missing(given):
    if isinstance(given, dict):
        return {name: what_is_missing(text) for name, text in given.items()}
    return Missing(given.removeprefix("$")) if given.startswith("$") else given


def arguments(vector):
    options = {"dialect": vector["dialect"], "policy": Policy(**vector.get("policy", {})), **vector.get("options", {})}
    return options | ({"missing": what_is_missing(options["missing"])} if "missing" in options else {})


def event_of(vector):
    given = vector["event"]
    values = [{name: decoded(value) for name, value in given.get(key, {}).items()} for key in ("link", "sdk", "af")]
    return Event(*values, given.get("postback", "install"), given.get("attributed", True))


def outcome(vector):
    """Return what the engine makes of a vector."""
    if "diagnostics" in vector:
        found = check(vector["template"], dialect=vector["dialect"], policy=Policy(**vector.get("policy", {})))
        return {"diagnostics": [finding.code for finding in found]}
    try:
        return {"url": compile_template(vector["template"], **arguments(vector)).render(event_of(vector))}
    except MacroEngineError as error:
        return {"error": type(error).__name__}


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def written(vectors):
    """Return the text of a file: a vector a line."""
    return "[\n" + ",\n".join(f"  {json.dumps(vector, ensure_ascii=False)}" for vector in vectors) + "\n]\n"


def is_text(vector):
    """Say whether no value of the event needs a type that a column of text has not."""
    values = [value for key in ("link", "sdk", "af") for value in vector["event"].get(key, {}).values()]
    return all(isinstance(value, str | None) for value in values)


VECTORS = [pytest.param(vector, id=f"{path.stem}-{vector['id']}") for path in FILES for vector in read(path)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_files_are_written_as_they_are_read(path, request):
    vectors = read(path)
    if request.config.getoption("--update-cases"):
        vectors = [{key: vector[key] for key in vector if key not in OUTCOMES} | outcome(vector) for vector in vectors]
        path.write_text(written(vectors), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == written(vectors)
    assert len({vector["id"] for vector in vectors}) == len(vectors)


@pytest.mark.parametrize("vector", VECTORS)
def test_the_engine_agrees(vector):
    assert outcome(vector) == {key: vector[key] for key in OUTCOMES & vector.keys()}


@pytest.mark.parametrize("vector", VECTORS)
def test_the_reference_agrees(vector):
    if "url" in vector:
        assert_postback(vector["url"], vector["template"], event_of(vector), **arguments(vector))
    elif vector.get("error") not in (None, "PolicyError"):  # what a policy forbids, the reference leaves out
        with pytest.raises(MacroEngineError) as caught:
            reference.render(vector["template"], event_of(vector), **arguments(vector))
        assert type(caught.value).__name__ == vector["error"]


def test_every_kind_of_outcome_is_there():
    vectors = [vector for path in FILES for vector in read(path)]
    assert {key for vector in vectors for key in OUTCOMES & vector.keys()} == OUTCOMES
    assert {vector["dialect"] for vector in vectors} == {"appsflyer", "appmetrica"}


RENDERED = [
    vector
    for vector in VECTORS
    if "url" in vector.values[0]
    or vector.values[0].get("error") in ("RenderError", "MissingValueError", "SuppressedError")
]


@pytest.mark.parametrize("vector", [vector for vector in RENDERED if is_text(vector.values[0])])
def test_duckdb_agrees(vector):
    template, event = compile_template(vector["template"], **arguments(vector)), event_of(vector)
    # A table has a column for the value of the documented source, and none for what others say.
    values = {Source.LINK: event.link, Source.SDK: event.sdk, Source.AF: event.af}
    row = {field: values[template.dialect.fields.get(field, Source.LINK)].get(field) for field in template.fields}
    row |= {"postback": str(event.postback), "attributed": event.attributed}
    columns = {field: "BOOLEAN" if field == "attributed" else "VARCHAR" for field in row}
    given = ", ".join(f'CAST(? AS {kind}) AS "{field}"' for field, kind in columns.items())
    query = f"SELECT {to_sql(template, columns)} FROM (SELECT {given})"
    if vector.get("error") in ("RenderError", "MissingValueError"):
        with pytest.raises(duckdb.InvalidInputException):
            duckdb.execute(query, list(row.values())).fetchall()
    else:
        assert duckdb.execute(query, list(row.values())).fetchall() == [(vector.get("url"),)]
