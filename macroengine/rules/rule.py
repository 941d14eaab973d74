"""What a rule is: the function that finds something, and what is known of it beside that."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from inspect import cleandoc
from typing import Literal

from macroengine.diagnostics import Finding, Severity
from macroengine.rules.checked import Checked


@dataclass(frozen=True)
class Rule:
    """A rule. Its page is the docstring of `find`."""

    severity: Severity
    find: Callable[[Checked], Iterator[Finding]]
    fix: Literal["safe", "unsafe"] | None = None
    """The best fix that it offers; not every finding has one."""
    whole: bool = False
    """Whether it speaks of a text as a whole: where it does, no other rule speaks of that text."""
    overruled_by: tuple[tuple[str, object], ...] = ()
    """Options of `compile_template`, each with a value that permits what this error finds."""
    about_policy: bool = False
    """Whether it finds what only the policy is against."""

    @cached_property
    def name(self) -> str:
        """The name of the bad thing that it finds."""
        return self.find.__name__.replace("_", "-")

    @property
    def page(self) -> str:
        """What it does and why, with an example; the first line is the summary."""
        return cleandoc(self.find.__doc__ or "")
