"""Which cases are requested, and whether a dialect and a policy allow them."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal

from hypothesis.errors import InvalidArgument

from macroengine.arguments import check_flag
from macroengine.catalogue import Dialect
from macroengine.kinds import Postback
from macroengine.policy import Policy
from macroengine.testing.writing import Repertoire, Written, repertoire


@dataclass(frozen=True, slots=True)
class Variants:
    """True: in every case; False: in none; None: in some."""

    nested: bool | None = None
    json: bool | None = None
    hashed: bool | None = None
    alternatives: bool | None = None
    missing: bool | None = None
    withheld: bool | None = None
    misplaced: bool | None = None
    send_all: bool | None = None
    consent: bool | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) is not None:
                check_flag(field.name, getattr(self, field.name))


@dataclass(frozen=True, eq=False)
class Asked:
    """The requested cases: of a dialect, for a given policy or any, with some variants."""

    dialect: Dialect
    policy: Policy | None
    variants: Variants
    body: Literal["form", "json"] | None = None
    """The format of the body, in cases with one; None for either."""

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        # Shown by Hypothesis as the arguments of the strategy.
        asked = {field.name: getattr(self.variants, field.name) for field in fields(self.variants)}
        shown = [f"{name}={value}" for name, value in asked.items() if value is not None]
        shown += [] if self.body is None else [f"body={self.body!r}"]
        policy = [] if self.policy is None else [f"policy={self.policy!r}"]
        printer.text(", ".join([repr(self.dialect.name), *policy, *shown]))

    @cached_property
    def repertoires(self) -> dict[Postback, Repertoire]:
        """The macros for each kind of postback that can have all requested variants.

        Raises:
            InvalidArgument: no kind can.
        """
        name = self.dialect.title
        if not self.dialect.macros:
            raise InvalidArgument(f"{name} has no macros; use a dialect that has some")
        self._check_policy()
        has = {name: getattr(self.variants, name) is not False for name in ("hashed", "alternatives")}
        all_kinds = {policy.postback: repertoire(self.dialect, policy, **has) for policy in self._policies()}
        found = {kind: macros for kind, macros in all_kinds.items() if macros.plain}
        if not found:
            raise InvalidArgument(f"the policy permits no macro of {name}; allow more sources, or deny fewer names")
        for variant in ("hashed", "alternatives"):
            if getattr(self.variants, variant):
                found = {kind: macros for kind, macros in found.items() if getattr(macros, variant)}
                if not found:
                    raise InvalidArgument(f"{variant}=True: {name} documents none that the policy permits")
        for variant, pool in (("consent", "identifiers"), ("withheld", "")):
            if getattr(self.variants, variant):
                found = {kind: macros for kind, macros in found.items() if self._may_have(macros, pool)}
                if not found:
                    raise InvalidArgument(
                        f"{variant}=True: {name} has no macro that would be withheld from what the policy sends"
                    )
        return found

    def ways_to_withhold(self, macros: Repertoire) -> list[str]:
        """Return reasons why a value may be withheld: the event is not attributed, or its user does not consent."""
        policy, asked = self.policy, self.variants
        may_send_all = asked.send_all is not False and (policy is None or policy.send_all)
        may_ask = asked.consent is not False and (policy is None or policy.consent)
        pools = {"send_all": macros.withheld * may_send_all, "consent": macros.identifiers * may_ask}
        return [way for way, pool in pools.items() if pool]

    def _may_have(self, macros: Repertoire, pool: str) -> bool:
        found: list[Written] = getattr(macros, pool) if pool else []
        return bool(found if pool else self.ways_to_withhold(macros))

    def _policies(self) -> Iterable[Policy]:
        return [self.policy] if self.policy else [Policy(kind) for kind in Postback]

    def _check_policy(self) -> None:
        for name in ("send_all", "consent"):
            asked = getattr(self.variants, name)
            if self.policy is not None and asked is not None and getattr(self.policy, name) is not asked:
                raise InvalidArgument(f"{name}={asked} contradicts the policy; change one of them")
