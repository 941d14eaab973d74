"""From what platforms send to Events: one package per platform, and what can be wrong with a payload."""

from macroengine.diagnostics import Fault
from macroengine.intake import appmetrica, appsflyer
from macroengine.intake.faults import FAULTS
from macroengine.intake.figures import clean_figure

__all__ = ["FAULTS", "Fault", "appmetrica", "appsflyer", "clean_figure"]
