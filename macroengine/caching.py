"""What is remembered: results of functions of texts, however long those are, and properties of an object."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# Longer than nearly every name, host and macro. What is longer is computed again each time.
_LONGEST = 64


def short_cache(maxsize: int) -> Callable[[Callable[Concatenate[str, P], T]], Callable[Concatenate[str, P], T]]:
    """Return a decorator like `lru_cache` for functions of a text, that remembers the results of short texts only.

    >>> length = short_cache(maxsize=8)(len)
    >>> length("a"), length("a" * 1_000_000)
    (1, 1000000)
    """

    def decorate(function: Callable[Concatenate[str, P], T]) -> Callable[Concatenate[str, P], T]:
        kept = lru_cache(maxsize=maxsize)(function)

        @wraps(function)
        def cached(text: str, /, *arguments: P.args, **options: P.kwargs) -> T:
            call: Callable[..., T] = kept if len(text) <= _LONGEST else function
            return call(text, *arguments, **options)

        return cached

    return decorate


class once(Generic[T]):  # noqa: N801 - used as a decorator
    """A property that is computed when it is first asked for, as `functools.cached_property` without its lock.

    Before Python 3.12 taking that lock costs more than most of what a check computes. An object that threads share
    needs it; one that lives in a call does not.
    """

    def __init__(self, function: Callable[[Any], T]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    def __get__(self, instance: object, owner: type) -> T:
        value = vars(instance)[self._function.__name__] = self._function(instance)
        return value
