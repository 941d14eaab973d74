"""AppMetrica's S2S clicks and impressions: tracking URLs, and the Link values of the events that follow."""

from macroengine.intake.appmetrica.checks import is_timely
from macroengine.intake.appmetrica.engagements import (
    Click,
    Engagement,
    Impression,
    build_url,
    landing_url,
    link_values,
    parse_url,
    tracking_id_of,
    validate,
)

__all__ = [
    "Click",
    "Engagement",
    "Impression",
    "build_url",
    "is_timely",
    "landing_url",
    "link_values",
    "parse_url",
    "tracking_id_of",
    "validate",
]
