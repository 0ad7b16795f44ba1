"""The bootstrap node of a replay, as EC2 would tell of it: its console, and its reboots."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from airlock.ports import Clock

_CONSOLE = """\
ignition[735]: GET https://bootstrap.s3.amazonaws.com/bootstrap.ign: attempt #1
ignition[735]: GET result: {result}
"""


@dataclass(slots=True)
class ReplayedNodes:
    """The port :class:`airlock.ports.Machines`, told by what came of the fetches that were played.

    Attributes:
        clock: the replay's time.
        consoles: by instance, what its console shows.
        reboots: instances that were rebooted, and when.
    """

    clock: Clock
    consoles: dict[str, str] = field(default_factory=dict)
    reboots: list[tuple[str, datetime]] = field(default_factory=list)

    def fetched(self, instance_id: str, *, allowed: bool | None) -> None:
        """Let the console show what came of a fetch; nothing where that can't be told."""
        if allowed is not None:
            text = _CONSOLE.format(result="OK" if allowed else "Forbidden")
            self.consoles[instance_id] = self.consoles.get(instance_id, "") + text

    def console(self, region: str, instance_id: str) -> str:  # noqa: ARG002 - the port's
        """What the console shows by now."""
        return self.consoles.get(instance_id, "")

    def is_bootstrap_of(self, region: str, instance_id: str, infra_id: str) -> bool:  # noqa: ARG002 - the port's
        """The stream says so: it is RunInstances of the bootstrap node that the instance is known by."""
        return instance_id in self.consoles

    def reboot(self, region: str, instance_id: str) -> None:  # noqa: ARG002 - the port's
        """Reboot it; it fetches again."""
        self.reboots.append((instance_id, self.clock.now()))
