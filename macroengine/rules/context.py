"""What a rule may look at."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from inspect import cleandoc
from typing import Literal

from macroengine.catalogue import Dialect
from macroengine.diagnostics import Finding, Severity
from macroengine.plan.resolve import Resolution, resolve
from macroengine.policy import Policy
from macroengine.template import Template


@dataclass(frozen=True, slots=True)
class Context:
    """A template with everything that is known of it."""

    template: Template
    dialect: Dialect
    policy: Policy
    resolution: Resolution

    @classmethod
    def of(cls, template: Template, dialect: Dialect, policy: Policy) -> "Context":
        """Resolve `template` and return what its rules may look at."""
        return cls(template, dialect, policy, resolve(template, dialect, policy))

    @property
    def source(self) -> str:
        """The text of the template."""
        return self.template.source


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. Its page is the docstring of `find`."""

    severity: Severity
    find: Callable[[Context], Iterator[Finding]]
    fix: Literal["safe", "unsafe"] | None = None
    """The best fix that it offers; not every finding has one."""
    whole: bool = False
    """Whether it speaks of a text as a whole: where it does, no other rule speaks of that text."""

    @property
    def name(self) -> str:
        """The name of the bad thing that it finds."""
        return self.find.__name__.replace("_", "-")

    @property
    def page(self) -> str:
        """What it does and why, with an example; the first line is the summary."""
        return cleandoc(self.find.__doc__ or "")
