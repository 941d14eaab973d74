"""The codes of `match`: possible problems of a URL that is matched against a template."""

from dataclasses import dataclass

from macroengine.diagnostics import Diagnostic, Severity, Span, printable


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of problem, before it is found in a URL."""

    code: str
    name: str
    severity: Severity
    meaning: str

    def on(self, url: str, span: Span, message: str, hint: str | None = None) -> Diagnostic:
        """Report it at a place in the URL. The message quotes untrusted text, so control characters are escaped."""
        shown = None if hint is None else printable(hint)
        return Diagnostic(self.code, self.name, self.severity, printable(message), span, url, shown)


_E, _W = Severity.ERROR, Severity.WARNING

# Codes are never reused. 70x: the URL as a whole; 71x: its parameters; 72x: how values are encoded; 73x: the values.
NOT_A_URL = Fault("ME701", "not-a-url", _E, "text that does not begin like a URL")
TOO_LONG = Fault("ME702", "url-too-long", _E, "a URL that is longer than the template sends; nothing is read from it")
OTHER_TEMPLATE = Fault("ME703", "other-template", _E, "a URL whose text differs from the template's")
MISSING_PARAMETER = Fault("ME711", "missing-parameter", _W, "a parameter of the template that the URL lacks")
UNKNOWN_PARAMETER = Fault("ME712", "unknown-parameter", _W, "a parameter that the template does not have")
REPEATED_PARAMETER = Fault(
    "ME713", "repeated-parameter", _W, "a parameter that is in the URL more often than it should"
)
AMBIGUOUS = Fault("ME714", "ambiguous", _W, "a URL that can be read in several ways; the value is omitted")
LITERAL_MACRO = Fault("ME721", "literal-macro", _E, "a macro that was sent unreplaced")
DOUBLE_ENCODED = Fault("ME722", "double-encoded", _W, "a value that is encoded once more than its place needs")
NOT_ENCODED = Fault("ME723", "not-encoded", _W, "a character that should be encoded; `+` for a space; a lone `%`")
BAD_ENCODING = Fault("ME724", "bad-encoding", _E, "percent-encoded bytes that are not UTF-8")
EMPTY_IDENTIFIER = Fault(
    "ME731", "empty-identifier", _W, "an identifier that is empty, all zeros or a word like null, or the hash of one"
)
WRONG_CASE = Fault("ME732", "wrong-case", _W, "an identifier, hash, escape or parameter name in the wrong case")
WRONG_VALUE = Fault("ME733", "wrong-value", _W, "a value that its macro cannot have: an email address in a click id")
DIFFERENT_VALUE = Fault("ME734", "different-value", _E, "a value that is not the one that the event has")
NOT_SENT = Fault("ME735", "not-sent", _E, "a URL for an event for which the template sends nothing")

FAULTS = {
    fault.code: fault
    for fault in (
        NOT_A_URL,
        TOO_LONG,
        OTHER_TEMPLATE,
        MISSING_PARAMETER,
        UNKNOWN_PARAMETER,
        REPEATED_PARAMETER,
        AMBIGUOUS,
        LITERAL_MACRO,
        DOUBLE_ENCODED,
        NOT_ENCODED,
        BAD_ENCODING,
        EMPTY_IDENTIFIER,
        WRONG_CASE,
        WRONG_VALUE,
        DIFFERENT_VALUE,
        NOT_SENT,
    )
}
