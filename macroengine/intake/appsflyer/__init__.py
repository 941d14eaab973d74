"""AppsFlyer's S2S in-app events: request bodies, the time that counts, and the Events that fill postbacks."""

from macroengine.intake.appsflyer.events import S2SEvent, validate
from macroengine.intake.appsflyer.fields import home_dialect
from macroengine.intake.appsflyer.population import ZERO_ID, by_device, to_event
from macroengine.intake.appsflyer.stamping import Stamp, StampReason, stamp

__all__ = [
    "ZERO_ID",
    "S2SEvent",
    "Stamp",
    "StampReason",
    "by_device",
    "home_dialect",
    "stamp",
    "to_event",
    "validate",
]
