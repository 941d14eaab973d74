"""What pyproject.toml cannot say: MACROENGINE_PURE=1 builds no extension, and a wheel that fits every platform."""

import os

from setuptools import Distribution, setup


class _Distribution(Distribution):
    def has_ext_modules(self) -> bool:
        """Say whether there is anything to compile, which decides the tags of a wheel, too."""
        return super().has_ext_modules() and not os.environ.get("MACROENGINE_PURE")


setup(distclass=_Distribution)
