"""One way to write a macro: opener, name, argument, and closer."""

import re
from typing import NamedTuple

_NAME, _ARGUMENT = "NAME", "ARGUMENT"
# The whole opener may have to be compared at every place.
_MAX_DELIMITER = 32


class FormError(ValueError):
    """The form is not allowed in a syntax. The message says why."""


class Form(NamedTuple):
    """One way to write a macro.

    >>> form = Form.of("${NAME:ARGUMENT}", name="[A-Z]+")
    >>> form.opener, form.separator, form.closer
    ('${', ':', '}')
    """

    opener: str
    separator: str
    """The text between the name and the argument; empty in a form without an argument."""
    closer: str
    name: str
    """The pattern of a name, in the regular expression subset that `patterns` describes."""
    argument: str | None = None
    """The pattern of an argument; None: any text up to the closer."""
    alternatives: str | None = None
    """The separator of several names, of which the first that has a value is used."""

    @classmethod
    def of(cls, text: str, *, name: str, argument: str | None = None, alternatives: str | None = None) -> "Form":
        """Return the form written as `text`, which contains NAME and optionally ARGUMENT.

        Raises:
            FormError: the text has no NAME, or nothing before or after it, or begins with a forbidden character.
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
        """The form as it is written in a dialect's file."""
        return f"{self.opener}{_NAME}{self.separator and self.separator + _ARGUMENT}{self.closer}"

    def write(self, inside: str) -> str:
        """Return a macro of this form. `inside` is the text between the delimiters."""
        return f"{self.opener}{inside}{self.closer}"

    @property
    def pattern(self) -> str:
        """A regular expression for a macro of this form, with the groups `names` and, if it has one, `argument`."""
        names = self.name if self.alternatives is None else _repeated(self.name, re.escape(self.alternatives))
        argument = f"{re.escape(self.separator)}(?P<argument>{self._argument})" if self.separator else ""
        return f"{re.escape(self.opener)}(?P<names>{names}){argument}{re.escape(self.closer)}"

    @property
    def bare_pattern(self) -> str:
        """The same expression without named groups, for use in a larger one."""
        return re.sub(r"\(\?P<\w+>", "(?:", self.pattern)

    @property
    def _argument(self) -> str:
        if self.argument is not None:
            return self.argument
        # Stop at the next opener, so that no text is scanned from two openers, and parsing takes linear time.
        stops = dict.fromkeys((self.closer, self.opener))
        if all(len(stop) == 1 for stop in stops):
            return f"[^{''.join(map(re.escape, stops))}]+"
        return f"(?:(?!{'|'.join(map(re.escape, stops))})[\\s\\S])+"


def _repeated(pattern: str, separator: str) -> str:
    return f"(?:{pattern})(?:{separator}(?:{pattern}))*"
