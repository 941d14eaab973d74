"""The implementation in JavaScript, which was written from the documents, passes the vectors."""

import os
import re
import shutil
import subprocess

import pytest

from tests.make_catalogue import FILE, catalogue
from tests.vectors import FILES, read

NODE = shutil.which("node")


def test_the_catalogue_is_fresh(golden):
    golden(FILE, catalogue())


@pytest.mark.skipif(NODE is None and "CI" not in os.environ, reason="node is not installed")
def test_javascript_passes_the_vectors():
    command = [NODE or "node", FILE.with_name("render.mjs"), *FILES]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, encoding="utf-8")
    assert ran.stderr == ""
    passed = re.fullmatch(r"(\d+) passed, 0 failed, \d+ of other dialects or of a checker\n", ran.stdout)
    wanted = [
        vector
        for path in FILES
        for vector in read(path)
        if vector["dialect"] in ("appsflyer", "appmetrica") and "url" in vector
    ]
    assert passed is not None, ran.stdout
    assert int(passed[1]) >= len(wanted) > 500
