"""IAM's policy simulator in a replay: there is none, and the audit trail says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from airlock.records import Simulation


class NoSimulator:
    """The port :class:`airlock.ports.Simulator` where nobody can be asked."""

    def ask(
        self, principal: str, action: str, resources: Sequence[str], context: Mapping[str, Sequence[str]]
    ) -> Simulation:
        """Say that there is no answer."""
        del principal, action, resources, context
        return Simulation({}, None, "a replay has no simulator")
