"""The options of a template that its plan depends on."""

from dataclasses import dataclass, field
from typing import Literal

from macroengine.kinds import HashCase
from macroengine.limits import Limits
from macroengine.plan.segments import ForMissing, Missing


@dataclass(frozen=True, slots=True)
class Options:
    """How a template is planned: the keyword arguments of `compile_template`, in hashable form."""

    missing: ForMissing = Missing.EMPTY
    missing_for: tuple[tuple[str, ForMissing], ...] = ()
    """Exceptions to `missing`, by the folded name of a documented macro or a parameter."""
    unknown: Literal["error", "keep", "empty"] = "error"
    nested: bool = True
    allow_host_macros: bool = False
    booleans: Literal["true/false", "1/0"] = "true/false"
    hash_case: HashCase | None = None
    limits: Limits = field(default_factory=Limits)
    kind: str = "URL"
    """What is planned, for error messages. Its size is limited like that of a URL."""
    is_form: bool = False
    """Whether values are encoded as in a form, whatever the dialect's encoding is."""
