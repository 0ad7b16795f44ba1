"""What all tests share: how Hypothesis looks for examples."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A busy machine makes examples slowly; that says nothing of the code.
settings.register_profile("here", suppress_health_check=[HealthCheck.too_slow], print_blob=True)
# Continuous integration tries the same examples each time, so that a failure is the change's; people try new ones.
settings.register_profile("ci", settings.get_profile("here"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")
