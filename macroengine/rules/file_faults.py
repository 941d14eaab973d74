"""What is said of templates in files of other languages, besides what rules find in them."""

from macroengine.diagnostics import Fault, Severity

# A code is never used for another fault. 65x: files in which templates are embedded.
UNCHECKED = Fault(
    "ME651",
    "unchecked-template",
    Severity.INFO,
    "a template of which the program makes another text, so that what is sent is not known",
)

FILE_FAULTS = {UNCHECKED.code: UNCHECKED}
