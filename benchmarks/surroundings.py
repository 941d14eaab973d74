"""Claim: what templates are in is read in linear time: source code, sent URLs, tracking URLs, and lines in an editor.

`python -m benchmarks.surroundings` repeats hostile pieces to texts of three lengths, measures in milliseconds of CPU
time, best of three runs, and prints the steepest five of each function with their exponents: 1.0 is linear, 2.0
quadratic. One above 1.3 is a defect. Then it prints the time for 10,000 ordinary lines of each language. This takes
about two minutes.
"""

import math
from collections.abc import Callable, Iterator
from functools import partial
from heapq import nlargest
from operator import itemgetter

from benchmarks.limits import milliseconds
from macroengine import match
from macroengine.intake.appmetrica import validate
from macroengine.lsp.positions import UTF_16, Lines
from macroengine.workspace.embedded import find_templates

SHOWN = 5
LENGTHS = (4_000, 16_000, 64_000)
URLS = (4_000, 8_000, 16_000)
TRACKING = (
    "https://redirect.appmetrica.yandex.com/serve/1?device_ip=192.0.2.1&device_ua=x&click_timestamp=1453895044&a="
)
PIECES = {
    "source code": (
        *("'", '"', '"""', "`", "${", "`${", "<<<A\n", "{", "[", "<", "<!", "<!--", "<a b='", "{$", "\\'", "- "),
        *("a: |\n", "(", "&", "https://"),
    ),
    "sent URL": (
        *("&", "a&", "c=_&", "x=(ip)&", "{", "${(", "__A", "%%A", "%25", "[A", "{{a", "$$sdk(", "%5B", "a.b@", "1:"),
        *("_", "#", "a"),
    ),
    "tracking URL": (" ", "\t", " \n", "&", "%", "&a", "%E2%80%93", "?", ";"),
}
TEMPLATE = "https://n.example/pb?c=(clickid)_(city)_(ip)&(ip)=(city)&u=x%3A%2F%2Fy%3Fa%3D(ip)%26b%3D(ip)"
LINES = {
    "python": "def function_{0}(a, b):  # comment\n    return a + b['key'] + \"text {0}\"\n",
    "json": '{{"key": "value {0}", "list": [1, 2, 3]}}\n',
    "yaml": "- key: value {0}\n  other: 'text'\n",
    "toml": "key{0} = 'value' # comment\n",
    "javascript": "const key{0} = f('value', \"text\"); // comment\n",
    "php": "$key{0} = f('value', \"text\"); // comment\n",
    "markdown": "Some text with `code {0}` and a [link](page.md).\n",
    "html": "<p class='a'>Some text <a href=\"page.html?a={0}&amp;b=1\">link</a></p>\n",
}


def functions() -> Iterator[tuple[str, Callable[[str], object], str, tuple[str, ...], tuple[int, ...]]]:
    """Yield each function with its name, how its texts begin, what is repeated in them, and their lengths."""
    for language in LINES:
        yield language, partial(_found, language), "", PIECES["source code"], LENGTHS
    yield "match", partial(match, TEMPLATE), "https://n.example/pb?c=", PIECES["sent URL"], LENGTHS
    yield "validate", validate, TRACKING, PIECES["tracking URL"], URLS
    yield "places in a line", _places, "", ("é😀", "ab"), (10_000, 100_000, 1_000_000)


def _found(language: str, text: str) -> None:
    find_templates(f"<?php\n{text}" if language == "php" else text, language)


def _places(text: str) -> None:
    lines = Lines(text, UTF_16)
    for at in range(0, len(text), max(1, len(text) // 2_000)):
        lines.offset(*lines.position(at))


def steepest() -> Iterator[str]:
    """Yield a line for each of the steepest texts of each function."""
    for name, function, start, pieces, lengths in functions():
        found = []
        for piece in pieces:
            times = [milliseconds(function, start + piece * (length // len(piece))) for length in lengths]
            found.append((math.log(times[-1] / times[-2]) / math.log(lengths[-1] / lengths[-2]), times, piece))
        for exponent, times, piece in nlargest(SHOWN, found, key=itemgetter(0)):
            shown = "/".join(f"{time:.2f}" for time in times)
            yield f"{name:18}{piece!r:14}{shown:>30}{exponent:6.2f}"


def main() -> None:
    print(f"{'read as':18}{'repeated':14}{'ms':>30}{'exp':>6}")
    for line in steepest():
        print(line, flush=True)
    print(f"\n{'10,000 lines of':18}{'ms':>8}")
    for language, line in LINES.items():
        lines = "".join(line.format(number) for number in range(10_000)).splitlines(keepends=True)
        print(f"{language:18}{milliseconds(partial(_found, language), ''.join(lines[:10_000])):8.0f}")


if __name__ == "__main__":
    main()
