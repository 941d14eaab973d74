"""Find templates in files of other languages: in program strings, configuration values, and documents.

`find_templates` returns each template with the place of every character in the file. So findings have exact places, and
fixes are written with the escapes of the language.
"""

from macroengine.workspace.embedded.embedded import Embedded
from macroengine.workspace.embedded.finder import find_templates
from macroengine.workspace.embedded.languages import language_of
from macroengine.workspace.embedded.literal import Edit
from macroengine.workspace.embedded.notation import CannotWriteError
from macroengine.workspace.embedded.reuse import Memory

__all__ = ["CannotWriteError", "Edit", "Embedded", "Memory", "find_templates", "language_of"]
