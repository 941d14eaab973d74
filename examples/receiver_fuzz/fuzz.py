"""A test for any receiver of postbacks: sending the parameters that it read gives the same postback."""

from collections.abc import Callable

from hypothesis import HealthCheck, given, reject, settings

from macroengine import Event, Policy, RenderError, compile_template, dialect
from macroengine.testing import assert_postback, events

POLICY = Policy("in-app")
TEMPLATE = compile_template("https://n.example/pb?click=(clickid)&event=(event_name)&ip=(ip)", policy=POLICY)
MACROS = [dialect("appsflyer").macros[name] for name in TEMPLATE.macros]

_PATIENT = settings(max_examples=500, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


def fuzz(receiver: Callable[[str], dict[str, str]]) -> None:
    """Send all kinds of postbacks to a receiver; AssertionError says which parameter it misreads."""

    @settings(_PATIENT, derandomize=True)
    @given(events(macros=MACROS, policy=POLICY))
    def law(event: Event) -> None:
        try:
            url = TEMPLATE.render(event)
        except RenderError:
            reject()
        read = receiver(url)
        sdk = {"event_name": read["event"], "ip": read["ip"]}
        assert_postback(url, TEMPLATE, Event({"click_id": read["click"]}, sdk, postback="in-app"))

    law()
