"""Codes for problems with files that contain templates, in addition to what rules find in the templates."""

from macroengine.diagnostics import Fault, Severity

# Codes are never reused. 65x: files in which templates are embedded.
UNCHECKED = Fault(
    "ME651",
    "unchecked-template",
    Severity.INFO,
    "a template of which the program makes another text, so that what is sent is not known",
)

FILE_FAULTS = {UNCHECKED.code: UNCHECKED}
