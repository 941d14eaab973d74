"""From what platforms send to Events, and from Events to when they are sent on."""

from macroengine.intake import appmetrica, appsflyer
from macroengine.intake.appmetrica import Click, Impression, build_url, landing_url, link_values, parse_url
from macroengine.intake.appsflyer import S2SEvent
from macroengine.intake.delivery import Outcome, RetrySchedule, delay, next_try, outcome, ramp, retry_schedule
from macroengine.intake.faults import FAULTS, Fault
from macroengine.intake.figures import clean_figure
from macroengine.intake.population import ZERO_ID, by_device, to_event
from macroengine.intake.stamping import Stamp, StampReason, stamp
from macroengine.intake.tracking import is_timely

__all__ = [
    "FAULTS",
    "ZERO_ID",
    "Click",
    "Fault",
    "Impression",
    "Outcome",
    "RetrySchedule",
    "S2SEvent",
    "Stamp",
    "StampReason",
    "appmetrica",
    "appsflyer",
    "build_url",
    "by_device",
    "clean_figure",
    "delay",
    "is_timely",
    "landing_url",
    "link_values",
    "next_try",
    "outcome",
    "parse_url",
    "ramp",
    "retry_schedule",
    "stamp",
    "to_event",
]
