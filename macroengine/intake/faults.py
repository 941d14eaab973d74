"""The codes of intake's diagnostics: possible problems of a payload."""

from macroengine.diagnostics import Fault, Severity

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO

# Codes are never reused. 50x: any JSON payload; 51x: its fields; 52x: what the payload belongs to; 55x: tracking URLs.
TOO_LARGE = Fault("ME501", "payload-too-large", _E, "larger than the platform accepts")
NOT_UNICODE = Fault("ME502", "not-unicode", _E, "bytes that are not UTF-8, or half a surrogate pair")
NOT_JSON = Fault(
    "ME503", "not-json", _E, "not valid JSON: a syntax error, NaN, a number too large to read, nesting too deep"
)
SEVERAL_EVENTS = Fault("ME504", "several-events", _E, "an array; a request holds one event")
REPEATED_KEY = Fault("ME505", "repeated-key", _E, "a repeated key in an object")
MISSING_FIELD = Fault("ME511", "missing-field", _E, "a mandatory field is missing or empty")
WRONG_TYPE = Fault("ME512", "wrong-type", _E, "a value of another type than documented")
MALFORMED_VALUE = Fault("ME513", "malformed-value", _E, "a value that does not have the documented form")
UNKNOWN_VALUE = Fault("ME514", "unknown-value", _E, "a value that is not among the documented ones")
NOT_STRINGIFIED = Fault("ME515", "not-stringified", _E, "an object instead of a string that contains JSON")
FORMATTED_FIGURE = Fault("ME516", "formatted-figure", _E, "an amount with a currency, grouping, spaces or an exponent")
INVALID_TIME = Fault("ME517", "invalid-time", _W, "an event time that cannot be read; the arrival counts")
UNKNOWN_FIELD = Fault("ME518", "unknown-field", _W, "a field that the API does not have")
UNREPORTABLE_FIELD = Fault("ME519", "unreportable-field", _W, "a field that cannot be reported by S2S")
OTHER_ADDRESS = Fault("ME520", "other-address", _W, "an IPv6 address where IPv4 is documented")
MISSING_SYSTEM = Fault("ME521", "missing-system-version", _W, "no system version, which counts as a newer iOS")
MIXED_PLATFORMS = Fault("ME522", "mixed-platforms", _W, "identifiers of several platforms in one event")
UNPREFIXED_APP = Fault("ME523", "unprefixed-app-id", _E, "an iOS app without its prefix; events are not recorded")
OTHER_DEVICE = Fault("ME524", "other-device", _E, "the install is that of another device")
CONFLICTING_VALUES = Fault("ME525", "conflicting-values", _W, "two fields with different values for the same thing")
UNUSABLE_ADDRESS = Fault("ME526", "unusable-address", _W, "an IP address that no device on the internet has")
UNREPLACED_VALUE = Fault("ME527", "unreplaced-value", _W, "a macro or a word like null where a value belongs")
NOT_TRACKING = Fault("ME551", "not-a-tracking-url", _E, "not the URL of a click or an impression")
TRACKING_ID = Fault("ME552", "unusual-tracking-id", _W, "a tracking id that is not a decimal number")
MISSING_PARAMETER = Fault("ME553", "missing-parameter", _E, "a mandatory parameter is missing or empty")
NOT_AN_IP = Fault("ME554", "not-an-ip", _E, "not an IPv4 or IPv6 address, or a range of them")
NOT_A_TIMESTAMP = Fault("ME555", "not-a-timestamp", _E, "a time that is not in whole UNIX seconds")
IN_THE_FUTURE = Fault("ME556", "in-the-future", _E, "a time after the arrival")
TOO_LATE = Fault("ME557", "too-late", _E, "arrived too long after the click or impression to count")
MISSPELT_PARAMETER = Fault("ME558", "misspelt-parameter", _W, "a documented parameter with another case, `-` or `_`")
TYPOGRAPHIC_DASH = Fault("ME559", "typographic-dash", _E, "a dash where an identifier has a hyphen")
MALFORMED_ID = Fault("ME560", "malformed-id", _W, "an identifier that does not have the documented form")
RAW_LINE_BREAK = Fault("ME561", "raw-line-break", _W, "a line break or tab inside the URL; it is ignored")
REPEATED_PARAMETER = Fault("ME562", "repeated-parameter", _E, "a repeated parameter in a URL")
NOT_A_FLAG = Fault("ME563", "not-a-flag", _W, "a switch that is neither 0 nor 1")
BAD_ENCODING = Fault("ME564", "bad-encoding", _E, "percent-encoded bytes that are not UTF-8")
NO_CLICK_ID = Fault("ME565", "no-click-id", _E, "no click id to pass on to the store")
LOST_PARAMETER = Fault("ME566", "lost-parameter", _E, "a parameter that is not read because of a wrong separator")
HTML_ESCAPED = Fault("ME567", "html-escaped", _E, "a link that was copied from HTML, with &amp; for &")
UNREPLACED_MACRO = Fault("ME568", "unreplaced-macro", _E, "a macro, or a word like null, where a value belongs")
UNREPLACED_CUSTOM = Fault("ME569", "unreplaced-custom", _W, "the same in a parameter that may have any value")
ORDINARY_LINK = Fault("ME570", "ordinary-link", _I, "a tracking link for a browser, which reports nothing by S2S")
UNUSABLE_IP = Fault("ME571", "unusable-ip", _W, "an IP address that no device on the internet has, in a URL")

FAULTS = {
    fault.code: fault
    for fault in (
        TOO_LARGE,
        NOT_UNICODE,
        NOT_JSON,
        SEVERAL_EVENTS,
        REPEATED_KEY,
        MISSING_FIELD,
        WRONG_TYPE,
        MALFORMED_VALUE,
        UNKNOWN_VALUE,
        NOT_STRINGIFIED,
        FORMATTED_FIGURE,
        INVALID_TIME,
        UNKNOWN_FIELD,
        UNREPORTABLE_FIELD,
        OTHER_ADDRESS,
        MISSING_SYSTEM,
        MIXED_PLATFORMS,
        UNPREFIXED_APP,
        OTHER_DEVICE,
        CONFLICTING_VALUES,
        UNUSABLE_ADDRESS,
        UNREPLACED_VALUE,
        NOT_TRACKING,
        TRACKING_ID,
        MISSING_PARAMETER,
        NOT_AN_IP,
        NOT_A_TIMESTAMP,
        IN_THE_FUTURE,
        TOO_LATE,
        MISSPELT_PARAMETER,
        TYPOGRAPHIC_DASH,
        MALFORMED_ID,
        RAW_LINE_BREAK,
        REPEATED_PARAMETER,
        NOT_A_FLAG,
        BAD_ENCODING,
        NO_CLICK_ID,
        LOST_PARAMETER,
        HTML_ESCAPED,
        UNREPLACED_MACRO,
        UNREPLACED_CUSTOM,
        ORDINARY_LINK,
        UNUSABLE_IP,
    )
}
