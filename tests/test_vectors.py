"""The conformance vectors, which an implementation in another language can run, run against this one.

`pytest tests/test_vectors.py --update-cases` writes their outcomes anew; what changes is to be read before it is kept.
The tests of the Spark backend run them there.
"""

import json

import duckdb
import pytest

from macroengine import MacroEngineError, Policy, check, compile_template
from macroengine.backends.duckdb import to_sql
from macroengine.testing import assert_postback, reference
from tests.vectors import FILES, OF_TEXT, VECTORS, arguments, event_of, read, row_of

OUTCOMES = {"url", "error", "diagnostics"}


def outcome(vector):
    """Return what the engine makes of a vector."""
    if "diagnostics" in vector:
        found = check(vector["template"], dialect=vector["dialect"], policy=Policy(**vector.get("policy", {})))
        return {"diagnostics": [finding.code for finding in found]}
    try:
        return {"url": compile_template(vector["template"], **arguments(vector)).render(event_of(vector))}
    except MacroEngineError as error:
        return {"error": type(error).__name__}


def written(vectors):
    """Return the text of a file: a vector a line."""
    return "[\n" + ",\n".join(f"  {json.dumps(vector, ensure_ascii=False)}" for vector in vectors) + "\n]\n"


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


@pytest.mark.parametrize("vector", OF_TEXT)
def test_duckdb_agrees(vector):
    template = compile_template(vector["template"], **arguments(vector))
    row = row_of(template, event_of(vector))
    columns = {field: "BOOLEAN" if field == "attributed" else "VARCHAR" for field in row}
    given = ", ".join(f'CAST(? AS {kind}) AS "{field}"' for field, kind in columns.items())
    query = f"SELECT {to_sql(template, columns)} FROM (SELECT {given})"
    if vector.get("error") in ("RenderError", "MissingValueError"):
        with pytest.raises(duckdb.InvalidInputException):
            duckdb.execute(query, list(row.values())).fetchall()
    else:
        assert duckdb.execute(query, list(row.values())).fetchall() == [(vector.get("url"),)]
