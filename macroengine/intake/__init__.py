"""Read payloads from platforms as Events: one package per platform, and the possible problems of a payload."""

from macroengine.diagnostics import Fault
from macroengine.intake import appmetrica, appsflyer
from macroengine.intake.faults import FAULTS
from macroengine.intake.figures import clean_figure

__all__ = ["FAULTS", "Fault", "appmetrica", "appsflyer", "clean_figure"]
