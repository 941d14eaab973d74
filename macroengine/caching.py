"""Caches with bounded memory for functions of strings, a cached property without a lock, and late patterns."""

import re
from collections.abc import Callable, Sized
from functools import lru_cache, wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast

P = ParamSpec("P")
S = TypeVar("S", bound=Sized)
T = TypeVar("T")

# Nearly all names, hosts and macros are shorter. Results for longer strings are not cached.
SHORT = 64


def sized_cache(
    tiers: dict[int, int],
) -> Callable[[Callable[Concatenate[S, P], T]], Callable[Concatenate[S, P], T]]:
    """Return a decorator like `lru_cache` that keeps fewer results for longer arguments, so that memory is bounded.

    `tiers` maps a maximum length of the first argument to the number of results kept for arguments up to that length.
    Results for longer arguments are not cached.

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
    """Return a decorator like `lru_cache` that only caches the results of short strings.

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
    """A property that is computed on first use, like `functools.cached_property` without its lock.

    Before Python 3.12, taking that lock costs more than most of the values that a check computes. Don't use it on
    objects that threads share.
    """

    def __init__(self, function: Callable[[Any], T]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    def __get__(self, instance: object, owner: type) -> T:
        value = vars(instance)[self._function.__name__] = self._function(instance)
        return value


def late_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return what `re.compile` does, compiled at its first use: a program waits only for the patterns that it uses.

    >>> late_pattern("a+").fullmatch("aa")[0]
    'aa'
    """
    return cast("re.Pattern[str]", _LatePattern(pattern, flags))


class _Late:
    """A method or attribute of a pattern, which the object that has it keeps from its first use on."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> object:
        value = vars(instance)[self._name] = getattr(re.compile(*instance.given), self._name)
        return value


class _LatePattern:
    # Not __getattr__, which would be asked first, and in Python, for what is there already, too.
    match, fullmatch, search, finditer, findall, sub, split, pattern = (_Late() for _ in range(8))

    def __init__(self, pattern: str, flags: int) -> None:
        self.given = pattern, flags
