"""What `check` finds in addition to the rules: problems of requests, of files, and of what is too large to check."""

from macroengine.diagnostics import Fault, Severity
from macroengine.errors import LIMIT_EXCEEDED
from macroengine.rules.file_faults import FILE_FAULTS
from macroengine.rules.request_faults import REQUEST_FAULTS

_LIMIT = Fault(LIMIT_EXCEEDED, "limit-exceeded", Severity.ERROR, "a template or request that is too large to check")

# Cannot be ignored, since nothing else is found.
LIMIT_FAULTS = {_LIMIT.code: _LIMIT}
OTHER_FAULTS = {**LIMIT_FAULTS, **REQUEST_FAULTS, **FILE_FAULTS}
