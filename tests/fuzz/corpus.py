"""What fuzzers start with, made from the project's own data: inputs to vary, and words to put into them."""

import dataclasses
import json
import random
import re
from collections.abc import Iterable, Iterator
from html import escape
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from benchmarks.limits import SHAPES
from macroengine import RULES, MacroSpec, Postback, Source, catalogue, dialect, dialect_names
from macroengine.intake.appmetrica.parameters import parameters
from macroengine.intake.appmetrica.tracking_url import known_hosts
from macroengine.intake.appsflyer.fields import body_fields
from macroengine.kinds import HashCase, ValueType
from macroengine.language.syntax import syntaxes
from macroengine.rules.pages import sections
from macroengine.rules.tables import lost_references, typographic
from macroengine.testing.damage import DAMAGES
from tests.fuzz.inputs import DIALECTS, SEPARATOR, VALUES

_TEMPLATES = Path(__file__).resolve().parents[1] / "data" / "corpus.jsonl"
_DIALECT_FILES = Path(catalogue.__file__).parent / "data"
# What values are made of: what URLs divide by, what may not stand in them, identifiers and their zeros, times, JSON.
_VALUES = [
    "a b/é",
    "\r\n\0",
    "%2526",
    "..",
    "(ip)",
    "-1",
    "1e400",
    "-1E+401",
    "1e-401",
    "9" * 401,
    "0.10",
    "NaN",
    "0-0",
    '{"a": [1, "é"]}',
    "\ud800",
    "漢😀",
]
_NUMBERS = ["1e400", "-0", "NaN", "Infinity", "0.1", "9" * 30]
_TOML = ['""', "1", "0.5", "true", "[]", '["a"]', "[1]", "{}", "1979-05-27"]
_LAYERS = 5  # of encoding, or of damage
_LONGEST_WORD = 64  # bytes; libFuzzer takes no longer ones


# Inputs


def of_one_template() -> Iterator[bytes]:
    """Yield templates and values for their macros, with nothing else chosen, and with whatever comes."""
    chance = random.Random(0)
    for template, name in _templates():
        values = [_bytes(chance.choice(_VALUES)) for _ in range(12)]
        for choices in (name, name + _choices(chance)):
            yield SEPARATOR.join([_bytes(template), choices, *values])


def of_syntaxes() -> Iterator[bytes]:
    """Yield each form of a macro in every syntax, and each template in every fourth one.

    The test of the second grammar has published templates in all of them.
    """
    keys = range(len(syntaxes()))
    forms = [form for shared in syntaxes().values() for form in shared.forms]
    macros = [
        form.text.replace("NAME", name).replace("ARGUMENT", "x&y") for form in forms for name in ("a", "A", "a||b")
    ]
    for key in keys:
        choice = bytes([ord("0") + key])
        for template, _ in islice(_templates(), key % 4, None, 4):
            yield SEPARATOR.join([_bytes(template), choice])
        for macro in macros:
            yield SEPARATOR.join([_bytes(f"{macro}://{macro}/{macro}?{macro}={macro}&b={macro}#{macro}"), choice])


def of_rendering() -> Iterator[bytes]:
    """Yield templates as above, and one with each value in each kind."""
    yield from of_one_template()
    template = b"/(ip)?a=(ip)&b=(sha1-idfa)&c=%3D(install_unix_ts)&d=(encode)"
    before = b"0" * 14  # the dialect, the policy, the options, and what else is to be said of the event
    for value in map(_bytes, _VALUES):
        for kind in range(len(VALUES)):
            yield SEPARATOR.join([template, before + bytes([ord("0"), ord("0") + kind]) * 4, *[value] * 4])


def of_several_templates() -> Iterator[bytes]:
    """Yield two templates or more, with whatever comes."""
    chance = random.Random(0)
    templates = [(template, name) for template, name in _templates() if len(template) < 500]
    for template, name in templates:
        others = [_bytes(chance.choice(templates)[0]) for _ in range(4)]
        yield SEPARATOR.join([_bytes(template), name + _choices(chance), *others, *map(_bytes, _VALUES)])


def of_work() -> Iterator[bytes]:
    """Yield what is repeated in hostile templates, behind what, for each kind of work."""
    for before, *texts in SHAPES.values():
        for repeated in texts:
            for work in b"0123":
                yield SEPARATOR.join([_bytes(before), bytes([work]), _bytes(repeated)])


def of_dialects() -> Iterator[bytes]:
    """Yield small dialects: each macro of the library's own in one of its own, and every key with a wrong value."""
    for path in sorted(_DIALECT_FILES.glob("*.toml")):
        head, _, macros = path.read_text(encoding="utf-8").partition("[macros]\n")
        groups = head.partition("[available]\n")[2]
        top = "".join(re.findall(r"^(?:name|title|syntax|open) .*\n", head, re.MULTILINE))
        for row in re.findall(r"^\w\S* += \{.*\n", macros, re.MULTILINE):
            yield f"{top}[available]\n{groups}[macros]\n{row}".encode()
            yield f"{top}[macros]\n{row}".encode()  # without its groups, which some rows need
            yield f"{top}[available]\n{groups}[macros]\n{row}{row[0].swapcase()}{row[1:]}".encode()
        for value in _TOML:
            yield from (f"{key} = {value}\n{top}[macros]".encode() for key in ("title", "open", "references", "macros"))
            for field in dataclasses.fields(MacroSpec):
                cells = {"field": '"a"', "source": '"SDK"', field.name: value}
                written = ", ".join(f"{key} = {cell}" for key, cell in cells.items())
                yield f"{top}[macros]\na = {{ {written} }}\n".encode()
        yield path.read_bytes()


def of_values() -> Iterator[bytes]:
    """Yield a value of each kind, made of each text."""
    for text in [*_VALUES, "safe-TEXT_0.9~", "https://x.example/?a=b&c=d", '{"a":"b","c":1}' * 4, str(2**63)]:
        for kind in range(len(VALUES)):
            yield SEPARATOR.join([_bytes(text), bytes([ord("0") + kind])])


def of_bodies() -> Iterator[bytes]:
    """Yield bodies with one field more than they need, right and wrong."""
    rows = {path: row for path, row in body_fields().items() if "/" not in path}
    needed = {path: row.example for path, row in rows.items() if row.required}
    for path, row in rows.items():
        for value in (row.example, *row.choices, {"a": row.example}, 1, True, None):
            yield json.dumps({**needed, path: value}).encode()
        for number in _NUMBERS:  # as no Python value is written
            yield f'{{{json.dumps(needed)[1:-1]}, "{path}": {{"a": {number}}}}}'.encode()
    for path, row in body_fields().items():
        parent, _, name = path.rpartition("/")
        if parent:
            inner = {name: row.example}
            yield json.dumps({**needed, parent: inner}).encode()
            yield json.dumps({**needed, parent: json.dumps(inner)}, ensure_ascii=False).encode()


def of_tracking_urls() -> Iterator[bytes]:
    """Yield tracking URLs with one parameter more than they need."""
    needed = [f"{name}={quote(row.example)}" for name, row in parameters().items() if row.required]
    for host in known_hosts():
        yield f"https://{host}/serve/1?click_id=1&mine=2".encode()
        for name, row in parameters().items():
            for written in (f"{name}={quote(row.example)}", f"{name}={row.example}\n", name):
                yield f"https://{host}/serve/1019409635088005254?{'&'.join([*needed, written])}".encode()


def _templates() -> Iterator[tuple[str, bytes]]:
    """Yield templates, each with the choice of its dialect: real ones, and those of the rules' pages."""
    for line in _TEMPLATES.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield row["template"], b"%d" % (DIALECTS.index(row["dialect"]) if row["dialect"] in DIALECTS else 0)
    for code in RULES:
        yield from ((sections(code)[heading], b"0") for heading in ("Example", "Use instead"))
    template = "https://n.example/pb?id=(clickid)&region=(sha1-idfa)&a=--b"
    for damage in DAMAGES.values():
        damaged = template
        for _ in range(_LAYERS):
            damaged = damage(damaged)
            yield damaged, b"0"
    yield f"https://n.example/pb?a={'<' * _LAYERS}{'b>' * _LAYERS}", b"01"
    for _ in range(_LAYERS):
        template = f"https://n.example/?u={quote(template, safe='()')}"
        yield template, b"0"


def _choices(chance: random.Random) -> bytes:
    """Return choices, most of them the first."""
    return bytes(ord("0") + max(0, chance.randrange(-40, 20)) for _ in range(40))


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


# Words


def of_templates() -> Iterator[str]:
    """Yield macros as templates write them, and what stands between them in real ones."""
    for own in map(dialect, dialect_names()):
        for spec in own.macros.values():
            yield from map(own.syntax.write, (spec.name, *spec.spellings, *spec.legacy))
            yield from (own.syntax.write(name, "sha1") for name in spec.names_with("sha1"))
    for template, _ in _templates():
        yield from re.findall(r"[^\w\s]+", template)
        yield from re.findall(r"\w+[=:(]", template)
    yield from typographic()
    yield from (f"&{name}" for name in lost_references()[1].values())
    for delimiter in ":/?#[]@&=%(){}":
        encoded = delimiter
        for _ in range(_LAYERS):
            encoded = quote(encoded, safe="")
            yield encoded
    for character in "&<>='\"":
        yield from (escape(character), escape(escape(character)), f"&#{ord(character)};", f"\\u{ord(character):04x}")


def of_dialect_files() -> Iterator[str]:
    """Yield the words of a dialect's file."""
    yield from _TOML
    for kind in (ValueType, HashCase, Source, Postback):
        yield from (f'"{member}"' for member in kind)
    yield from (f'"{key}"' for key in syntaxes())
    yield from (f"{field.name} = " for field in dataclasses.fields(MacroSpec))
    for path in sorted(_DIALECT_FILES.glob("*.toml")):
        yield from re.findall(r"^\S+ *= (?=[\"\[{t])|^\[\S+\]", path.read_text(encoding="utf-8"), re.MULTILINE)


def of_body_fields() -> Iterator[str]:
    """Yield the names of fields, and values for them, as JSON writes them."""
    for row in body_fields().values():
        yield from (f"{json.dumps(row.name)}:", json.dumps(row.example))
        yield from map(json.dumps, row.choices)
    yield from _NUMBERS
    yield from (json.dumps("\ud800"), '{"a":', "true", "null", "[]")


def of_tracking_parameters() -> Iterator[str]:
    """Yield the beginnings of parameters, and values for them."""
    for row in parameters().values():
        yield from (f"&{name}=" for name in (row.name, *row.spellings))
        yield row.example
    yield from known_hosts()


def dictionary(words: Iterable[str]) -> str:
    r"""Return words as libFuzzer reads them.

    >>> print(dictionary(["a", 'é"']))
    "a"
    "\xc3\xa9\x22"
    """
    encoded = (_bytes(word) for word in dict.fromkeys(words))
    return "\n".join(f'"{_written(word)}"' for word in encoded if 0 < len(word) <= _LONGEST_WORD)


def _written(word: bytes) -> str:
    return "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\x{byte:02x}" for byte in word)
