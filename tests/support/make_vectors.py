"""Write the generated conformance vectors: every dialect, encoder, function, context, policy and rule.

python -m tests.support.make_vectors
    Write them with the results of the engine. Review the changes before committing them.
"""

from collections.abc import Callable, Iterator
from itertools import product
from random import Random
from typing import Any

from macroengine import Dialect, MacroSpec, Policy, Postback, Source, dialect, dialect_names
from macroengine.kinds import Encoding, ValueType
from macroengine.rules import RULES
from macroengine.sampling import is_sent_raw
from macroengine.testing.writing import repertoire
from tests.support import vectors as files
from tests.support.rule_examples import rule_example
from tests.support.vectors import FOLDER

Vector = dict[str, Any]
SOURCE_KEYS = {Source.LINK: "link", Source.SDK: "sdk", Source.PLATFORM: "af"}
TWO = ("appsflyer", "appmetrica")
# For each dialect, a text macro that is filled for every postback, with its source and field.
PLAIN = {"appsflyer": ("(app_name)", "sdk", "app_name"), "appmetrica": ("{app_name}", "sdk", "app_name")}
TEXTS = {
    "plain": "abc-._~019",
    "delimiters": "a&b=c?d#e/f:g@h;i,j",
    "space": "a b",
    "plus": "a+b",
    "percent": "100%",
    "escape": "%41%2B",
    "quotes": "\"'\\<>`",
    "sub-delims": "!$'()*+,;=",
    "brackets": "[]{}|^",
    "line-breaks": "a\r\nb\tc",
    "nul": "a\0b",
    "two-bytes": "é",
    "three-bytes": "€漢",
    "four-bytes": "😀",
    "macros": "(ip){ip}${ip}",
    "empty": "",
    "json": '{"a":[1,null]}',
    "url": "https://m.example/?a=b&c=d#e",
}
TYPED: dict[ValueType, list[Any]] = {
    ValueType.TEXT: ["a b", 1, 1.5, True],
    ValueType.NUMBER: [0, -12, 1.5, 1e22, {"$decimal": "12.50"}, "1e3"],
    ValueType.BOOLEAN: [True, False, "yes"],
    ValueType.FLAG: [True, False, 1],
    ValueType.UUID: ["8E4DD44B-82EC-43D0-A5DE-321F3C0B9A71", "00000000-0000-0000-0000-000000000000"],
    ValueType.TIME: [{"$time": "2016-01-04T12:26:00-03:00"}, "2016-01-04"],
    ValueType.UNIX_TIME: [{"$time": "2016-01-04T12:26:00.9Z"}, 1451910360],
    ValueType.UNIX_TIME_MS: [{"$time": "1969-12-31T23:59:59.9994Z"}, 1451910360000],
    ValueType.RFC3339: [{"$time": "2016-01-04T12:26:00+14:00"}, "2016-01-04T00:00:00Z"],
    ValueType.LIST: [["a,b", 1, "é"], "one"],
    ValueType.JSON: [{"a": "é", "b": [1, 1.5, None, True]}, [], "{ }"],
}
PLACES = {
    "value": "?a={}",
    "joined": "?a=x-{}-y",
    "name": "?{}=a",
    "path": "/x-{}",
    "segment": "/{}",
    "fragment": "#a={}",
    "inner-path": "?u=https%3A%2F%2Fm.example%2Fx-{}",
    "inner-two": "?u=https%3A%2F%2Fm.example%2F%3Fu%3Dhttps%253A%252F%252Fo.example%252F%253Fid%253D{}",
    "inner-path-in-path": "/https%3A%2F%2Fm.example%3Fid%3D{}",
    "no-url": "?u=src%3A{}",
    "json-string": "?j=%7B%22id%22%3A%22{}%22%7D",
    "json-value": "?j=%7B%22id%22%3A{}%7D",
    "json-list": "?j=%5B1%2C%22x-{}%22%5D",
    "json-twice": "?j=%257B%2522id%2522%253A%2522{}%2522%257D",
    "url-in-json": "?j=%7B%22u%22%3A%22https%3A%2F%2Fm.example%2F%3Fid%3D{}%22%7D",
    "json-in-url": "?u=https%3A%2F%2Fm.example%2F%3Fj%3D%257B%2522id%2522%253A%2522{}%2522%257D",
    "lower-case-hex": "?u=x%3d{}",
    "semicolons": "?a={};b=1",
}
MISSING = ["$empty", "$drop", "$keep", "$raise", "0", "a b/é", ""]


def vector(name: str, template: str, chosen: str, event: Vector, **more: Any) -> Vector:
    return {"id": name, "template": template, "dialect": chosen, **more, "event": event}


def event_for(spec: MacroSpec, value: Any, **more: Any) -> Vector:
    return {**more, SOURCE_KEYS[spec.source]: {spec.field: value}}


def of_dialects() -> Iterator[Vector]:
    """Yield each type of value and some macros of every dialect."""
    for name in dialect_names():
        own, draw = dialect(name), Random(name)
        macros = repertoire(own, Policy()).plain
        for written in draw.sample(macros, min(8, len(macros))):
            (spec,) = written.specs
            for number, value in enumerate(TYPED[spec.type][:2]):
                text = "abc-1" if written.raw else value
                source = f"https://n.example/pb?a={written.text}&b=1"
                yield vector(f"{name}-{spec.name}-{number}", source, name, event_for(spec, text))
                if written.raw:
                    break


def of_encodings() -> Iterator[Vector]:
    """Yield every text in every encoding."""
    for encoding in Encoding:
        found = _encoded(encoding)
        for (place, around), (label, text) in product(PLACES.items(), TEXTS.items()):
            if found is None or (place not in ("value", "inner-two") and label != "delimiters"):
                continue
            own, written, spec = found
            source = f"https://n.example/pb{around.replace('{}', written)}"
            yield vector(f"{encoding}-{place}-{label}", source, own.name, event_for(spec, text))


def _encoded(encoding: Encoding) -> tuple[Dialect, str, MacroSpec] | None:
    for own in map(dialect, ["appsflyer", "vast", *dialect_names()]):
        for written in repertoire(own, Policy()).plain:
            (spec,) = written.specs
            if (spec.encoding or own.encoding) is encoding and spec.type is ValueType.TEXT:
                return own, written.text, spec
    return None


def of_functions() -> Iterator[Vector]:
    """Yield every documented function of a dialect, with relevant values."""
    for name in dialect_names():
        macros = repertoire(dialect(name), Policy())
        seen: dict[str, int] = {}
        for written in [*macros.hashed, *macros.changed]:
            (spec,) = written.specs
            seen[written.text] = len(seen)
            if len(seen) > 6:
                break
            for number, value in enumerate(["Ab-1", "", "0", *TYPED[ValueType.UUID], "A" * 40, "é b"]):
                if is_sent_raw(spec.encoding or macros.dialect.encoding) and value == "é b":
                    continue
                source = f"https://n.example/pb?a={written.text}"
                yield vector(f"{name}-{written.text}-{number}", source, name, event_for(spec, value))


def of_contexts() -> Iterator[Vector]:
    """Yield every place with every relevant text, nested and not nested."""
    for name, (place, around), label in product(TWO, PLACES.items(), ["delimiters", "quotes", "two-bytes", "empty"]):
        macro, source, field = PLAIN[name]
        template = f"https://n.example/pb{around.replace('{}', macro)}"
        event = {source: {field: TEXTS[label]}}
        yield vector(f"{name}-{place}-{label}", template, name, event)
        if label == "delimiters":
            yield vector(f"{name}-{place}-flat", template, name, event, options={"nested": False})


def of_missing() -> Iterator[Vector]:
    """Yield every place with every option for a missing value."""
    for name, (place, around), missing in product(TWO, PLACES.items(), MISSING):
        macro, _, _ = PLAIN[name]
        template = f"https://n.example/pb{around.replace('{}', macro)}"
        yield vector(f"{name}-{place}-{missing or 'nothing'}", template, name, {}, options={"missing": missing})


def of_policies() -> Iterator[Vector]:
    """Yield every policy with attributed and unattributed events of every kind of postback."""
    template = "https://n.example/pb?c=(clickid)&i=(idfa)&h=(sha1-idfa)&ip=(ip)&cc=(country_code)"
    values = {"link": {"click_id": "1"}, "sdk": {"idfa": "A-1", "ip": "192.0.2.1"}, "af": {"country_code": "DE"}}
    for attributed, send_all, consent in product([True, False], repeat=3):
        for label, told in {"nothing": {}, "refused": {"is_lat": True}, "denied": {"att_status": "denied"}}.items():
            event = {"attributed": attributed, **values, "sdk": {**values["sdk"], **told}}
            name = f"{'own' if attributed else 'others'}{'-send-all' * send_all}{'-consent' * consent}-{label}"
            yield vector(name, template, "appsflyer", event, policy={"send_all": send_all, "consent": consent})
    for kind, own in product(Postback, Postback):
        event = {"postback": kind.value, "link": {"click_id": "1"}}
        source = "https://n.example/pb?c=(clickid)"
        yield vector(f"{own.value}-{kind.value}", source, "appsflyer", event, policy={"postback": own.value})


def of_rules() -> Iterator[Vector]:
    """Yield the findings of every rule in its example, and in the text to use instead."""
    for code in RULES:
        for heading, label in (("Example", "example"), ("Use instead", "instead")):
            text, options = rule_example(code, heading)
            if set(options) - {"dialect", "policy"}:
                continue
            policy = {} if "policy" not in options else {"policy": policy_words(options["policy"])}
            own = options.get("dialect", "appsflyer")
            if any("\ud800" <= character <= "\udfff" for character in text):  # which JSON files cannot contain
                continue
            yield {"id": f"{code}-{label}", "template": text, "dialect": own, **policy, "diagnostics": []}


def policy_words(policy: Policy) -> Vector:
    """Return a policy as JSON, without default values."""
    words = {
        "postback": policy.postback.value,
        "send_all": policy.send_all,
        "sources": sorted(policy.sources),
        "deny": sorted(policy.deny),
        "consent": policy.consent,
        "context": policy.context,
    }
    usual = {"postback": "install", "send_all": False, "sources": sorted(Source), "deny": []}
    usual |= {"consent": False, "context": None}
    return {name: word for name, word in words.items() if word != usual[name]}


FILES: dict[str, Callable[[], Iterator[Vector]]] = {
    "made-dialects": of_dialects,
    "made-encodings": of_encodings,
    "made-functions": of_functions,
    "made-contexts": of_contexts,
    "made-missing": of_missing,
    "made-policies": of_policies,
    "made-rules": of_rules,
}


def main() -> None:
    for name, made in FILES.items():
        vectors = [one | files.outcome(one) for one in made()]
        (FOLDER / f"{name}.json").write_bytes(files.written(vectors).encode())
        print(f"{name}: {len(vectors):,}")


if __name__ == "__main__":
    main()
