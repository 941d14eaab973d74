"""What is sent for a macro: a value and how it is converted, a fixed text, or an error."""

from typing import Final
from typing import Literal as OneOf

from macroengine.catalogue import MacroSpec
from macroengine.catalogue.aliases import conversions
from macroengine.catalogue.folding import fold
from macroengine.errors import UnsupportedError
from macroengine.kinds import Source, ValueType
from macroengine.plan.nesting import Escape
from macroengine.plan.options import Options
from macroengine.plan.resolve import Problem, Resolution, Resolved
from macroengine.plan.segments import Absent, Atom, Converted, Default, Missing, Read, Refused, Step, Value
from macroengine.plan.steps import is_in_parameter, is_segment, steps_of
from macroengine.plan.unencoded import Unencoded

PlannedMissing = str | Default | OneOf[Missing.DROP, Missing.RAISE]


class Filling:
    """What is sent for the macros of a template, for the events of one rendering."""

    def __init__(self, resolution: Resolution, options: Options, *, attributed: bool, shared: bool) -> None:
        self._resolution = resolution
        self._unencoded: Unencoded | None = None
        self._dialect = resolution.dialect
        self._others = resolution.others
        self._options = options
        self._missing_for = dict(options.missing_for)
        self._attributed = attributed
        self._shared = shared
        yes, no = options.booleans.split("/")
        self._booleans = yes, no

    def sent(self, macro: Resolved) -> str | Atom | None:
        """Return what is sent for a macro; None if its parameter is dropped."""
        node, spec = macro.node, macro.spec or self._spec(macro)
        is_kept = spec is None and self._options.unknown != "empty"
        if macro.place.glued and not is_kept:
            return Refused(node.name)
        if spec is None:
            return _as_written(macro) if is_kept else _nothing(macro)
        if node.argument is not None:
            raise UnsupportedError(f"{node.text} cannot be rendered: an event has no value for its argument")
        missing = self._missing(macro, spec)
        reads = self._reads(macro)
        if not reads:
            if missing is _RAISE:
                return Absent(node.name, is_known=macro.spec is not None)
            # A Default goes through the steps of a value that reads nothing.
            if not isinstance(missing, Default):
                return None if missing is _DROP else missing
        booleans = _FLAG if spec.type is _FLAG_TYPE else self._booleans
        steps = steps_of(macro, spec, self._dialect, nested=self._options.nested, is_form=self._options.is_form)
        if _IN_PLACE in steps or _IN_SEGMENT in steps:
            if self._unencoded is None:
                self._unencoded = Unencoded(self._resolution, self._may_drop, nested=self._options.nested)
            steps = self._unencoded.checked(macro, steps)
        return Value(node.name, reads, spec.type, booleans, steps, missing)

    def _reads(self, macro: Resolved) -> tuple[Read, ...]:
        """Return where the value is read, for the events of this rendering."""
        spec = macro.spec
        if not macro.node.alternatives:
            return (self._read(spec),) if spec is not None and self._is_sent(macro) else ()
        choices = (macro, *self._others[macro.node.start])
        return tuple([self._read(choice.spec) for choice in choices if choice.spec and self._is_sent(choice)])

    def _spec(self, macro: Resolved) -> MacroSpec | None:
        """Return the catalogue row by which a macro is sent; None if the dialect does not have the macro."""
        node, spec = macro.node, macro.spec
        if spec is None and node.alternatives:
            spec = next((other.spec for other in self._others[node.start] if other.spec is not None), None)
        if spec is None and self._options.unknown == "error" and Problem.UNLISTED in macro.problems:
            # The platform may have this macro, so don't send its text. No event has a value for it.
            return MacroSpec(node.text, node.text, Source.PLATFORM)
        return spec

    def _may_drop(self, macro: Resolved) -> bool:
        spec = self._spec(macro)
        return spec is not None and self._missing(macro, spec) is _DROP

    def _is_sent(self, macro: Resolved) -> bool:
        is_shown = (self._attributed or not macro.withheld) and not macro.forbidden
        return is_shown and (self._shared or not macro.needs_consent)

    def _read(self, spec: MacroSpec) -> Read:
        unit = conversions().get(spec.field)
        return Read(spec.source, spec.field, self._options.hash_case or spec.case, unit and Converted(*unit))

    def _missing(self, macro: Resolved, spec: MacroSpec) -> PlannedMissing:
        """Return what is sent if the value is missing. It is only DROP if there is a parameter to drop."""
        if macro.host_label:
            return _RAISE
        missing = self._options.missing
        if self._missing_for:
            missing = self._missing_for.get(fold(spec.name), missing)
        if missing is _EMPTY:
            return self._documented_missing(macro, spec)
        match missing:
            case Missing.KEEP:
                return _as_written(macro)
            case Missing.DROP:
                return _dropped(macro)
            case Missing.RAISE:
                return _RAISE
            case Default(text):  # pragma: no branch - there is no other kind
                if is_segment(macro) and text in (".", ".."):
                    raise ValueError(f"missing sends {text!r} for {macro.node.text}, which leads to another path")
                return missing

    def _documented_missing(self, macro: Resolved, spec: MacroSpec) -> PlannedMissing:
        documented = self._dialect.missing if spec.missing is None else spec.missing
        if documented:
            return Default(documented)
        return _dropped(macro) if self._dialect.drops_missing else _nothing(macro)


# Looked up once: in Python 3.11, looking up an enumeration member takes as long as a call.
_EMPTY: Final = Missing.EMPTY
_DROP: Final = Missing.DROP
_RAISE: Final = Missing.RAISE
_FLAG_TYPE: Final = ValueType.FLAG
_IN_PLACE: Final = Step.IN_PLACE
_IN_SEGMENT: Final = Step.IN_SEGMENT
_FLAG = ("1", "0")


def _dropped(macro: Resolved) -> PlannedMissing:
    """Return what is sent instead of a value if its parameter, if any, is dropped."""
    return _DROP if is_in_parameter(macro) else _nothing(macro)


def _nothing(macro: Resolved) -> str:
    """Return what is sent for an empty value."""
    escapes = macro.place.escapes
    return _NOTHING.get(escapes[:1], "") if escapes else ""


_NOTHING: dict[tuple[Escape, ...], str] = {(Escape.VALUE,): "null", (Escape.NAME,): '""'}


def _as_written(macro: Resolved) -> str:
    """Return the text of a macro as written in the template; in a JSON body, as a JSON string or part of one."""
    text = macro.node.text
    if macro.place.depth or not macro.place.escapes:
        return text
    from json import dumps  # noqa: PLC0415 - few templates contain JSON

    for escape in macro.place.escapes:
        if escape in (Escape.VALUE, Escape.NAME):
            text = dumps(text, ensure_ascii=False)
        elif escape is Escape.STRING:
            text = dumps(text, ensure_ascii=False)[1:-1]
    return text
