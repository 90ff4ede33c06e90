"""What holds for every test here."""

from __future__ import annotations

from hypothesis import settings

# No test may depend on how busy the machine is.
settings.register_profile("rookery", deadline=None)
settings.load_profile("rookery")
