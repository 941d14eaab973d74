"""Templates in files of other languages: in strings of programs, values of settings, code and links of documents.

`find_templates` finds them, each with the place of every character in the file, so that a finding has an exact place,
and a fix is written with the escapes of the language.
"""

from macroengine.workspace.embedded.embedded import Embedded
from macroengine.workspace.embedded.finder import find_templates
from macroengine.workspace.embedded.languages import language_of
from macroengine.workspace.embedded.literal import Edit
from macroengine.workspace.embedded.notation import CannotWriteError

__all__ = ["CannotWriteError", "Edit", "Embedded", "find_templates", "language_of"]
