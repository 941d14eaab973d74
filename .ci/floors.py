"""Print the oldest versions that pyproject.toml allows, as a constraints file for pip."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# A requirement with a lower bound: a name, optional extras, and the first version.
_FLOOR = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*>=\s*(?P<version>[0-9.]+)")


def floors() -> list[str]:
    """Return `name==version` for each dependency of the library, its extras and its build."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = data["project"]
    extras = [one for extra in project["optional-dependencies"].values() for one in extra]
    found = [_FLOOR.match(one) for one in (*project["dependencies"], *extras)]
    return sorted({f"{one['name']}=={one['version']}" for one in found if one is not None})


if __name__ == "__main__":
    print("\n".join(floors()))
