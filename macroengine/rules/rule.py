"""A rule: the function that finds problems, and its properties."""

from collections.abc import Callable, Iterator
from functools import cached_property
from inspect import cleandoc
from typing import Literal, NamedTuple

from macroengine.diagnostics import Finding, Severity
from macroengine.rules.checked import Checked


class _Known(NamedTuple):
    severity: Severity
    find: Callable[[Checked], Iterator[Finding]]
    fix: Literal["safe", "unsafe"] | None = None
    """The best fix that it offers. Not every finding has one."""
    whole: bool = False
    """Whether it is about a text as a whole. If it finds something, no other rule is run on that text."""
    overruled_by: tuple[tuple[str, object], ...] = ()
    """Options of `compile_template` with the values that permit what this rule reports as an error."""
    about_policy: bool = False
    """Whether only the policy forbids what it finds."""


class Rule(_Known):
    """A rule. Its documentation page is the docstring of `find`."""

    @cached_property
    def name(self) -> str:
        """Its name, which describes the problem it finds."""
        return self.find.__name__.replace("_", "-")

    @property
    def page(self) -> str:
        """What it finds and why that matters, with an example. The first line is the summary."""
        return cleandoc(self.find.__doc__ or "")
