"""The facts about methods and headers, from `requests.toml`."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any


@cache
def request_facts() -> dict[str, Any]:
    """Return the tables of the file: `reserved`, `methods`."""
    return tomllib.loads(Path(__file__).with_name("requests.toml").read_text(encoding="utf-8"))
