"""The conformance vectors, which an implementation in another language can run, run against this one.

`pytest tests/testing/test_vectors.py --update-cases` writes their outcomes anew; read what changes before you keep it.
`python -m tests.support.make_vectors` makes those of the files called made-*.
The tests of the Spark backend run them there.
"""

import json

import duckdb
import jsonschema
import pytest

from macroengine import (
    RULES,
    MacroEngineError,
    Missing,
    Postback,
    UnsupportedError,
    compile_template,
    dialect,
    dialect_names,
)
from macroengine.backends.duckdb import to_sql
from macroengine.testing import assert_postback, reference
from tests.support import make_vectors
from tests.support.trying import try_all
from tests.support.vectors import (
    FILES,
    FOLDER,
    MADE,
    OF_TEXT,
    OUTCOMES,
    arguments,
    by_id,
    event_of,
    is_text,
    outcome,
    read,
    row_of,
    written,
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_files_are_written_as_they_are_read(path, request):
    vectors = read(path)
    if request.config.getoption("--update-cases"):
        vectors = [{key: vector[key] for key in vector if key not in OUTCOMES} | outcome(vector) for vector in vectors]
        path.write_text(written(vectors), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == written(vectors)
    assert len({vector["id"] for vector in vectors}) == len(vectors)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_engine_agrees(path):
    def agrees(vector):
        assert outcome(vector) == {key: vector[key] for key in OUTCOMES & vector.keys()}

    try_all(by_id(path), agrees)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_reference_agrees(path):
    try_all(by_id(path), the_reference_agrees)


def the_reference_agrees(vector):
    if "url" in vector:
        assert_postback(vector["url"], vector["template"], event_of(vector), **arguments(vector))
    elif vector.get("error") not in (None, "PolicyError"):  # what a policy forbids, the reference leaves out
        with pytest.raises(MacroEngineError) as caught:
            reference.render(vector["template"], event_of(vector), **arguments(vector))
        assert type(caught.value).__name__ == vector["error"]


def test_every_kind_of_outcome_is_there():
    vectors = [vector for path in FILES for vector in read(path)]
    assert {key for vector in vectors for key in OUTCOMES & vector.keys()} == OUTCOMES
    assert {vector["dialect"] for vector in vectors} == set(dialect_names())
    assert len(vectors) >= 1000


def test_every_kind_of_part_is_there():
    """Every encoding, function, missing rule, kind of postback and rule is in a vector."""
    vectors = [vector for path in FILES for vector in read(path)]
    found = {code for vector in vectors for code in vector.get("diagnostics", ())}
    # What is wrong with a template that a file in JSON cannot hold.
    assert set(RULES) - found <= {"ME005"}
    missing = [vector.get("options", {}).get("missing") for vector in vectors]
    assert {f"${member.value}" for member in Missing} <= {word for word in missing if isinstance(word, str)}
    assert {vector["event"].get("postback") for vector in vectors if "event" in vector} >= set(Postback)
    assert {vector["id"].split("-")[0] for vector in read(FOLDER / "made-encodings.json")} >= {
        encoding.value for name in dialect_names() for encoding in encodings_of(dialect(name))
    }


def encodings_of(own):
    return {own.encoding, *(spec.encoding for spec in own.macros.values() if spec.encoding)}


def test_the_made_files_are_what_is_made():
    """Run `python -m tests.support.make_vectors` where this fails, and read what changed."""
    for name, made in make_vectors.FILES.items():
        vectors = [
            {key: vector[key] for key in vector if key not in OUTCOMES} for vector in read(FOLDER / f"{name}.json")
        ]
        assert vectors == [{key: one[key] for key in one if key not in OUTCOMES} for one in made()], name


def test_the_schema_fits_every_file():
    schema = json.loads((FOLDER.parent / "vectors.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    for path in FILES:
        assert [error.message for error in validator.iter_errors(read(path))] == [], path.name


@pytest.mark.slow
def test_duckdb_agrees_with_what_is_made():
    done = 0
    for vector in (vector for path in MADE for vector in read(path)):
        # A table has texts, and DuckDB does not hash what is not ASCII.
        if "url" not in vector or not is_text(vector) or "é b" in str(vector["event"]):
            continue
        template = compile_template(vector["template"], **arguments(vector))
        row = row_of(template, event_of(vector))
        try:
            assert in_duckdb(template, row) == vector["url"], vector
        except UnsupportedError:
            continue
        done += 1
    assert done > 500


def in_duckdb(template, row):
    columns = {field: "BOOLEAN" if field == "attributed" else "VARCHAR" for field in row}
    given = ", ".join(f'CAST(? AS {kind}) AS "{field}"' for field, kind in columns.items())
    query = f"SELECT {to_sql(template, columns)} FROM (SELECT {given})"
    return duckdb.execute(query, list(row.values())).fetchall()[0][0]


def test_duckdb_agrees():
    try_all(OF_TEXT, duckdb_agrees)


def duckdb_agrees(vector):
    template = compile_template(vector["template"], **arguments(vector))
    row = row_of(template, event_of(vector))
    if vector.get("error") in ("RenderError", "MissingValueError"):
        with pytest.raises(duckdb.InvalidInputException):
            in_duckdb(template, row)
    else:
        assert in_duckdb(template, row) == vector.get("url")
