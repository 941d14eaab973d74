"""Check a value against the catalogue's facts about its field."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from macroengine.catalogue import DEFAULT_DIALECT, Dialect, MacroSpec, dialect
from macroengine.kinds import HashCase, ValueType
from macroengine.matching.decoding import Note, is_list
from macroengine.matching.faults import DOUBLE_ENCODED, EMPTY_IDENTIFIER, WRONG_CASE, WRONG_VALUE
from macroengine.matching.sorting import is_changed
from macroengine.plan.segments import Step, Value

_TABLE = Path(__file__).with_name("values.toml")
# Longer texts are not identifiers, addresses or numbers.
_MAX_LENGTH = 400

_is_encoded = re.compile(r"(?:[A-Za-z0-9._~+!'()*-]|%[0-9A-Fa-f]{2})*").fullmatch
# An escape for anything except letters, digits and `-._~`, which encoders leave unchanged.
_needed_escape = re.compile("%(?!2[DEde]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee])").search


class Facts(NamedTuple):
    """The facts about a field."""

    is_identifier: bool
    """Whether a postback without it is of little use."""
    case: HashCase
    """The case in which devices write it."""


def audit_value(value: Value, text: str, facts: Facts) -> Iterator[Note]:
    """Yield the problems of a decoded value."""
    if value.hash is not None:
        if text.lower() in _shared_hashes(value.hash):
            yield Note(EMPTY_IDENTIFIER, "is the hash of an empty or all-zero identifier", "send no hash of it")
        return
    if facts.is_identifier and (not text.strip("0-") or text.lower() in _table()["nothing"]):
        what = f"is {text!r}, a word for no value" if text.strip("0-") else "is all zeros" if text else "is empty"
        yield Note(EMPTY_IDENTIFIER, what, "send it only where it identifies something")
        return
    if _is_encoded_again(value, text):
        yield Note(DOUBLE_ENCODED, "is still encoded after decoding", "encode it once less")
        return
    yield from _audit_case(value, text, facts)
    yield from _audit_form(value, text)


def facts_of(field: str, home: Dialect) -> Facts:
    """Return the facts about a field: from its dialect, or else from the dialect that documents most of them."""
    known = _facts(home)
    if field in known:
        return known[field]
    family = next((family for family in _families(home) if field.startswith(f"{family}_")), None)
    return known[family] if family else Facts(field in _table()["identifying"], HashCase.AS_IS)


def fits(value: Value, text: str, facts: Facts, spec: MacroSpec | None) -> bool:
    """Say whether a text can be the value of one of several fields, judging by type and case."""
    kind = value.type if spec is None else spec.type
    shape = _shapes().get(kind.value)
    if shape is not None and not shape[1].fullmatch(text[:_MAX_LENGTH]):
        return False
    return is_changed(value) or _in_case(text, facts.case) or not _is_uuid(text)


def _audit_case(value: Value, text: str, facts: Facts) -> Iterator[Note]:
    case = facts.case
    if is_changed(value):
        case = HashCase.UPPER if Step.UPPER in value.steps else HashCase.LOWER
    elif not _is_uuid(text):
        return
    if not _in_case(text, case):
        word, other = ("lower", "upper") if case is HashCase.UPPER else ("upper", "lower")
        yield Note(WRONG_CASE, f"has letters in {word} case", f"send it in {other} case")


def _in_case(text: str, case: HashCase) -> bool:
    if case is HashCase.AS_IS:
        return True
    return text == (text.upper() if case is HashCase.UPPER else text.lower())


def _audit_form(value: Value, text: str) -> Iterator[Note]:
    if not text or len(text) > _MAX_LENGTH:
        return
    shape = _shapes().get(value.type.value)
    if shape is not None and shape[1].fullmatch(text):
        return
    fields = [read.field for read in value.reads]
    for title, pattern, allowed in _forms():
        if pattern.fullmatch(text) and not any(allowed.search(field) for field in fields):
            yield Note(
                WRONG_VALUE, f"is {title}, the value of another macro", "check which macro the sender fills here"
            )
            return
    if shape is not None:
        yield Note(WRONG_VALUE, f"is not {shape[0]}", "check the macro, and the unit of its value")


def _is_encoded_again(value: Value, text: str) -> bool:
    encoders = (Step.PERCENT, Step.COMPONENT, Step.FORM)
    return (
        any(step in encoders for step in value.steps)
        and "%" in text
        and _needed_escape(text) is not None
        and _is_encoded(text.replace(",", "") if is_list(value) else text) is not None
    )


_is_uuid = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}").fullmatch


@lru_cache(maxsize=64)
def _families(home: Dialect) -> tuple[str, ...]:
    """Return the prefixes of the fields of each family of names."""
    return tuple(spec.field for spec in home.macros.values() if spec.family is not None)


@lru_cache(maxsize=64)
def _facts(home: Dialect) -> dict[str, Facts]:
    documented = {spec.field: spec.case for spec in dialect(DEFAULT_DIALECT).macros.values()}
    known: dict[str, Facts] = {}
    for spec in home.macros.values():
        is_identifier = spec.identifier is not None or spec.type is ValueType.UUID
        is_identifier = is_identifier or spec.field in _table()["identifying"]
        case = spec.case if spec.case is not HashCase.AS_IS else documented.get(spec.field, HashCase.AS_IS)
        known.setdefault(spec.field, Facts(is_identifier, case))
    return known


@lru_cache(maxsize=8)
def _shared_hashes(step: Step) -> frozenset[str]:
    """Return the hashes that all users without an identifier share."""
    return frozenset(_digest(step, text) for text in _table()["shared"])


def _digest(step: Step, text: str) -> str:
    from hashlib import new  # noqa: PLC0415 - rarely needed

    return new(step.value, text.encode(), usedforsecurity=False).hexdigest()


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))


@cache
def _shapes() -> dict[str, tuple[str, re.Pattern[str]]]:
    return {kind: (row["title"], re.compile(row["pattern"])) for kind, row in _table()["types"].items()}


@cache
def _forms() -> tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...]:
    rows = _table()["form"]
    return tuple((row["title"], re.compile(row["pattern"]), re.compile(row["fields"])) for row in rows)
