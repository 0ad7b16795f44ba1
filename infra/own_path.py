"""Where the deployment's own roles are in IAM: under one path, so that a pattern names them before they exist.

A role can't name its own ARN in its inline policy, which would be a circle. The path is the same for each deployment in
an account, so that none of them can change another's roles either.
"""

from __future__ import annotations

from typing import Final

OWN_PATH: Final = "/bootstrap-airlock/"
"""Begins the ARNs' resource part after ``role``; nothing of it may be enrolled or named in the configuration."""

OWN_KINDS: Final = ("role", "policy")
"""What the path is kept for: the roles, and managed policies if ever the functions get any."""
