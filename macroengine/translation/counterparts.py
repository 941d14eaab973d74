"""Find the macro of one dialect with the same meaning as a macro of another."""

from collections.abc import Iterable, Sequence

from macroengine.catalogue import Dialect, Spelling
from macroengine.kinds import HASHES, Source
from macroengine.language.nodes import Macro
from macroengine.plan.resolve import Resolved
from macroengine.translation.differences import differences
from macroengine.translation.losses import badness
from macroengine.translation.meanings import Candidate, Meaning, candidates, either, meaning, nearly


class Counterparts:
    """Finds the counterparts of one dialect's macros in another."""

    def __init__(self, home: Dialect, to: Dialect) -> None:
        self._home, self._to = home, to
        self._choices = to.syntax.forms[0].alternatives

    def text(self, macro: Resolved, others: Sequence[Resolved] = ()) -> str | None:
        """Return the macro with the same meaning as `macro`, as a template writes it; None if there is none.

        `others` are the further values that it names.
        """
        if macro.spec is None or any(other.spec is None for other in others):
            return None
        if self._home == self._to:
            return macro.node.text
        if others:
            return self._first_of(macro, others)
        found = self._single(macro) or self._joined(macro)
        return None if found is None else found.node.text

    def alone(self, macros: Iterable[Resolved]) -> list[str]:
        """Return the counterpart of each macro by itself."""
        singles = (self._single(macro) for macro in macros if macro.spec is not None)
        return [found.node.text for found in singles if found is not None]

    def hashes(self, macro: Resolved) -> list[str]:
        """Return the hashes that the other dialect has of a macro's field."""
        said = self._said(macro)
        found = [one for word in HASHES for one in candidates(self._to).get(Meaning(said.field, word), ())]
        return sorted(self._write(one) for one in found)

    def _said(self, macro: Resolved) -> Meaning:
        assert macro.spec is not None  # noqa: S101 - checked before
        return meaning(macro.spec, macro.node.function, self._home)[0]

    def _single(self, macro: Resolved) -> Resolved | None:
        """Return the counterpart of one value that loses least."""
        found = [self._in_place(one, macro) for one in self._candidates(macro)]
        return min(found, key=lambda one: badness(differences(macro, self._home, one, self._to)), default=None)

    def _candidates(self, macro: Resolved) -> Sequence[Candidate]:
        known, said = candidates(self._to), self._said(macro)
        # Never replace a hash by the identifier that it hides.
        without = said if said.function in HASHES else said._replace(function=None)
        near = (said._replace(field=field) for field in nearly(said.field))
        for one in (said, without, *near):
            if one in known:
                return known[one]
        return self._of_family(macro) or self._parameter(macro)

    def _of_family(self, macro: Resolved) -> Sequence[Candidate]:
        """Return the macro with the same name in a family of the other platform with the same values."""
        spec = macro.spec
        if spec is None or spec.family is None or spec.name in self._home.macros or macro.node.function is not None:
            return ()
        families = [(one.field, one.family) for one in self._to.macros.values() if one.family is not None]
        own = spec.name.removeprefix(spec.family)
        found = [self._to.member(f"{family}{own}") for field, family in families if field == spec.family_field]
        return [Candidate(one, one.name, None, is_held=False) for one in found if one is not None]

    def _parameter(self, macro: Resolved) -> Sequence[Candidate]:
        """Return the link parameter of the other platform with the name of one of this platform's."""
        name, spec = macro.node.name, macro.spec
        is_parameter = spec is not None and spec.source is Source.LINK and spec.name not in self._home.macros
        found = self._to.find(name) if is_parameter and macro.node.function is None and self._to.takes(name) else None
        if found is None or found[1] is not Spelling.PARAMETER or not self._to.syntax.is_name(name):
            return ()
        return (Candidate(found[0], name, None, is_held=False),)

    def _first_of(self, macro: Resolved, others: Sequence[Resolved]) -> str | None:
        """Return a macro that sends the first available one of several values."""
        singles = [self._single(one) for one in (macro, *others)]
        fields = [self._said(one).field for one in (macro, *others)]
        if self._choices is not None and None not in singles:
            return self._choice(one for one in singles if one is not None)
        for field in nearly(fields[0]):
            wide = candidates(self._to).get(Meaning(field, self._said(macro).function))
            if wide and set(either(field)) == set(fields):
                return self._write(wide[0])
        return None

    def _joined(self, macro: Resolved) -> Resolved | None:
        """Return a choice of values that corresponds to a field with whichever value is available."""
        said = self._said(macro)
        known = candidates(self._to)
        found = [known.get(said._replace(field=field), ())[:1] for field in either(said.field)]
        if self._choices is None or not found or () in found:
            return None
        several = [self._in_place(one, macro) for (one,) in found]
        return several[0]._replace(node=several[0].node._replace(text=self._choice(several)))

    def _choice(self, macros: Iterable[Resolved]) -> str:
        form = self._to.syntax.forms[0]
        texts = [macro.node.text.removeprefix(form.opener).removesuffix(form.closer) for macro in macros]
        return form.write((self._choices or "").join(texts))

    def _in_place(self, candidate: Candidate, macro: Resolved) -> Resolved:
        node = Macro(self._write(candidate), macro.node.start, candidate.name, candidate.function)
        return macro._replace(node=node, spec=candidate.spec)

    def _write(self, candidate: Candidate) -> str:
        return self._to.syntax.write(candidate.name, candidate.function)
