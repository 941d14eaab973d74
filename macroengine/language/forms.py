"""How one kind of macro is written: what opens it, its name, an argument, and what closes it."""

import re
from typing import NamedTuple

_NAME, _ARGUMENT = "NAME", "ARGUMENT"
# Where a macro could begin, all of its opener may have to be compared.
_MAX_DELIMITER = 32


class FormError(ValueError):
    """A form that no syntax may have; the message says why."""


class Form(NamedTuple):
    """One way to write a macro.

    >>> form = Form.of("${NAME:ARGUMENT}", name="[A-Z]+")
    >>> form.opener, form.separator, form.closer
    ('${', ':', '}')
    """

    opener: str
    separator: str
    """What is between the name and the argument; empty in a form without an argument."""
    closer: str
    name: str
    """The pattern of a name, in the part of regular expressions that `patterns` describes."""
    argument: str | None = None
    """The pattern of an argument; None for any text up to the closer."""
    alternatives: str | None = None
    """What is between names of which the first that has a value is meant."""

    @classmethod
    def of(cls, text: str, *, name: str, argument: str | None = None, alternatives: str | None = None) -> "Form":
        """Return the form that is written `text`, with NAME and, where there is one, ARGUMENT in it.

        Raises:
            FormError: the text has no NAME, or nothing before or after it, or begins with what no macro may begin with.
        """
        opener, found, rest = text.partition(_NAME)
        separator, has_argument, closer = rest.partition(_ARGUMENT)
        if not has_argument:
            separator, closer = "", rest
        if not found or _NAME in rest or _ARGUMENT in opener + closer:
            raise FormError("has NAME once, and ARGUMENT after it at most once")
        if not opener or not closer or (has_argument and not separator):
            raise FormError("has something before and after NAME, and between NAME and ARGUMENT")
        if max(map(len, (opener, separator, closer))) > _MAX_DELIMITER:
            raise FormError(f"has at most {_MAX_DELIMITER} characters before, between and after NAME and ARGUMENT")
        if opener[0].isalnum():
            raise FormError("does not begin with a letter or digit, which would be found inside words")
        if opener[0] in "/?&=:;":
            raise FormError(f"does not begin with {opener[0]!r}, which separates the parts of a URL")
        if not text.isprintable() or " " in text:
            raise FormError("has no white space or control characters")
        return cls(opener, separator, closer, name, argument, alternatives)

    @property
    def text(self) -> str:
        """The form as a dialect's file writes it."""
        return f"{self.opener}{_NAME}{self.separator and self.separator + _ARGUMENT}{self.closer}"

    def write(self, inside: str) -> str:
        """Return a macro of this form; `inside` is what is between the delimiters."""
        return f"{self.opener}{inside}{self.closer}"

    @property
    def pattern(self) -> str:
        """A regular expression for a macro of this form, with the groups `names` and, where it has one, `argument`."""
        names = self.name if self.alternatives is None else _repeated(self.name, re.escape(self.alternatives))
        argument = f"{re.escape(self.separator)}(?P<argument>{self._argument})" if self.separator else ""
        return f"{re.escape(self.opener)}(?P<names>{names}){argument}{re.escape(self.closer)}"

    @property
    def bare_pattern(self) -> str:
        """The same without names of groups, to be part of a larger expression."""
        return re.sub(r"\(\?P<\w+>", "(?:", self.pattern)

    @property
    def _argument(self) -> str:
        if self.argument is not None:
            return self.argument
        # Not past the next opener, so that no text is looked at from two openers: reading takes linear time.
        stops = dict.fromkeys((self.closer, self.opener))
        if all(len(stop) == 1 for stop in stops):
            return f"[^{''.join(map(re.escape, stops))}]+"
        return f"(?:(?!{'|'.join(map(re.escape, stops))})[\\s\\S])+"


def _repeated(pattern: str, separator: str) -> str:
    return f"(?:{pattern})(?:{separator}(?:{pattern}))*"
