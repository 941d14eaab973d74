"""The implementation in JavaScript, which was written from the documents, passes the vectors."""

import os
import shutil
import subprocess

import pytest

from tests.support.make_catalogue import FILE, catalogue
from tests.support.vectors import FILES, read

NODE = shutil.which("node")


def test_the_catalogue_is_fresh(golden):
    golden(FILE, catalogue())


@pytest.mark.skipif(NODE is None and "CI" not in os.environ, reason="node is not installed")
def test_javascript_passes_the_vectors():
    command = [NODE or "node", FILE.with_name("render.mjs"), *FILES]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, encoding="utf-8")
    assert ran.stderr == ""
    vectors = [vector for path in FILES for vector in read(path)]
    findings = [vector for vector in vectors if "diagnostics" in vector]
    refused = [vector for vector in vectors if vector.get("error") in ("PolicyError", "TemplateError")]
    skipped = len(findings) + len(refused)
    reasons = f"{len(findings)} findings of a checker, {len(refused)} templates that a checker refuses"
    expected = f"{len(vectors) - skipped} passed, 0 failed, {skipped} skipped ({reasons})\n"
    assert ran.stdout == expected
    assert len(vectors) - skipped > 1_500
