"""Claim: no public function takes more than linear time in the length of a template, whatever it contains.

`python -m benchmarks.limits` measures hostile templates of three lengths, in milliseconds of CPU time, best of three
runs, and prints the exponent: 1.0 is linear, 2.0 quadratic. Then it measures templates made of the delimiters and names
of each shared syntax, and of the worst custom syntax, and prints the worst result of each. This takes about three
minutes of CPU time. Constant work lowers an exponent, and noise changes it by a tenth. One above 1.3 is a defect.
"""

import contextlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any
from urllib.parse import quote

from macroengine import Dialect, Event, MacroEngineError, check, compile_template, fix, parse
from macroengine.engine import _compile
from macroengine.language.syntax import syntaxes

LENGTHS = (1_000, 4_000, 16_000)
RUNS = 3

# The beginning, and the text that is repeated after it. Two such texts fill half of the template each. In each
# repetition, `{}` is replaced by a different number.
SHAPES: dict[str, tuple[str, ...]] = {
    "one literal": ("https://n.example/", "a"),
    "opening parentheses": ("", "("),
    "unclosed macros": ("?a=", "(clickid"),
    "parentheses in a name": ("?", "(a(a"),
    "colons": ("", ":"),
    "domains of a host": ("https://", "n..%2f"),
    "colons after a macro": ("(ip)", ":/"),
    "slashes": ("https:", "/"),
    "cells of a table": ("", "|("),
    "question marks": ("", "?"),
    "ampersands": ("?", "&"),
    "equals": ("a", "="),
    "pairs": ("?", "&a=b"),
    "pairs that are almost simple": ("?", "&aaaa=(ip)x"),
    "names without values": ("?", "&aaaaaaaaaaaaaaa"),
    "percent signs": ("?a=", "%"),
    "nested delimiters": ("?a=%3D(ip)", "%25%253D"),
    "percent-encoded percent signs": ("?a=%", "25"),
    "one long name": ("?a=(", "a"),
    "one long hash": ("?a=(sha1-", "sha1-"),
    "unknown macros": ("?a=", "(instal_tmeeeeeeeeeeeeeee{})"),
    "long unknown macros": ("?a=", "(attributed_touch_tyme_and_more_attributed_touch_tymes_{})"),
    "macros": ("?a=", "(install_unix_ts)&bbbbbbbbbbbbbbb"),
    "macros in the host": ("https://", "(af_siteid)-aaaaaaaaaaaaaaaaaaaa"),
    "macros in the user info": ("https://", "(af_siteid)@aaaaaaaaaaaaaaaaaaaa"),
    "macros in the scheme": ("", "(af_siteid)aaaaaaaaaaaaaaaaaaaaaaa"),
    "braces": ("?a=", "{clickid}"),
    "foreign macros": ("?a=", "$${{x}}[y]__Z__%%A%%"),
    "macros inside foreign macros": ("?a=", "${(clickid)}$$a(ip)%%A:(ip)%%"),
    "foreign macros that do not end": ("?a=", "${A(${%%a:@{$$a(<#a {{a"),
    "foreign macros side by side": ("?a=", "[A]__B__"),
    "an open macro of AppMetrica": ("?a={", "a"),
    "an open macro of OpenRTB": ("?a=${", "a"),
    "an open directive": ("?a=<#", "a"),
    "an open path": ("?a=${(", "a."),
    "an open macro with an argument": ("?a=%%a:", "a"),
    "alternatives": ("?a=", "{a||b||c}"),
    "encoded foreign macros": ("?a=", "%257Bclick{}%257D%24%7Bb"),
    "a macro that is encoded very often": ("?a=%7Ba%", "2525"),
    "doubled delimiters": ("?a=", "((ip))((("),
    "names in angle brackets": ("?a=", "<clickid><a b<% <?"),
    "places for programs": ("?a=", "%s%1$d{0}#{a}"),
    "schemes": ("", "https://"),
    "slashes after a scheme": ("http", "//\\"),
    "labels": ("https://", "n..%2f"),
    "ports": ("https://n", ":1"),
    "HTML entities": ("?a=b", "&amp;"),
    "spaces and control characters": ("?a=", " \n\0"),
    "zero-width characters": ("?a=", "\u200b"),
    "letters beyond ASCII": ("", "é"),
    "pairs before foreign macros": ("?", "&a=b", "{a}"),
    "foreign macros before pairs": ("?", "{a}", "&a=b"),
    "pairs with foreign macros": ("?", "&a={ip}"),
    "encoded macros": ("?a=", "%28ip%29"),
    "halves of escapes before macros": ("?a=", "%25(ip)aaaaaaaaaaaaaaaaaaa"),
    "an HTML link that does not end": ('<a href="', " ", "x"),
    "an HTML image that does not end": ("<img src='", " ", "x"),
    "a CDATA section that does not end": ("<a><![CDATA[", " ", "x"),
    "a BBCode link that does not end": ("[url=", "]", "x"),
    "marks after control characters": ("?a=", "\x10)"),
    "a remark that does not end": ("https://n.example/pb?a=(ip) (", " ", "x"),
}


def template(shape: str, length: int, shapes: Mapping[str, tuple[str, ...]] = SHAPES) -> str:
    """Return a hostile template of about `length` characters."""
    before, *repeated = shapes[shape]
    room = length // len(repeated)
    return (before + "".join(_filled(room, text) for text in repeated))[:length]


def _filled(length: int, repeated: str) -> str:
    return "".join(repeated.replace("{}", str(number)) for number in range(length // len(repeated)))


def functions(dialect: str | Dialect = "appsflyer") -> dict[str, Callable[[str], object]]:
    """Return the functions to measure. Each takes a template, and may reject it."""
    return {
        "parse": lambda source: list(parse(source, dialect).leaves()),
        "check": lambda source: check(source, dialect=dialect),
        "show": lambda source: [str(finding) for finding in check(source, dialect=dialect)],
        "compile": lambda source: compile_anew(source, dialect),
        "render": lambda source: compile_anew(source, dialect).render(Event()),
        "fix": lambda source: fix(source, dialect=dialect),
    }


def compile_anew(source: str, dialect: str | Dialect) -> Any:
    _compile.cache_clear()
    return compile_template(source, dialect=dialect, ignore="ME", unknown="keep")


# Each character of the name is followed by as many optional ones as a pattern may have, none of which match.
_OPTIONAL = "".join(f"{char}?" for char in "bcdefghijklmnop")
_WORST = {
    "forms": ["${NAME}", "${NAME:ARGUMENT}"],
    "name": f"(?:a{_OPTIONAL})+",
    "argument": "[^{}$]+",
    "alternatives": "||",
}


def own_dialects(folder: Path) -> Iterator[tuple[str, Dialect]]:
    """Yield a dialect of each shared syntax, and one of the worst custom syntax."""
    for key, own in syntaxes().items():
        name = next(name for name in ("a", "A") if own.is_name(name))
        yield key, _dialect(folder, f'syntax = "{key}"', name)
    table = "\n".join(f"{key} = {json.dumps(value)}" for key, value in _WORST.items())
    yield "worst of a dialect's own", _dialect(folder, f"[syntax]\n{table}", "a")


def _dialect(folder: Path, syntax: str, name: str) -> Dialect:
    path = folder / "own.toml"
    path.write_text(
        f'name = "own"\ntitle = "Own"\n{syntax}\n[macros]\n{name} = {{ field = "click_id", source = "Link" }}\n',
        encoding="utf-8",
    )
    return Dialect.from_toml(path)


def own_shapes(dialect: Dialect) -> dict[str, tuple[str, ...]]:
    """Return shapes made of the delimiters of a dialect and of names that it may have."""
    form = dialect.syntax.forms[-1]
    (name,) = dialect.macros
    macro = dialect.syntax.write(name)
    return {
        "macros": ("?a=", f"{macro}x"),
        "pairs": ("?", f"&a={macro}"),
        "openers": ("?a=", form.opener),
        "openers with a name": ("?a=", f"{form.opener}{name}"),
        "closers": ("?a=", f"{name}{form.closer}"),
        "one long name": (f"?a={form.opener}", name),
        "one long argument": (f"?a={form.opener}{name}{form.separator}", "x"),
        "many alternatives": (f"?a={form.opener}{name}", f"{form.alternatives or '||'}{name}"),
        "macros in macros": ("?a=", f"{form.opener}{macro}{form.closer}"),
        "encoded": ("?a=", quote(macro, safe="")),
    }


def milliseconds(function: Callable[[str], object], source: str) -> float:
    def once() -> float:
        start = process_time()
        with contextlib.suppress(MacroEngineError):
            function(source)
        return 1000 * (process_time() - start)

    return min(once() for _ in range(RUNS))


def exponent(times: list[float]) -> float:
    """Return how the time grows from the middle to the longest length, where constant work matters least."""
    return math.log(times[-1] / times[-2]) / math.log(LENGTHS[-1] / LENGTHS[-2])


def main() -> None:
    measured = functions()
    print(f"{'shape':30}" + "".join(f"{name + ', ms':>26}{'exp':>5}" for name in measured))
    worst = 0.0
    for shape in SHAPES:
        sources = [template(shape, length) for length in LENGTHS]
        cells = ""
        for function in measured.values():
            times = [milliseconds(function, source) for source in sources]
            worst = max(worst, exponent(times))
            cells += f"{'/'.join(f'{time:.2f}' for time in times):>26}{exponent(times):5.2f}"
        print(f"{shape:30}{cells}", flush=True)
    print(f"\nlargest exponent: {worst:.2f}\n")
    with TemporaryDirectory() as folder:
        for key, dialect in own_dialects(Path(folder)):
            print(f"{key:26}", end="", flush=True)  # each takes a few seconds
            print(_worst_of(dialect), flush=True)


def _worst_of(dialect: Dialect) -> str:
    """Return the largest exponent and the longest time for a dialect, each with the function and the shape."""
    found: list[tuple[float, float, str]] = []
    shapes = own_shapes(dialect)
    for shape in shapes:
        sources = [template(shape, length, shapes) for length in LENGTHS]
        for name, function in functions(dialect).items():
            times = [milliseconds(function, source) for source in sources]
            found.append((exponent(times), times[-1], f"{name}, {shape}"))
    steepest, longest = max(found), max(found, key=itemgetter(1))
    return f"{steepest[0]:5.2f}  {steepest[2]:32}{longest[1]:8.1f} ms  {longest[2]}"


if __name__ == "__main__":
    main()
