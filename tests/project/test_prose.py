"""Turns of phrase that need a second reading stay out of the code and the documents.

Words that are wrong only in some sentences are left to the reader.
"""

import re
from pathlib import Path

import pytest

import macroengine

ROOT = Path(macroengine.__file__).parents[1]
TICS = {
    r"(?<!here )\b(?:is|are|was|were|be) no (?!longer|more|less|other|better|matter|one|such)\w+": "is not a ...",
    r"\bthere are: ": "known: ...",
    r"\b[Mm]end(?:s|ed|ing)?\b": "fix",
    r"\banew\b": "again",
    r"\b[Ss]eldom\b": "rarely",
    r"\bslips?\b": "typo",
    r"\bpass(?:es|ed) over\b": "skip",
    r"\bheld (?:to|against)\b|\bhold \w+ (?:to|against)\b": "checked against",
    r"\b(?:one|two|\d+) an? (?:line|core|second)\b": "one per line",
    r"\bmost_(?!common)\w+": "max_...",
    r"\bof one's own\b": "custom",
    r"\bstands? (?:in|behind|twice|at)\b": "is in, follows, is repeated",
    r"\bmay stop to\b": "may stop ...ing",
    r"\bmay not stand\b": "is not allowed",
}
FILES = [
    ROOT / "README.md",
    *sorted(
        path
        for folder in ("macroengine", "docs", "grammar")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".md", ".toml", ".lark", ".c", ".h"} and "data" not in path.parts
    ),
]


@pytest.mark.parametrize("tic", TICS)
def test_nothing_needs_a_second_reading(tic):
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in FILES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(tic, line)
    ]
    assert found == [], f"write {TICS[tic]!r}"


def test_a_tic_is_found():
    assert re.search(next(iter(TICS)), "this is no macro of the platform")
    assert not re.search(next(iter(TICS)), "where there is no macro")
    assert len(FILES) > 200
