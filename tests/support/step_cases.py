"""Cases for the steps of a value: functions, encodings, places in a URL, and values that test them."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from macroengine import Default, Dialect, Event, RenderError
from macroengine.testing import reference

FUNCTIONS = ("sha1", "md5", "sha256", "base64", "percent", "percent2", "percent3", "upper", "lower", "none")
ENCODINGS = ("percent", "nfc", "component", "form", "none", "json", "base64")
PLACES = {
    "value": "https://n.example/pb?p={}&q=1",
    "alone": "https://n.example/pb?p={}",
    "semicolons": "https://n.example/pb?p={};q=1",
    "name": "https://n.example/pb?{}=1",
    "path": "https://n.example/pb/{}/x?q=1",
    "fragment": "https://n.example/pb#{}",
    "url": "https://n.example/pb?u=https%3A%2F%2Fm.example%2F%3Fp%3D{}%26q%3D1&r=2",
    "path of a url": "https://n.example/pb?u=https%3A%2F%2Fm.example%2F{}%2Fx%3Fq%3D1",
    "string": "https://n.example/pb?j=%7B%22a%22%3A%22{}%22%7D",
    "json": "https://n.example/pb?j=%7B%22a%22%3A{}%7D",
}
MACROS = ["{v}", *(f"{{v_{name}}}" for name in FUNCTIONS)]
HOSTILE = [
    "a b",
    "a&b=c",
    "#",
    "é€",
    "a/b?c",
    '"\\',
    "%41",
    "+",
    "..",
    ".",
    ".%2e",
    "a;b=c",
    "a;b",
    "a=b",
    "",
    "0",
    "9.5",
    "true",
    "it's (~*!)",
    "{a}",
]


def dialect_with(tmp_path, **keys):
    """Return a dialect with a value `v` that has all functions, and another value, `w`."""
    rows = "".join(f'{key} = "{value}"\n' for key, value in keys.items())
    functions = "\n".join(f'{name} = "NAME_{name}"' for name in FUNCTIONS)
    documented = ", ".join(f'{name} = ["v"]' for name in FUNCTIONS)
    path = tmp_path / "own.toml"
    path.write_text(f"""
name = "own"
title = "Own"
syntax = "brace"
{rows}
[functions]
{functions}

[macros]
v = {{ field = "v", source = "Link", {documented} }}
n = {{ field = "n", source = "Link", type = "number" }}
u = {{ field = "u", source = "SDK", type = "uuid", case = "upper", sha256 = ["u"] }}
""")
    return Dialect.from_toml(path)


# Cases for tables

# Engines normalize by different versions of Unicode.
TABLE_ENCODINGS = [encoding for encoding in ENCODINGS if encoding != "nfc"]
NASTY = [
    *HOSTILE,
    *map(chr, range(0x20)),
    "\x7f\u2028\u2029\ufeff😀",
    "a/b\\/\\\\u001F\u001f",
    "'%27%2527",
    "A" * 40,
    "aB" * 16,
    "0-0",
    "ß",
    "1e5",
    "-0",
    "01",
    "null",
    "x" * 300 + "%20" * 200,
]

Case = tuple[str, dict[str, object]]
CASES: list[Case] = [
    *((place.format(macro), {}) for place in PLACES.values() for macro in MACROS),
    *((place.format("{v}"), {"nested": False}) for place in PLACES.values()),
    *((place.format("{v_md5}"), {"missing": "drop"}) for place in PLACES.values()),
    *((place.format("{v_upper}"), {"missing": Default("a b/é")}) for place in PLACES.values()),
]


@cache
def expected(encoding: str) -> tuple[Dialect, list[list[object]]]:
    """Return a dialect, and for each case the result for each value: a URL, or None."""
    with TemporaryDirectory() as directory:
        dialect = dialect_with(Path(directory), encoding=encoding)
    return dialect, [[sent(source, value, dialect, options) for value in (*NASTY, None)] for source, options in CASES]


def sent(source: str, value: str | None, dialect: Dialect, options) -> str | None:
    """Return the URL, or None if it cannot be sent."""
    try:
        return reference.render(source, Event(link={"v": value}), dialect=dialect, ignore=["ME"], **options)
    except RenderError:
        return None
