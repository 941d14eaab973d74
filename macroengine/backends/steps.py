"""Translate the steps of a planned value to an expression, and find the rows for which a step fails."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Generic

from macroengine.backends.language import E, Language
from macroengine.errors import UnsupportedError
from macroengine.kinds import HashCase, ValueType
from macroengine.plan.segments import HASHES, Read, Step, Value

_ENCODERS = (Step.PERCENT, Step.COMPONENT, Step.FORM)
_IDENTIFIERS = {Step.SHA1: 40, Step.MD5: 32, Step.SHA256: 64}
_FORBIDDEN = {Step.NO_SEMICOLON: ";", Step.NO_PAIR: ";[^/:;?#&=]+=", Step.NO_EQUALS: "="}
_CHECKS = (Step.SEGMENT, Step.HOST_LABEL, Step.IN_PLACE, Step.IN_SEGMENT, *_FORBIDDEN)
_UNIX = (ValueType.UNIX_TIME, ValueType.UNIX_TIME_MS)
# RFC 8259 section 6; RFC 3986 for the characters of a query value, from which escapes were removed before.
_NUMBER = "-?(?:0|[1-9][0-9]*)(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?"
_ESCAPE, _IN_PLACE = "%[0-9A-Fa-f]{2}", "[A-Za-z0-9._~!$'()*+,;=:@/?-]*"
_DOTS = "(?:[.]|%2[Ee]){1,2}"
_HOST_LABEL = "[A-Za-z0-9-]{1,63}"
_OTHER_PATH = "cannot send '.' or '..', which lead to another path,"


def _leaves(where: str) -> str:
    return f"cannot send text without encoding that would leave its place in the {where},"


@dataclass(slots=True, eq=False)
class Steps(Generic[E]):
    """Applies the steps to a value, one by one."""

    language: Language[E]
    value: Value
    unsendable: list[tuple[E, str]] = field(default_factory=list)
    """Conditions under which the value cannot be sent, with the reason."""

    def text(self) -> tuple[E, E]:
        """Return the text, and an expression that is NULL if the value is missing or has no hash.

        Raises:
            UnsupportedError: the language cannot express a step.
        """
        language, steps = self.language, self.value.steps
        read = self._read()
        if steps[:1] == (Step.JSON_VALUE,):
            steps = steps[1:]
            texts = [language.shared(self._json_value(*one)) for one in read]
        else:
            texts = [text for _, text in read]
        cases = [one.case for one, _ in read]
        if len({*cases}) == 1 or not HASHES & {*steps}:
            text = texts[0] if len(texts) == 1 else language.shared(language.first(texts))
            return self._done(text, steps, cases[0])
        # Each of them is hashed in its own case.
        done = [self._done(text, steps, case) for text, case in zip(texts, cases, strict=True)]
        present = [language.negated(language.is_null(text)) for text in texts]
        made = language.choose(list(zip(present, [text for text, _ in done], strict=True)), language.null())
        return made, made

    def _read(self) -> list[tuple[Read, E]]:
        """Return the text of each column. Its problems only count if no earlier column has a value."""
        language = self.language
        found: list[tuple[Read, E]] = []
        for read in self.value.reads:
            text, unsendable = language.value(read, self.value)
            before = [language.is_null(other) for _, other in found]
            self.unsendable += [(language.every([*before, condition]), reason) for condition, reason in unsendable]
            found.append((read, language.shared(text)))
        return found

    def _done(self, text: E, steps: Sequence[Step], case: HashCase) -> tuple[E, E]:
        is_hex = False
        present = text
        for step, repeated in groupby(steps):
            times = len(list(repeated))
            if step in _ENCODERS:
                if not is_hex:  # hex digits never need encoding
                    encoded = self.language.encoded(text, step)
                    text = self.language.deepened(encoded, times - 1) if times > 1 else encoded
            elif step in HASHES:
                is_hex = True
                text = present = self.language.shared(self._hashed(text, step, case))
            else:
                is_hex = False
                for _ in range(times):
                    text = self._other(step, text)
            text = self.language.shared(text)
        return text, present

    def _other(self, step: Step, text: E) -> E:
        language = self.language
        made: dict[Step, Callable[[E], E]] = {
            Step.UPPER: language.upper,
            Step.LOWER: language.lower,
            Step.BASE64: language.base64,
            Step.JSON_STRING: language.json_string,
            Step.JSON_VALUE: self._quoted,
        }
        if step in (Step.UPPER, Step.LOWER):
            self._refuse_foreign(text, "cannot change the case of text that is not ASCII")
        if step in made:
            return made[step](text)
        if step not in _CHECKS:
            raise UnsupportedError(
                f"cannot render macro {self.value.macro!r} over a table, with the step {step.value}; "
                "use the Python engine"
            )
        self._check(step, text)
        return text

    def _check(self, step: Step, text: E) -> None:
        """Add a condition for texts that fail a check."""
        language = self.language
        if step is Step.SEGMENT:
            self.unsendable.append((language.is_one_of(text, [".", ".."]), _OTHER_PATH))
        elif step is Step.HOST_LABEL:
            is_label = language.matches(text, _HOST_LABEL)
            self.unsendable.append((language.negated(is_label), "cannot send what is not a label of a host,"))
        elif step in _FORBIDDEN:
            leaves = language.matches(text, f"(?s:.*{_FORBIDDEN[step]}.*)")
            self.unsendable.append((leaves, _leaves("URL")))
        else:
            where = "path" if step is Step.IN_SEGMENT else "URL"
            stays = language.matches(
                language.without(text, _ESCAPE), _IN_PLACE.replace("/?", "") if where == "path" else _IN_PLACE
            )
            self.unsendable.append((language.negated(stays), _leaves(where)))
            if where == "path":
                self.unsendable.append((language.matches(text, _DOTS), _OTHER_PATH))

    def _refuse_foreign(self, text: E, reason: str) -> None:
        # Engines disagree on the upper case of ß.
        self.unsendable.append((self.language.negated(self.language.is_ascii(text)), reason))

    def _hashed(self, text: E, algorithm: Step, case: HashCase) -> E:
        """Return the hash of an identifier, by the rules of `hash_identifier`."""
        language = self.language
        hashed = text
        if case is not HashCase.AS_IS:
            self._refuse_foreign(text, "cannot hash an identifier that is not ASCII")
            hashed = language.upper(text) if case is HashCase.UPPER else language.lower(text)
        cases = [(language.is_blank(text), language.null())]
        if self.value.type is ValueType.UUID:
            is_hash = language.matches(text, f"[0-9A-Fa-f]{{{_IDENTIFIERS[algorithm]}}}")
            cases.append((is_hash, language.lower(text)))
        return language.choose(cases, language.hashed(hashed, algorithm))

    def _json_value(self, read: Read, text: E) -> E:
        """Return a value written as a whole JSON value: quoted, unless it is already JSON of its type."""
        language, kind = self.language, self.value.type
        is_text = language.text_of_event(read, self.value)
        if is_text is None:
            return text
        if kind is ValueType.JSON:
            raise UnsupportedError(
                f"cannot tell whether the text in column {read.field!r} is JSON as Python reads it, for macro "
                f"{self.value.macro!r} inside JSON; give it a nested type, or use the Python engine"
            )
        written: list[E] = []
        if kind is ValueType.NUMBER or kind in _UNIX:
            written = [language.matches(text, _NUMBER)]
        elif kind is ValueType.BOOLEAN:
            written = [language.is_one_of(text, ["true", "false"])]
        cases = [(condition, text) for condition in (*written, language.negated(is_text))]
        return language.choose(cases, self._quoted(text))

    def _quoted(self, text: E) -> E:
        language = self.language
        quote = language.literal('"')
        return language.chained([quote, language.json_string(text), quote])
