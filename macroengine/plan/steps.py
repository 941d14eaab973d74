"""Decide how a value is converted on its way into a template: which steps, in which order."""

from functools import lru_cache
from typing import Final

from macroengine.catalogue import Dialect, MacroSpec
from macroengine.kinds import Encoding, Function, ValueType
from macroengine.language.nodes import Part
from macroengine.plan.nesting import PLAIN, Escape, Place
from macroengine.plan.resolve import Resolved
from macroengine.plan.segments import Step


def steps_of(
    macro: Resolved, spec: MacroSpec, dialect: Dialect, *, nested: bool = True, is_form: bool = False
) -> tuple[Step, ...]:
    """Return the steps that a dialect applies to the text of a value in the macro's place, including a form body."""
    encoding, is_list = spec.encoding or dialect.encoding, spec.type is _LIST
    if is_form:
        # In a URL inside the form, the form encodes a text that is encoded already.
        encoding = _PERCENT if macro.place.layers else Encoding.FORM
    is_percent = encoding is _PERCENT and not is_list
    if macro.place is PLAIN and macro.node.function is None and is_percent and not macro.host_label:
        return _IN_PATH if macro.part is Part.PATH else _ENCODED
    in_segment = not macro.host_label and is_segment(macro)
    steps = _made(macro.place, macro.node.function, encoding, macro.host_label, in_segment, nested=nested)
    return (Step.LIST, *steps) if is_list and not _NOT_OF_ELEMENTS & set(steps) else steps


def times_encoded(macro: Resolved, dialect: Dialect) -> int:
    """Return how many times the value of a macro is encoded; for an unknown macro, by its place alone."""
    if macro.spec is None:
        return macro.place.layers + 1
    return sum(step in _ENCODERS for step in steps_of(macro, macro.spec, dialect))


def is_segment(macro: Resolved) -> bool:
    """Say whether a value is part of a path, also in a nested URL."""
    place = macro.place
    return place.part is Part.PATH or (macro.part is Part.PATH and not place.layers and not place.escapes)


def is_in_parameter(macro: Resolved) -> bool:
    """Say whether a macro is in a parameter that can be dropped, also in a nested URL."""
    return macro.part in _PARAMETER or macro.place.in_pair


# Looked up once: in Python 3.11, looking up an enumeration member takes as long as a call.
_PERCENT: Final = Encoding.PERCENT
_LIST: Final = ValueType.LIST
_PARAMETER = (Part.NAME, Part.VALUE)
_ENCODED = (Step.PERCENT,)
_ENCODERS = (Step.PERCENT, Step.COMPONENT, Step.FORM)
_IN_PATH = (Step.SEGMENT, Step.PERCENT)
# How each encoding encodes a value in its place. URLs around that place percent-encode it again.
_ENCODINGS: dict[Encoding, tuple[Step, ...]] = {
    Encoding.PERCENT: (Step.PERCENT,),
    Encoding.NFC: (Step.NFC, Step.PERCENT),
    Encoding.COMPONENT: (Step.COMPONENT,),
    Encoding.FORM: (Step.FORM,),
    Encoding.NONE: (Step.IN_PLACE,),
    Encoding.JSON: (Step.JSON_STRING, Step.IN_PLACE),
    Encoding.BASE64: (Step.BASE64, Step.IN_PLACE),
}
# Steps that apply to a list as a single text.
_NOT_OF_ELEMENTS = {Step.JSON_VALUE, Step.JSON_NAME, Step.HOST_LABEL}
_IN_SEGMENT = {Step.IN_PLACE: Step.IN_SEGMENT}
# Functions that set how often a value is percent-encoded, in any place.
_LAYERS = {Function.PERCENT: 1, Function.PERCENT2: 2, Function.PERCENT3: 3}
_ESCAPES = {
    Escape.STRING: Step.JSON_STRING,
    Escape.VALUE: Step.JSON_VALUE,
    Escape.NAME: Step.JSON_NAME,
    Escape.HEADER: Step.HEADER,
}


@lru_cache(maxsize=256)
def _made(
    place: Place, function: str | None, encoding: Encoding, host_label: bool, in_segment: bool, *, nested: bool
) -> tuple[Step, ...]:
    """Return the steps for the text of a value in a place, for a dialect with this encoding."""
    layers = 0 if function is None else _LAYERS.get(Function(function), 0)
    steps: list[Step] = []
    if function == Function.NONE:
        encoding = Encoding.NONE
    elif function is not None and not layers:
        steps.append(Step(function))
    if host_label:
        return (*steps, Step.HOST_LABEL)
    first = _ENCODINGS[encoding]
    if in_segment and place.escapes[:1] != (Escape.VALUE,):
        steps.append(Step.SEGMENT)
        first = tuple(_IN_SEGMENT.get(step, step) for step in first)
    if layers:
        # The encoded value needs no escaping, but it may need quotes.
        written = (_ESCAPES[escape] for escape in place.escapes if escape is not Escape.PERCENT and not place.depth)
        return (*steps, *(Step.PERCENT,) * layers, *written)
    encoders = iter([first])
    for escape in place.escapes:
        if escape is not Escape.PERCENT:
            steps.append(_ESCAPES[escape])
        elif nested:
            steps += next(encoders, _ENCODED)
    for _ in range(place.depth if nested else min(place.depth, 1)):
        steps += next(encoders, _ENCODED)
    return tuple(steps)
