"""Write what an implementation in another language has to know of AppsFlyer and AppMetrica.

python -m tests.make_catalogue
    Write conformance/javascript/catalogue.json.
"""

import json
import tomllib
from pathlib import Path
from typing import Any

from macroengine import Dialect, dialect
from macroengine.catalogue.consent import consent_fields, needs_consent

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "conformance" / "javascript" / "catalogue.json"


def catalogue() -> str:
    """Return the text of the file: a macro a line."""
    return json.dumps({name: _dialect(dialect(name)) for name in ("appsflyer", "appmetrica")}, indent=1) + "\n"


def _dialect(own: Dialect) -> dict[str, Any]:
    form = own.syntax.forms[0]
    syntaxes = tomllib.loads((ROOT / "grammar" / "syntaxes.toml").read_text(encoding="utf-8"))
    forms = [text.replace("NAME", "\0", 1).split("\0") for one in syntaxes.values() for text in one["forms"]]
    return {
        "opener": form.opener,
        "closer": form.closer,
        "name": form.name,
        "outer": sorted({tuple(text) for text in forms if form.opener in text[0][1:]}),
        "functions": dict(own.syntax.functions),
        "open": own.open,
        "encoding": own.encoding,
        "missing": own.missing,
        "consent": [[found.source, found.field, found.consent] for found in consent_fields(own)],
        "macros": [
            {
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
            }
            for spec in own.macros.values()
        ],
    }


if __name__ == "__main__":
    FILE.write_text(catalogue(), encoding="utf-8")
