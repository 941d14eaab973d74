"""Claim: no public function takes more than linear time in the length of a template, whatever is in it.

`python -m benchmarks.limits` measures hostile templates of three lengths, in milliseconds, best of five runs, and
prints the exponent: 1.0 is linear, 2.0 quadratic.
Constant work pulls an exponent down and noise moves it by a tenth; one above 1.3 is a defect.
"""

import contextlib
import math
from collections.abc import Callable
from time import perf_counter
from typing import Any

import macroengine
from macroengine import Event, MacroEngineError, check, compile_template, parse
from macroengine.engine import _compile

LENGTHS = (1_000, 4_000, 16_000)
RUNS = 5

# The beginning, and the text that is repeated after it; of two such texts, each fills one half. Each repetition has a
# number of its own in place of `{}`.
SHAPES: dict[str, tuple[str, ...]] = {
    "one literal": ("https://n.example/", "a"),
    "opening parentheses": ("", "("),
    "unclosed macros": ("?a=", "(clickid"),
    "parentheses in a name": ("?", "(a(a"),
    "colons": ("", ":"),
    "domains of a host": ("https://", "n..%2f"),
    "colons behind a macro": ("(ip)", ":/"),
    "slashes": ("https:", "/"),
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
    "slashes behind a scheme": ("http", "//\\"),
    "labels": ("https://", "n..%2f"),
    "ports": ("https://n", ":1"),
    "HTML entities": ("?a=b", "&amp;"),
    "spaces and control characters": ("?a=", " \n\0"),
    "zero-width characters": ("?a=", "\u200b"),
    "letters beyond ASCII": ("", "é"),
    "pairs before foreign macros": ("?", "&a=b", "{a}"),
    "foreign macros before pairs": ("?", "{a}", "&a=b"),
    "pairs with foreign macros": ("?", "&a={ip}"),
    "halves of escapes before macros": ("?a=", "%25(ip)aaaaaaaaaaaaaaaaaaa"),
}


def template(shape: str, length: int) -> str:
    """Return a hostile template of about `length` characters."""
    before, *repeated = SHAPES[shape]
    room = length // len(repeated)
    return (before + "".join(_filled(room, text) for text in repeated))[:length]


def _filled(length: int, repeated: str) -> str:
    return "".join(repeated.replace("{}", str(number)) for number in range(length // len(repeated)))


def functions() -> dict[str, Callable[[str], object]]:
    """Return what is measured: each takes a template, and may refuse it."""
    measured: dict[str, Callable[[str], object]] = {
        "parse": lambda source: list(parse(source).leaves()),
        "check": check,
        "show": lambda source: [str(finding) for finding in check(source)],
        "compile": compile_anew,
        "render": lambda source: compile_anew(source).render(Event()),
    }
    if hasattr(macroengine, "fix"):
        measured["fix"] = macroengine.fix
    return measured


def compile_anew(source: str) -> Any:
    _compile.cache_clear()
    return compile_template(source, ignore="ME", unknown="keep")


def milliseconds(function: Callable[[str], object], source: str) -> float:
    def once() -> float:
        start = perf_counter()
        with contextlib.suppress(MacroEngineError):
            function(source)
        return 1000 * (perf_counter() - start)

    return min(once() for _ in range(RUNS))


def exponent(times: list[float]) -> float:
    """Return how the time grows from the middle length to the longest, where constant work counts least."""
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
    print(f"\nlargest exponent: {worst:.2f}")


if __name__ == "__main__":
    main()
