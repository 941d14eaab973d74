"""Codes for problems with files that contain templates, in addition to what rules find in the templates."""

from macroengine.diagnostics import Fault, Severity

# Codes are never reused. 65x: files in which templates are embedded.
UNCHECKED = Fault(
    "ME651",
    "unchecked-template",
    Severity.INFO,
    "a template that the code around it changes, so it cannot be checked",
)

FILE_FAULTS = {UNCHECKED.code: UNCHECKED}
