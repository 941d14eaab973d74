"""The examples in the docstrings of the rules, as templates."""

import re
from typing import Any

from macroengine import Policy
from macroengine.rules.pages import sections

_ESCAPE = re.compile(r"\\(?:n|x[0-9a-f]{2}|u[0-9a-f]{4})")


def rule_example(code: str, heading: str) -> tuple[str, dict[str, Any]]:
    """Return the template under a heading of a rule's docstring, and the options for `check`."""
    found = sections(code)
    text = "" if found[heading] == "(nothing)" else _ESCAPE.sub(_unescaped, found[heading])
    return text, eval(f"dict({found.get('With', '')})", {"Policy": Policy, "dict": dict})


def _unescaped(match: re.Match[str]) -> str:
    return match[0].encode().decode("unicode_escape")
