"""Settings that pyproject.toml cannot express: MACROENGINE_PURE=1 builds a pure wheel for all platforms."""

import os

from setuptools import Distribution, setup


class _Distribution(Distribution):
    def has_ext_modules(self) -> bool:
        """Say whether there is anything to compile. That also decides the tags of a wheel."""
        return super().has_ext_modules() and not os.environ.get("MACROENGINE_PURE")


setup(distclass=_Distribution)
