"""What is remembered: results of functions of texts, however long those are, and properties of an object."""

from collections.abc import Callable, Sized
from functools import lru_cache, wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
S = TypeVar("S", bound=Sized)
T = TypeVar("T")

# Longer than nearly every name, host and macro: of longer ones no results are kept.
SHORT = 64


def sized_cache(
    tiers: dict[int, int],
) -> Callable[[Callable[Concatenate[S, P], T]], Callable[Concatenate[S, P], T]]:
    """Return a decorator like `lru_cache` that remembers fewer results of longer arguments, so that memory is bounded.

    `tiers` are lengths of the first argument, each with how many results for arguments up to this length are kept.
    What is longer than all of them is computed again each time.

    >>> length = sized_cache({8: 2})(len)
    >>> length("a"), length("a" * 1_000_000)
    (1, 1000000)
    """

    def decorate(function: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
        caches = [(length, lru_cache(maxsize=count)(function)) for length, count in sorted(tiers.items())]
        short, shortest = caches[0]

        @wraps(function)
        def cached(first: S, /, *others: P.args, **named: P.kwargs) -> T:
            size = len(first)
            call: Callable[..., T] = shortest
            if size > short:
                call = next((kept for length, kept in caches if size <= length), function)
            return call(first, *others, **named)

        def clear() -> None:
            for _, kept in caches:
                kept.cache_clear()

        cached.cache_clear = clear  # type: ignore[attr-defined]
        cached.caches = [kept for _, kept in caches]  # type: ignore[attr-defined]
        return cached

    return decorate


def short_cache(maxsize: int) -> Callable[[Callable[Concatenate[str, P], T]], Callable[Concatenate[str, P], T]]:
    """Return a decorator like `lru_cache` for functions of a text, that remembers the results of short texts only.

    >>> length = short_cache(maxsize=8)(len)
    >>> length("a"), length("a" * 1_000_000)
    (1, 1000000)
    """

    def decorate(function: Callable[Concatenate[str, P], T]) -> Callable[Concatenate[str, P], T]:
        kept = lru_cache(maxsize=maxsize)(function)

        @wraps(function)
        def cached(text: str, /, *others: P.args, **named: P.kwargs) -> T:
            call: Callable[..., T] = kept if len(text) <= SHORT else function
            return call(text, *others, **named)

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
