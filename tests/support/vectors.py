"""The conformance vectors, as all tests read them."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import macroengine
from macroengine import (
    CompiledTemplate,
    Default,
    Event,
    MacroEngineError,
    Missing,
    Policy,
    Source,
    check,
    compile_template,
)

FOLDER = Path(macroengine.__file__).parent / "testing" / "vectors"
FILES = sorted(FOLDER.glob("*.json"))
_SOURCES = ("link", "sdk", "af")


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def decoded(value):
    """Convert values that JSON cannot represent, such as times and decimals; return others unchanged."""
    match value:
        case {"$time": str(text)}:
            return datetime.fromisoformat(text)
        case {"$decimal": str(text)}:
            return Decimal(text)
    return value


def what_is_missing(given):
    if isinstance(given, dict):
        return {name: what_is_missing(text) for name, text in given.items()}
    return Missing(given.removeprefix("$")) if given.startswith("$") else Default(given)


def arguments(vector):
    options = {"dialect": vector["dialect"], "policy": Policy(**vector.get("policy", {})), **vector.get("options", {})}
    return options | ({"missing": what_is_missing(options["missing"])} if "missing" in options else {})


def event_of(vector):
    given = vector["event"]
    values = [{name: decoded(value) for name, value in given.get(key, {}).items()} for key in _SOURCES]
    return Event(*values, given.get("postback", "install"), given.get("attributed", True))


def is_text(vector):
    """Say whether all values of the event can be stored in text columns."""
    values = [value for key in _SOURCES for value in vector["event"].get(key, {}).values()]
    return all(isinstance(value, str | None) for value in values)


def row_of(template: CompiledTemplate, event: Event) -> dict[str, str | bool | None]:
    """Return the event as a table row, which only has columns for the documented source of each field."""
    values = {Source.LINK: event.link, Source.SDK: event.sdk, Source.PLATFORM: event.platform}
    row = {field: values[template.dialect.fields.get(field, Source.LINK)].get(field) for field in template.fields}
    return row | {"postback": str(event.postback), "attributed": event.attributed}


FAILING = ("RenderError", "MissingValueError")
_OF_AN_EVENT = (*FAILING, "SuppressedError")


def is_of_text(vector):
    """Say whether a table of texts can be rendered to the expected outcome, or fails with it."""
    return ("url" in vector or vector.get("error") in _OF_AN_EVENT) and is_text(vector)


MADE = [path for path in FILES if path.stem.startswith("made-")]
"""The files that `tests.support.make_vectors` writes."""


def by_id(path):
    return {vector["id"]: vector for vector in read(path)}


# The outcomes that are possible for a table of texts.
OF_TEXT = {
    f"{path.stem}-{name}": vector
    for path in FILES
    if path not in MADE
    for name, vector in by_id(path).items()
    if is_of_text(vector)
}


def tables_of(paths):
    """Return the vectors that can be tested with tables of texts: a list per template with its options."""
    found = {}
    for vector in (vector for path in paths for vector in read(path)):
        if is_of_text(vector):
            key = [vector["template"], vector["dialect"], vector.get("policy"), vector.get("options")]
            found.setdefault(json.dumps(key), []).append(vector)
    return [*found.values()]


OUTCOMES = {"url", "error", "diagnostics"}


def outcome(vector):
    """Return the engine's outcome for a vector."""
    if "diagnostics" in vector:
        found = check(vector["template"], dialect=vector["dialect"], policy=Policy(**vector.get("policy", {})))
        return {"diagnostics": [finding.code for finding in found]}
    try:
        return {"url": compile_template(vector["template"], **arguments(vector)).render(event_of(vector))}
    except MacroEngineError as error:
        return {"error": type(error).__name__}


def written(vectors):
    """Return the text of a file, with one vector per line."""
    return "[\n" + ",\n".join(f"  {json.dumps(vector, ensure_ascii=False)}" for vector in vectors) + "\n]\n"
