"""The codes of `check_request` for problems of a request other than its macros and its URL."""

from macroengine.diagnostics import Fault, Severity

_E, _W, _I = Severity

# Codes are never reused. ME601 to ME610: the JSON body; the others: the rest of the request.
MALFORMED_JSON = Fault("ME601", "malformed-json", _E, "a body that is not JSON", "safe")
TRAILING_COMMA = Fault("ME602", "trailing-comma", _E, "a comma after the last element of an array or object", "safe")
JSON_COMMENT = Fault("ME603", "json-comment", _E, "a comment, which JSON does not have", "safe")
SINGLE_QUOTES = Fault("ME604", "single-quotes", _E, "a string in single quotes", "safe")
BYTE_ORDER_MARK = Fault("ME605", "byte-order-mark", _E, "a byte order mark before the body", "safe")
REPEATED_MEMBER = Fault(
    "ME606", "repeated-member", _W, "a name that is repeated in an object; most receivers take the last one", "unsafe"
)
LOOSE_MACRO = Fault(
    "ME607", "loose-macro", _E, "a macro next to another value, neither in a string nor a value by itself"
)
MALFORMED_STRING = Fault(
    "ME608", "malformed-string", _E, "a control character, or a wrong escape, in a JSON string", "safe"
)
MALFORMED_WORD = Fault(
    "ME609", "malformed-word", _E, "a word that is not JSON: not a number, true, false or null", "safe"
)
VARIABLE_MEMBER = Fault(
    "ME610", "variable-member", _I, "a macro in the name of a member, whose value can be the name of another one"
)
MALFORMED_METHOD = Fault(
    "ME611", "malformed-method", _E, "a method that is invalid, or never used for postbacks", "safe"
)
UNKNOWN_CONTENT_TYPE = Fault("ME612", "unknown-content-type", _E, "a content type that templates do not support")
MISSING_CONTENT_TYPE = Fault(
    "ME613", "missing-content-type", _E, "a body without a content type, or a content type without a body"
)
UNEXPECTED_BODY = Fault("ME614", "unexpected-body", _W, "a body with a method that does not use one")
MALFORMED_HEADER_NAME = Fault("ME615", "malformed-header-name", _E, "an invalid header name")
MALFORMED_HEADER = Fault(
    "ME616", "malformed-header", _E, "a header value with more than visible ASCII and inner spaces"
)
REPEATED_HEADER = Fault("ME617", "repeated-header", _E, "one header twice")
RESERVED_HEADER = Fault("ME618", "reserved-header", _E, "a header that is set from the URL, the body or the connection")

REQUEST_FAULTS = {
    fault.code: fault
    for fault in (
        MALFORMED_JSON,
        TRAILING_COMMA,
        JSON_COMMENT,
        SINGLE_QUOTES,
        BYTE_ORDER_MARK,
        REPEATED_MEMBER,
        LOOSE_MACRO,
        MALFORMED_STRING,
        MALFORMED_WORD,
        VARIABLE_MEMBER,
        MALFORMED_METHOD,
        UNKNOWN_CONTENT_TYPE,
        MISSING_CONTENT_TYPE,
        UNEXPECTED_BODY,
        MALFORMED_HEADER_NAME,
        MALFORMED_HEADER,
        REPEATED_HEADER,
        RESERVED_HEADER,
    )
}
