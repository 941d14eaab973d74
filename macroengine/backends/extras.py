"""Imports of libraries that extras of the package install."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def extra(name: str, library: str) -> Iterator[None]:
    """Say which extra has the library, if it is not installed.

    >>> with extra("spark", "no_such_library"):
    ...     import no_such_library
    Traceback (most recent call last):
    ModuleNotFoundError: this backend needs its extra: pip install 'macroengine[spark]'
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] != library:
            raise
        said = f"this backend needs its extra: pip install 'macroengine[{name}]'"
        raise ModuleNotFoundError(said, name=error.name) from None
