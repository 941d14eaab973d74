"""What all tests share."""

from hypothesis import settings

# How long a case takes is a matter of the machine; no test is to fail for it.
settings.register_profile("macroengine", deadline=None)
settings.load_profile("macroengine")
