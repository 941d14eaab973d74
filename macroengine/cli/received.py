"""Count the findings in many URLs of one template by parameter, in bounded memory."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar

from macroengine.cli import output
from macroengine.diagnostics import Severity, printable
from macroengine.matching.result import Match

# The limit is needed because senders can invent parameters.
_MAX_NAMES = 1_000
_OTHERS = "(others)"
_STATES = ("read", "missing", "ambiguous")


@dataclass(slots=True)
class _Parameter:
    macros: tuple[str, ...] = ()
    states: Counter[str] = field(default_factory=Counter)
    found: Counter[tuple[str, str, Severity]] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)
    """The line of the first occurrence of each finding, by name."""


@dataclass(slots=True)
class Summary:
    """The number of URLs, and the findings in them."""

    COLUMNS: ClassVar = ("parameter", "macros", *_STATES, "finding", "count", "first line")

    urls: int = 0
    with_findings: int = 0
    _parameters: dict[str, _Parameter] = field(default_factory=dict)

    def count(self, line: int, found: Match) -> None:
        """Count the findings in the URL on a line."""
        self.urls += 1
        self.with_findings += bool(found.diagnostics)
        if self.urls == 1:
            for reading in found.readings:
                parameter = self._parameter(reading.parameter)
                parameter.macros = (*parameter.macros, reading.macro)
        for reading in found.readings:
            parameter = self._parameter(reading.parameter)
            parameter.states[reading.state] += 1
        for name, diagnostic in found.findings():
            parameter = self._parameter(name or "(URL)")
            parameter.found[diagnostic.code, diagnostic.name, diagnostic.severity] += 1
            parameter.first.setdefault(diagnostic.name, line)

    def _parameter(self, name: str) -> _Parameter:
        known = self._parameters.get(name)
        if known is None:
            name = name if len(self._parameters) < _MAX_NAMES else _OTHERS
            known = self._parameters.setdefault(name, _Parameter())
        return known

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Yield a row for each finding of each parameter, and one for each parameter without any."""
        for name, one in self._parameters.items():
            macros = ", ".join(one.macros)
            head = (printable(name), macros, *(str(one.states[state]) for state in _STATES))
            for (_, finding, _), count in one.found.most_common():
                yield (*head, finding, str(count), str(one.first[finding]))
            if not one.found:
                yield (*head, "", "", "")

    def as_json(self) -> dict[str, object]:
        """Return everything for JSON output."""
        return {
            "urls": self.urls,
            "with_findings": self.with_findings,
            "parameters": [
                {
                    "parameter": name,
                    "macros": one.macros,
                    **{state: one.states[state] for state in _STATES},
                    "findings": [
                        {
                            "code": code,
                            "name": finding,
                            "severity": severity,
                            "count": count,
                            "first_line": one.first[finding],
                        }
                        for (code, finding, severity), count in one.found.most_common()
                    ],
                }
                for name, one in self._parameters.items()
            ],
        }

    def __str__(self) -> str:
        return f"{self.urls:,} URL{'s' if self.urls != 1 else ''}, {self.with_findings:,} with findings"


@contextmanager
def counting() -> Iterator[Callable[[int], object]]:
    """Show how many URLs are done, if standard error is a terminal."""
    if not output.shows_progress(prints_results=False):
        yield lambda _: None
        return
    # Imported here, since it takes longer to load than a URL takes to match.
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} URLs"), TimeElapsedColumn())
    # By default, rich would capture standard output and print it above the bar.
    with Progress(*columns, console=output.errors(), transient=True, redirect_stdout=False) as progress:
        task = progress.add_task("", total=None)
        yield lambda done: None if done % 1000 else progress.update(task, completed=done)
