"""AppsFlyer's S2S events for mobile apps: read and write request bodies as S2SEvent.

https://dev.appsflyer.com/hc/reference/s2s-events-api3-post; the table of the fields is `s2s.toml`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from macroengine.arguments import check_each
from macroengine.diagnostics import PayloadDiagnostic, Severity
from macroengine.errors import PayloadError
from macroengine.intake import faults
from macroengine.intake.appsflyer.body import check_body
from macroengine.intake.appsflyer.fields import fields_below
from macroengine.intake.appsflyer.stamping import format_time
from macroengine.intake.json_reader import below, read_json
from macroengine.kinds import ValueType
from macroengine.rendering.values import UnsendableError, value_text


@dataclass(frozen=True, slots=True)
class S2SEvent:
    """An in-app event reported by a server. None means that the field is not sent."""

    appsflyer_id: str
    event_name: str
    event_value: str | Mapping[str, object] = ""
    """JSON as the exact string that was sent, or a mapping that `to_json` converts; `""` for no value."""
    event_currency: str | None = None
    event_time: str | datetime | None = None
    advertising_id: str | None = None
    oaid: str | None = None
    amazon_aid: str | None = None
    imei: str | None = None
    app_set_id: Mapping[str, object] | None = None
    """`scope` (1: this app, 2: all apps of its developer) and `id`."""
    idfa: str | None = None
    idfv: str | None = None
    att: int | None = None
    """0 not determined, 1 restricted, 2 denied, 3 authorized."""
    aie: bool | None = None
    """True: the user agreed to share the advertising id."""
    os: str | None = None
    """The version of the operating system."""
    ip: str | None = None
    ua: str | None = None
    bundle_identifier: str | None = None
    app_version_name: str | None = None
    app_store: str | None = None
    app_type: str | None = None
    customer_user_id: str | None = None
    email_hashed: str | None = None
    phone_number_hashed: str | None = None
    phone_number_e164_hashed: str | None = None
    first_name_hashed: str | None = None
    last_name_hashed: str | None = None
    fb_login_id: str | None = None
    sharing_filter: str | tuple[str, ...] | None = None
    """`"all"`, or the partners that are not told about the event."""
    consent_data: Mapping[str, object] | None = None
    custom_data: str | Mapping[str, object] | None = None
    custom_dimension: str | None = None
    af_events_api: str | None = None

    @classmethod
    def from_json(cls, body: str | bytes, *, app_id: str | None = None) -> "S2SEvent":
        """Read the body of a request to the app `app_id`. Unknown fields are ignored.

        >>> event = S2SEvent.from_json('{"appsflyer_id": "1415211453000-6513894", "eventName": "e", "eventValue": ""}')
        >>> event.event_name
        'e'

        Raises:
            PayloadError: the platform would reject or misread it. The exception lists all problems.
        """
        check_each(str | bytes, "a string or bytes", body=body)
        check_each(str | None, "a string", app_id=app_id)
        read = check_body(body, app_id)
        errors = [found for found in read.diagnostics if found.severity is Severity.ERROR]
        if errors or not isinstance(read.value, dict):
            raise PayloadError(errors)
        rows = fields_below("")
        given = ((rows[name].attribute, value) for name, value in read.value.items() if name in rows)
        values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given}
        return cls(**values)

    def to_json(self) -> str:
        r"""Return the body to send, with `eventValue` as a JSON string.

        >>> S2SEvent("1415211453000-6513894", "af_purchase", {"af_revenue": "6"}).to_json()
        '{"appsflyer_id":"1415211453000-6513894","eventName":"af_purchase","eventValue":"{\\"af_revenue\\":\\"6\\"}"}'

        Raises:
            PayloadError: a value cannot be written as JSON.
        """
        body: dict[str, object] = {}
        for name, row in fields_below("").items():
            value = getattr(self, row.attribute)
            if row.type == "json-text" and isinstance(value, Mapping):
                value = _stringified(value, name)
            elif isinstance(value, datetime):
                value = format_time(value)
            if value is not None:
                body[name] = value
        return _stringified(body, "")

    def values(self) -> Mapping[str, object]:
        """Return the content of the event value; empty if there is none, or if it is not an object."""
        if isinstance(self.event_value, Mapping):
            return self.event_value
        value = read_json(self.event_value).value if self.event_value else None
        return value if isinstance(value, dict) else {}

    def is_shared_with(self, partner: str) -> bool:
        """Say whether a partner may be told about the event.

        >>> S2SEvent("1415211453000-6513894", "e", sharing_filter=("examplenet_int",)).is_shared_with("examplenet_int")
        False
        """
        return self.sharing_filter != "all" and partner not in (self.sharing_filter or ())


def validate(payload: str | bytes | S2SEvent, *, app_id: str | None = None) -> list[PayloadDiagnostic]:
    """Return the problems of a request body for the app `app_id`; an empty list if it is valid.

    >>> for found in validate('{"appsflyer_id": "1415211453000-6513894", "eventValue": "{}", "eventCurrency": "usd"}'):
    ...     print(found.pointer, found.message, found.hint, sep="; ")
    /eventName; 'eventName' is missing; None
    /eventCurrency; unknown currency 'usd'; write 'USD'

    Raises:
        PayloadError: an S2SEvent contains a value that cannot be written as JSON.
    """
    check_each(str | bytes | S2SEvent, "a string, bytes or an S2SEvent", payload=payload)
    check_each(str | None, "a string", app_id=app_id)
    return list(check_body(payload.to_json() if isinstance(payload, S2SEvent) else payload, app_id).diagnostics)


def _stringified(value: Mapping[str, object], name: str) -> str:
    """Return JSON as macros send it, with numbers in plain digits."""
    try:
        return value_text(dict(value), ValueType.JSON, ("true", "false"))
    except UnsendableError as error:
        message = f"not JSON: {str(error).rstrip(',')}"
        raise PayloadError([faults.NOT_JSON.at(below("", name) if name else "", message)]) from None
