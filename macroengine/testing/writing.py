"""How macros are written into valid templates: which ones, and where."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise

from macroengine.catalogue import Dialect, MacroSpec
from macroengine.catalogue.consent import needs_consent
from macroengine.catalogue.meanings import denied_fields, is_denied
from macroengine.kinds import HASHES, Function, ValueType
from macroengine.policy import Policy
from macroengine.sampling import is_sent_raw

PLAIN = ("{}", "{}", "{}", "v-{}", "{}-v")
NESTED = (
    "https%3A%2F%2Fm.example%2F%3Fid%3D{}",
    "https%3A%2F%2Fm.example%2F%3Fid%3D{}%26v%3D1",
    "https%3A%2F%2Fm.example%2Fx-{}",
    "https%3A%2F%2Fm.example%2F%3Fu%3Dhttps%253A%252F%252Fo.example%252F%253Fid%253D{}",
)
JSON = ("%7B%22id%22%3A%22{}%22%7D", "%7B%22id%22%3A{}%7D", "%5B1%2C%22x-{}%22%5D")
JSON_STRINGS = tuple(place for place in JSON if "{}%22" in place)
"""Places inside a JSON string. As a whole value, a macro's quotes would have to be encoded."""


@dataclass(frozen=True, slots=True)
class Written:
    """A macro as it is written in a template, with the rows that it reads."""

    text: str
    specs: tuple[MacroSpec, ...]
    raw: bool
    """Whether the platform sends its value without encoding it."""


@dataclass(frozen=True, eq=False)
class Repertoire:
    """The macros of a dialect that a template for a policy may have."""

    dialect: Dialect
    policy: Policy
    with_hashes: bool = True
    with_alternatives: bool = True

    @cached_property
    def plain(self) -> list[Written]:
        """All documented names of all macros."""
        return [
            self._written(spec, name, None)
            for spec in self._allowed
            for name in dict.fromkeys((spec.name, *spec.spellings))
        ]

    @cached_property
    def hashed(self) -> list[Written]:
        """All documented hashes."""
        return [written for function, written in self._functions if function in HASHES and self.with_hashes]

    @cached_property
    def changed(self) -> list[Written]:
        """All other documented functions of a value."""
        return [written for function, written in self._functions if function not in HASHES]

    @cached_property
    def alternatives(self) -> list[Written]:
        """Macros that send the first of several values that is present."""
        joint = self.dialect.syntax.forms[0].alternatives
        if joint is None or not self.with_alternatives:
            return []
        write = self.dialect.syntax.write
        return [
            Written(write(joint.join((one.name, two.name))), (one, two), self._is_raw(one, None))
            for one, two in pairwise(self._allowed)
        ]

    @cached_property
    def everything(self) -> list[Written]:
        """All macros of the other lists."""
        return [*self.plain, *self.hashed, *self.changed, *self.alternatives]

    @cached_property
    def told(self) -> list[Written]:
        """Macros that are also filled for events of other networks."""
        return [written for written in self.everything if all(spec.send_all for spec in written.specs)]

    @cached_property
    def withheld(self) -> list[Written]:
        """Macros that are not filled for events of other networks."""
        return [written for written in self.everything if not any(spec.send_all for spec in written.specs)]

    @cached_property
    def identifiers(self) -> list[Written]:
        """Macros that depend on the consent of the user."""
        return [written for written in self.everything if self.is_identifier(written)]

    @cached_property
    def shared(self) -> list[Written]:
        """Macros that do not depend on the consent of the user."""
        return [written for written in self.everything if not self.is_identifier(written)]

    def is_identifier(self, written: Written) -> bool:
        """Say whether the macro depends on the consent of the user."""
        return any(needs_consent(spec, self.dialect) for spec in written.specs)

    @cached_property
    def _allowed(self) -> list[MacroSpec]:
        policy, denied = self.policy, denied_fields(self.policy.deny, self.dialect)
        found = [
            spec
            for spec in self.dialect.macros.values()
            if policy.postback in spec.available and spec.source in policy.sources and not is_denied(spec, denied)
        ]
        # A failing case shrinks to the first.
        return sorted(found, key=lambda spec: (spec.type is not ValueType.TEXT, not spec.send_all, spec.personal))

    @cached_property
    def _functions(self) -> list[tuple[Function, Written]]:
        return list(self._with_functions())

    def _with_functions(self) -> Iterator[tuple[Function, Written]]:
        for spec in self._allowed:
            for function, names in spec.functions:
                for name in names:
                    yield function, self._written(spec, name, function)

    def _written(self, spec: MacroSpec, name: str, function: Function | None) -> Written:
        return Written(self.dialect.syntax.write(name, function), (spec,), self._is_raw(spec, function))

    def _is_raw(self, spec: MacroSpec, function: Function | None) -> bool:
        encoding = spec.encoding or self.dialect.encoding
        return function is Function.NONE or is_sent_raw(encoding)


def repertoire(dialect: Dialect, policy: Policy, *, hashed: bool = True, alternatives: bool = True) -> Repertoire:
    """Return the macros of a dialect that a template for `policy` may have."""
    return _repertoire(dialect, Policy(policy.postback, sources=policy.sources, deny=policy.deny), hashed, alternatives)


_repertoire = cache(Repertoire)
