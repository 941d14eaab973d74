"""What is promised of payloads: a bad one is a PayloadError, and any other is written as it was read."""

from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote

from macroengine import Diagnostic, PayloadDiagnostic, PayloadError, Severity
from macroengine.intake import appmetrica, appsflyer
from tests.fuzz.inputs import Input

_ARRIVALS = (None, datetime(2016, 1, 27, 12, tzinfo=UTC), datetime.min.replace(tzinfo=UTC))


def fuzz_body(made: Input) -> None:
    """A body of AppsFlyer's events API has errors, or is read and written without a change."""
    body = made.choose([made.bytes, made.text])()
    app_id = made.choose([None, "id123456789", "123456789", "com.app"])
    findings = appsflyer.validate(body, app_id=app_id)
    _assert_shown(findings)
    try:
        event = appsflyer.S2SEvent.from_json(body, app_id=app_id)
    except PayloadError as error:
        assert list(error.diagnostics) == _errors(findings)
        return
    assert not _errors(findings)
    written = event.to_json()
    assert appsflyer.S2SEvent.from_json(written, app_id=app_id) == event
    assert appsflyer.S2SEvent.from_json(written, app_id=app_id).to_json() == written


def fuzz_tracking(made: Input) -> None:
    """A tracking URL of AppMetrica has errors, or is read and written without a change."""
    url = made.text()
    _assert_shown(appmetrica.validate(url, arrival=made.choose(_ARRIVALS)))
    findings = appmetrica.validate(url)
    try:
        engagement = appmetrica.parse_url(url)
    except PayloadError as error:
        assert list(error.diagnostics) == _errors(findings)
        return
    assert not _errors(findings)
    assert appmetrica.parse_url(appmetrica.build_url(1, engagement)) == engagement
    assert appmetrica.link_values(engagement).get("device_ip") == engagement.device_ip
    if engagement.click_id is not None:
        assert quote(quote(engagement.click_id, safe=""), safe="") in appmetrica.landing_url(url, engagement)


def _errors(findings: Iterable[Diagnostic | PayloadDiagnostic]) -> list[Diagnostic | PayloadDiagnostic]:
    return [finding for finding in findings if finding.severity is Severity.ERROR]


def _assert_shown(findings: Iterable[Diagnostic | PayloadDiagnostic]) -> None:
    for finding in findings:
        assert all(map(str.isprintable, str(finding).split("\n")))
