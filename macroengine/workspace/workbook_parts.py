"""The ZIP archive of a workbook: whether it can be read, and which parts would be lost by rewriting it."""

import io
import re
import tomllib
import zipfile
from fnmatch import fnmatchcase
from importlib import resources

from macroengine.workspace.inputs import InputError, UnreadableError
from macroengine.workspace.text import WORKBOOK_MARKS

_MAX_UNPACKED = 536_870_912
_PARTS = tomllib.loads((resources.files(__package__) / "workbook_parts.toml").read_text(encoding="utf-8"))
# A formula with the cached result of its last calculation.
_RESULT = re.compile(rb"(?:</f>|<f\b[^<>]*/>)\s*<v>[^<]")
_EXTENSION = b"<extLst"
# Positions everything that is drawn on a sheet.
_ANCHOR = b"Anchor"


def check_archive(content: bytes, name: str) -> None:
    """Check that a file is a workbook of Excel 2007 or later.

    Raises:
        InputError: it is not, or it is encrypted or too large.
    """
    if content.startswith(WORKBOOK_MARKS[1]):
        raise InputError(
            f"{name}: locked with a password, or in the old .xls format; save it in Excel as .xlsx without one"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
            names = archive.namelist()
    except zipfile.BadZipFile:
        raise UnreadableError(f"{name}: not a workbook; save it in Excel as .xlsx") from None
    if unpacked > _MAX_UNPACKED:
        raise InputError(f"{name}: the workbook has {unpacked:,} bytes unpacked; the limit is {_MAX_UNPACKED:,}")
    if "xl/workbook.xml" not in names:
        raise UnreadableError(f"{name}: not a workbook; save it in Excel as .xlsx")


def lost_parts(content: bytes) -> list[str]:
    """Return descriptions of the parts of a workbook that would be lost if it were rewritten."""
    lost: dict[str, None] = {}
    results = 0
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            if fnmatchcase(name, _PARTS["drawing"]) and _ANCHOR not in archive.read(name):
                continue  # Google Sheets writes an empty one for each sheet
            if not any(fnmatchcase(name, pattern) for pattern in _PARTS["kept"]):
                lost[_words(name)] = None
            elif name == "xl/sharedStrings.xml" and b"<rPh" in archive.read(name):
                lost["phonetic guides"] = None
            elif name.startswith("xl/worksheets/sheet"):
                sheet = archive.read(name)
                results += len(_RESULT.findall(sheet))
                if _EXTENSION in sheet:
                    lost["newer formats, such as sparklines and rules for formats"] = None
    if results:
        lost[f"stored results of {results:,} formula{'s' if results > 1 else ''}"] = None
    return list(lost)


def _words(part: str) -> str:
    if part.endswith(".rels"):  # belongs to another part that is listed
        part = part.replace("_rels/", "").removesuffix(".rels")
    return next((words for pattern, words in _PARTS["lost"].items() if fnmatchcase(part, pattern)), part)
