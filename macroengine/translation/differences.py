"""The differences that a receiver notices when one macro replaces another with the same meaning."""

from collections.abc import Iterator
from itertools import groupby

from macroengine.catalogue import Dialect, MacroSpec
from macroengine.kinds import HASHES, HashCase, Postback, Source, ValueType
from macroengine.plan.nesting import Escape
from macroengine.plan.resolve import Resolved
from macroengine.plan.segments import Step
from macroengine.plan.steps import is_in_parameter, steps_of
from macroengine.translation.losses import Kind, Loss
from macroengine.translation.meanings import CHANGING, meaning

# Values of these types are written in the same way by all platforms.
_ALIKE = (ValueType.TEXT, ValueType.NUMBER, ValueType.UUID, ValueType.BOOLEAN, ValueType.TIME)
_WRITTEN = {
    ValueType.TIME: "as 2016-01-04 15:26:00",
    ValueType.UNIX_TIME: "in seconds since 1970",
    ValueType.UNIX_TIME_MS: "in milliseconds since 1970",
    ValueType.RFC3339: "as 2016-01-04T15:26:00Z",
    ValueType.FLAG: "as 1 or 0",
    ValueType.BOOLEAN: "as true or false",
    ValueType.NUMBER: "as a number",
    ValueType.JSON: "as JSON",
    ValueType.LIST: "as a list",
}
_CASES = {HashCase.UPPER: "in upper case", HashCase.LOWER: "in lower case", HashCase.AS_IS: "as received"}
_ENCODED = {
    Step.LIST: "as a list with commas",
    Step.NFC: "in Unicode's form NFC",
    Step.PERCENT: "percent-encoded",
    Step.COMPONENT: "encoded as encodeURIComponent does",
    Step.FORM: "encoded as a form is",
    Step.BASE64: "in Base64",
    Step.JSON_STRING: "escaped as in a JSON string",
    Step.JSON_VALUE: "as a JSON value",
    Step.IN_PLACE: "not encoded",
    Step.IN_SEGMENT: "not encoded",
}
_AMOUNTS = (ValueType.NUMBER, ValueType.TEXT)
_TIMES = {1: "", 2: " twice", 3: " three times"}


def differences(ours: Resolved, home: Dialect, theirs: Resolved, to: Dialect) -> tuple[Loss, ...]:
    """Return what is lost if a receiver gets `theirs`, a macro of `to`, instead of `ours`, a macro of `home`."""
    return tuple(_Pair(ours, home, theirs, to).losses())


class _Pair:
    """Two macros with the same, or nearly the same, meaning."""

    def __init__(self, ours: Resolved, home: Dialect, theirs: Resolved, to: Dialect) -> None:
        assert ours.spec is not None  # noqa: S101 - a macro without a row has no counterpart
        assert theirs.spec is not None  # noqa: S101 - nor is it one
        self._ours, self._theirs = ours, theirs
        self._spec, self._other = ours.spec, theirs.spec
        self._home, self._to = home, to
        self._said, self._holds = meaning(self._spec, ours.node.function, home)
        self._answer, self._other_holds = meaning(self._other, theirs.node.function, to)

    def losses(self) -> Iterator[Loss]:
        """Yield what is lost."""
        if self._said.field != self._answer.field:
            names = f"{self._other.field} on {self._to.title}, and {self._spec.field} on {self._home.title}"
            yield self._loss(Kind.APPROXIMATE, f"the value is {names}: not always the same")
        elif self._said.function != self._answer.function:
            yield self._loss(Kind.CONVERTED, f"{self._to.title} has no {self._said.function} of it")
        elif self._spec.field != self._other.field and not (self._holds or self._other_holds):
            yield self._both(Kind.CONVERTED, _unit(self._spec), _unit(self._other))
        elif not _is_written_alike(self._spec.type, self._other.type, self._ours):
            yield self._both(Kind.CONVERTED, _written(self._spec.type), _written(self._other.type))
        yield from self._hashes()
        yield from self._encodings()
        yield from self._others()

    def _hashes(self) -> Iterator[Loss]:
        is_hash = self._said.function in HASHES
        if is_hash and (self._holds or self._other_holds):
            if not (self._holds and self._other_holds and self._spec.field == self._other.field):
                yield self._loss(Kind.APPROXIMATE, "the case in which it is hashed is not documented everywhere")
        elif self._spec.case is not self._other.case and self._said.field == self._answer.field:
            cases = _CASES[self._spec.case], _CASES[self._other.case]
            words = [f"hashed {case}" for case in cases] if is_hash else cases
            yield self._both(Kind.CONVERTED if is_hash else Kind.APPROXIMATE, *words)

    def _encodings(self) -> Iterator[Loss]:
        # Results of functions have been compared already. They are made before any encoding.
        steps = steps_of(self._ours, self._spec, self._home)[_makes(self._ours) :]
        others = steps_of(self._theirs, self._other, self._to)[_makes(self._theirs) :]
        if steps != others:
            yield self._both(Kind.CONVERTED, _encoded(steps), _encoded(others))

    def _others(self) -> Iterator[Loss]:
        missing, instead = _missing(self._ours, self._home), _missing(self._theirs, self._to)
        if missing != instead:
            sent = ["dropped" if text is None else repr(text) if text else "empty" for text in (missing, instead)]
            yield self._both(Kind.APPROXIMATE, *sent, what="a missing value is ")
        never = [kind for kind in Postback if kind in self._spec.available - self._other.available]
        if never:
            yield self._loss(Kind.APPROXIMATE, f"{self._to.title} does not fill it for: {', '.join(never)}")
        if self._other.contexts and self._spec.contexts != self._other.contexts:
            yield self._loss(Kind.APPROXIMATE, f"{self._to.title} fills it only in: {', '.join(self._other.contexts)}")
        if self._ours.node.argument is not None:
            yield self._loss(Kind.APPROXIMATE, f"{self._to.title} has nothing for its argument, which is dropped")
        if _is_of_link(self._spec, self._home) or _is_of_link(self._other, self._to):
            yield self._loss(Kind.APPROXIMATE, "it is a parameter of the tracking link, which must have it there, too")

    def _both(self, kind: Kind, ours: str, theirs: str, *, what: str = "") -> Loss:
        return self._loss(kind, f"{what}{ours} on {self._home.title}, {theirs} on {self._to.title}")

    def _loss(self, kind: Kind, message: str) -> Loss:
        return Loss(kind, f"{self._ours.node.text} becomes {self._theirs.node.text}: {message}")


def _is_of_link(spec: MacroSpec, dialect: Dialect) -> bool:
    """Say whether a macro is an undocumented parameter of the tracking link."""
    return spec.source is Source.LINK and spec.name not in dialect.macros


def _makes(macro: Resolved) -> int:
    """Return the number of steps that belong to a function that changes the value."""
    return 1 if macro.node.function in CHANGING else 0


def _is_written_alike(one: ValueType, other: ValueType, macro: Resolved) -> bool:
    # As a whole JSON value, a number is not quoted, but a text is.
    is_whole = macro.place.escapes[:1] == (Escape.VALUE,)
    return one is other or (one in _ALIKE and other in _ALIKE and not is_whole)


def _written(kind: ValueType) -> str:
    return f"written {_WRITTEN.get(kind, 'as text')}"


def _unit(spec: MacroSpec) -> str:
    """Return the unit of a field, if other fields have the same value in other units."""
    if spec.type in _AMOUNTS:
        return "in hundredths" if spec.field.endswith("_cents") else "in whole units"
    return _written(spec.type)


def _missing(macro: Resolved, dialect: Dialect) -> str | None:
    """Return the text for a missing value; None if its parameter is dropped."""
    text = dialect.missing if macro.spec is None or macro.spec.missing is None else macro.spec.missing
    return None if not text and dialect.drops_missing and is_in_parameter(macro) else text or ""


def _encoded(steps: tuple[Step, ...]) -> str:
    """Return a description of how a value is encoded."""
    words = []
    for step, several in groupby(step for step in steps if step in _ENCODED):
        times = len(list(several))
        words.append(_ENCODED[step] + _TIMES.get(times, f" {times} times"))
    return ", then ".join(words) or "not encoded"
