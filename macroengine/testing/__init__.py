"""Tools for testing postback code: strategies for Hypothesis, a reference renderer, an assertion.

`postbacks` draws whole cases: a template, an event, and the right URL; `posts` draws cases with a form or JSON as the
body. `templates`, `unsound_templates`, `damaged_templates`, `events`, `policies`, `values` and `options` draw parts of
a case. These are strategies, and need the extra `testing`. `reference` renders a template in the plainest possible
Python; `assert_postback` compares a URL with the reference, and reports what is wrong with each parameter.
`check_receiver` and `check_sender` test a web application that receives postbacks, and a function that makes them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from macroengine.testing import reference
    from macroengine.testing.assertions import assert_postback
    from macroengine.testing.cases import postbacks, posts
    from macroengine.testing.damage import Damaged, damaged_templates
    from macroengine.testing.drawn import Drawn, DrawnPost
    from macroengine.testing.receivers import check_receiver
    from macroengine.testing.senders import check_sender
    from macroengine.testing.strategies import events, options, policies, templates, values
    from macroengine.testing.unsound import unsound_templates

__all__ = [
    "Damaged",
    "Drawn",
    "DrawnPost",
    "assert_postback",
    "check_receiver",
    "check_sender",
    "damaged_templates",
    "events",
    "options",
    "policies",
    "postbacks",
    "posts",
    "reference",
    "templates",
    "unsound_templates",
    "values",
]

_HOMES = {
    "assert_postback": "assertions",
    "check_receiver": "receivers",
    "check_sender": "senders",
    "Damaged": "damage",
    **dict.fromkeys(("Drawn", "DrawnPost"), "drawn"),
    **dict.fromkeys(("postbacks", "posts"), "cases"),
    "unsound_templates": "unsound",
    "damaged_templates": "damage",
    **dict.fromkeys(("events", "options", "policies", "templates", "values"), "strategies"),
}

if not TYPE_CHECKING:  # pragma: no branch - only for type checkers

    def __getattr__(name: str) -> object:
        # The reference and the assertion work without Hypothesis.
        if name not in __all__:
            raise AttributeError(f"module 'macroengine.testing' has no attribute {name!r}")
        try:
            home = import_module(f"macroengine.testing.{_HOMES.get(name, name)}")
        except ModuleNotFoundError as error:
            raise ImportError(
                f"{name!r} of macroengine.testing needs Hypothesis; pip install 'macroengine[testing]'"
            ) from error
        value = globals()[name] = getattr(home, name) if name in _HOMES else home
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
