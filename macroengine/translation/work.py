"""The work of a translation: replace macros, parse the result in the other dialect, and compare both."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from macroengine.catalogue import Dialect
from macroengine.catalogue.meanings import is_known
from macroengine.diagnostics import Diagnostic, Span, place_of
from macroengine.kinds import HASHES
from macroengine.language.untranslated import placeholder
from macroengine.plan.resolve import Problem, Resolution, Resolved, resolve
from macroengine.policy import Policy
from macroengine.template import parse
from macroengine.translation.counterparts import Counterparts
from macroengine.translation.differences import differences
from macroengine.translation.losses import Kind, Loss

# After this many attempts, all macros that the other dialect misreads are given up together.
_MAX_ATTEMPTS = 4
_FORBIDDEN = {
    Problem.DENIED: "is denied by the policy",
    Problem.SOURCE_NOT_ALLOWED: "comes from a source that the policy does not allow",
}
_ABSENT = {
    Problem.UNAVAILABLE: (Kind.UNAVAILABLE, "is never filled for {} postbacks"),
    Problem.WITHHELD: (Kind.WITHHELD, "is filled only for attributed events"),
}


@dataclass(slots=True)
class _Replaced:
    """A macro and its replacement."""

    macro: Resolved
    others: tuple[Resolved, ...]
    text: str
    losses: list[Loss] = field(default_factory=list)
    """Why it has no counterpart; empty if it has one."""
    start: int = 0
    """Its position in the translation."""

    @property
    def stop(self) -> int:
        return self.start + len(self.text)


class Work:
    """One translation."""

    def __init__(self, resolution: Resolution, to: Dialect, policy: Policy | None) -> None:
        self._resolution, self._to = resolution, to
        self._home = resolution.dialect
        self._source = resolution.template.source
        self._is_judged = policy is not None
        self._policy = _known_there(policy, to)
        self._forth, self._back = Counterparts(self._home, to), Counterparts(to, self._home)
        self._replaced = [self._replace(macro) for macro in resolution.macros]

    def done(self) -> tuple[str, list[Diagnostic]]:
        """Return the translated template, and what is lost."""
        theirs = self._settled()
        read = {macro.node.start: macro for macro in theirs.macros}
        found = chain(
            (
                loss.at(one.macro.node.span, self._source)
                for one in self._replaced
                for loss in one.losses or self._lost(one, read[one.start], theirs.others.get(one.start, ()))
            ),
            self._read_as_macros(theirs),
        )
        return theirs.template.source, sorted(found, key=lambda diagnostic: place_of(diagnostic.span))

    def _settled(self) -> Resolution:
        """Return the translation, once the other dialect reads every macro as intended."""
        for _ in range(_MAX_ATTEMPTS):
            theirs = self._read()
            if not self._give_up(theirs):
                return theirs
        for one in self._replaced:
            if not one.losses:
                self._drop(one, Loss(Kind.UNTRANSLATED, self._unread(one)))
        return self._read()

    def _read(self) -> Resolution:
        return resolve(parse(self._written(), self._to), self._to, self._policy)

    def _replace(self, macro: Resolved) -> _Replaced:
        others = self._resolution.others.get(macro.node.start, ())
        text = self._forth.text(macro, others)
        one = _Replaced(macro, others, text or "")
        if text is None:
            self._drop(one, self._untranslated(one))
        self._forbid(one, (macro, *others))
        return one

    def _forbid(self, one: _Replaced, values: tuple[Resolved, ...]) -> None:
        """Drop a macro if the policy forbids one of these values in all postbacks."""
        for value in values:
            for problem, why in _FORBIDDEN.items():
                if self._is_judged and problem in value.problems:
                    self._drop(one, Loss(Kind.FORBIDDEN, f"{value.node.text} {why}; {self._instead(one)}"))

    def _drop(self, one: _Replaced, loss: Loss) -> None:
        one.text = self._placeholder(one)
        one.losses.append(loss)

    def _written(self) -> str:
        """Return the current translation, and store the position of each macro."""
        pieces: list[str] = []
        done = length = 0
        for one in self._replaced:
            literal = self._source[done : one.macro.node.start]
            one.start = length + len(literal)
            pieces += [literal, one.text]
            done, length = one.macro.node.span.stop, one.stop
        return "".join([*pieces, self._source[done:]])

    def _give_up(self, theirs: Resolution) -> bool:
        """Drop macros that the other dialect misreads or must not send; return whether there were any."""
        read = {macro.node.start: macro for macro in theirs.macros}
        dropped = False
        for one in self._replaced:
            if one.losses:
                continue
            macro = read.get(one.start)
            if macro is None or macro.node.text != one.text or macro.spec is None:
                self._drop(one, Loss(Kind.UNTRANSLATED, self._unread(one)))
            else:
                self._forbid(one, (macro, *theirs.others.get(one.start, ())))
            dropped |= bool(one.losses)
        return dropped

    def _lost(self, one: _Replaced, read: Resolved, others: tuple[Resolved, ...]) -> list[Loss]:
        """Return what is lost for a macro that the other dialect reads as `read`."""
        lost = [*self._absent(one, read), *self._differences(one, read, others)]
        back = self._back.text(read, others)
        if not lost and back != one.macro.node.text:
            lost.append(
                Loss(Kind.RESPELLED, f"{one.macro.node.text} becomes {one.text}, which translates back to {back}")
            )
        return lost

    def _differences(self, one: _Replaced, read: Resolved, others: tuple[Resolved, ...]) -> Iterator[Loss]:
        if self._home == self._to:
            return
        yield from differences(one.macro, self._home, read, self._to)
        if len(others) == len(one.others):
            for ours, theirs in zip(one.others, others, strict=True):
                yield from differences(ours, self._home, theirs, self._to)
        elif one.others:
            yield Loss(Kind.APPROXIMATE, f"{one.macro.node.text} becomes {one.text}: which value is sent may differ")

    def _absent(self, one: _Replaced, read: Resolved) -> Iterator[Loss]:
        """Yield losses because the policy withholds the value for some events."""
        sides = ((one.macro, self._home), (read, self._to))
        for problem, (kind, what) in _ABSENT.items():
            titles = [dialect.title for macro, dialect in sides if problem in macro.problems]
            if self._is_judged and titles:
                who = " and ".join(dict.fromkeys(titles))
                yield Loss(kind, f"{one.macro.node.text} {what.format(self._policy.postback)} on {who}")

    def _read_as_macros(self, theirs: Resolution) -> Iterator[Diagnostic]:
        """Yield diagnostics for literal text that the other dialect reads as a macro."""
        meant = {one.start for one in self._replaced if not one.losses}
        starts = [one.start for one in self._replaced]
        for macro in theirs.macros:
            if macro.node.start not in meant:
                start, stop = (self._place(at, starts) for at in (macro.node.start, macro.node.span.stop))
                message = f"{self._to.title} reads {macro.node.text} as a macro, and {self._home.title} does not"
                hint = "percent-encode its delimiters, or write something else"
                yield Loss(Kind.READ_AS_MACRO, message, hint).at(Span(start, stop), self._source)

    def _place(self, at: int, starts: list[int]) -> int:
        """Return the place in the source for a place in the translation."""
        before = bisect_right(starts, at) - 1
        if before < 0:
            return at
        one = self._replaced[before]
        return one.macro.node.span.stop + at - one.stop if at >= one.stop else one.macro.node.start

    def _placeholder(self, one: _Replaced) -> str:
        return placeholder(one.macro.node.text)

    def _instead(self, one: _Replaced) -> str:
        return f"{self._placeholder(one)} replaces it"

    def _unread(self, one: _Replaced) -> str:
        return f"{self._to.title} would not read {one.text} as a macro beside this text; {self._instead(one)}"

    def _untranslated(self, one: _Replaced) -> Loss:
        """Return why a macro has no counterpart, and what to do."""
        macro, title = one.macro, self._to.title
        text = macro.node.text
        each = (macro, *one.others)
        hint = "write a macro or a value of your own, or remove the parameter"
        if any(other.spec is None for other in each):
            what = f"{text} is not a documented macro of {self._home.title}"
            hint = f"see what check says of it in {self._home.title}"
        elif one.others:
            what = f"{text} is the first of {len(each)} values that is there, and {title} has no such choice"
            alone = self._forth.alone(each)
            hint = f"it needs a parameter for each value: {', '.join(alone)}" if alone else hint
        elif macro.node.function in HASHES:
            what = f"{title} has no {macro.node.function} of this value for {text}"
            known = self._forth.hashes(macro)
            hint = f"there is: {', '.join(known)}" if known else hint
        else:
            what = f"{title} has no macro for {text}"
            if self._to.open:
                hint = f"{title} takes names of your own, too: write one, and have it filled"
        return Loss(Kind.UNTRANSLATED, f"{what}; {self._instead(one)}", hint)


def _known_there(policy: Policy | None, to: Dialect) -> Policy:
    """Return the policy without names that mean nothing in the other dialect."""
    if policy is None:
        return Policy()
    return Policy(
        policy.postback, policy.send_all, policy.sources, [name for name in policy.deny if is_known(name, to)]
    )
