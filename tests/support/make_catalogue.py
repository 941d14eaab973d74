"""Write the dialects' data for an implementation in another language.

python -m tests.support.make_catalogue
    Write conformance/javascript/catalogue.json.
"""

import json
from pathlib import Path
from typing import Any

from macroengine import Dialect, MacroSpec, dialect, dialect_names
from macroengine.catalogue.aliases import conversions
from macroengine.catalogue.consent import consent_fields, needs_consent
from macroengine.language.forms import Form

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "conformance" / "javascript" / "catalogue.json"
# Keys that a row may omit.
_DEFAULTS = {
    "names": [],
    "send_all": False,
    "type": "text",
    "functions": {},
    "case": "as-is",
    "encoding": None,
    "missing": None,
    "identifier": False,
    "family": None,
}


def catalogue() -> str:
    """Return the text of the file, with one macro per line."""
    units = {field: {"of": other, "times": times} for field, (other, times) in conversions().items()}
    dialects = ",\n".join(f"{json.dumps(name)}: {_dialect(dialect(name))}" for name in dialect_names())
    return f'{{"conversions": {json.dumps(units)},\n"dialects": {{\n{dialects}\n}}}}\n'


def _dialect(own: Dialect) -> str:
    known = {
        "forms": [_form(form) for form in own.syntax.forms],
        "outer": [_form(form) for form in own.syntax.outer],
        "functions": dict(own.syntax.functions),
        "open": own.open,
        "partial": own.partial,
        "encoding": own.encoding,
        "missing": own.missing,
        "drops_missing": own.drops_missing,
        "consent": [[found.source, found.field, found.consent] for found in consent_fields(own)],
    }
    rows = ",\n".join(f"  {json.dumps(_row(spec, own))}" for spec in own.macros.values())
    return f'{json.dumps(known)[:-1]}, "macros": [\n{rows}\n]}}'


def _form(form: Form) -> dict[str, Any]:
    return {key: value for key, value in form._asdict().items() if value is not None}


def _row(spec: MacroSpec, own: Dialect) -> dict[str, Any]:
    row = {
        "name": spec.name,
        "names": [*spec.spellings, *spec.legacy],
        "field": spec.field,
        "source": spec.source,
        "send_all": spec.send_all,
        "type": spec.type,
        "functions": {function: list(names) for function, names in spec.functions},
        "case": spec.case,
        "encoding": spec.encoding,
        "missing": spec.missing,
        "identifier": needs_consent(spec, own),
        "family": spec.family,
    }
    return {key: value for key, value in row.items() if key not in _DEFAULTS or value != _DEFAULTS[key]}


if __name__ == "__main__":
    FILE.write_text(catalogue(), encoding="utf-8")
