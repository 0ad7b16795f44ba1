"""The bootstrap node of a replay, as EC2 would tell of it: its console, and its reboots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from airlock.install.names import Era, bootstrap_bucket, bootstrap_object_key
from airlock.ports import Clock
from airlock.records import Instance
from airlock_cli.replay.told import Told

# As Ignition's lines stand on a console, see airlock/install/console.py; a reboot appends to what stands there.
_CONSOLE = """\
[    0.000000] Linux version 5.14.0-replayed
[    9.500000] ignition[735]: GET https://{bucket}.s3.amazonaws.com/{key}: attempt #1
[    9.700000] ignition[735]: GET result: {result}
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

    def fetched(self, told: Told, *, allowed: bool | None) -> None:
        """Let the console show what came of a fetch; nothing where that can't be told."""
        if allowed is None or told.instance is None:
            return
        era = told.era or Era.TERRAFORM
        text = _CONSOLE.format(
            bucket=bootstrap_bucket(told.infra_id, era),
            key=bootstrap_object_key(told.infra_id, era),
            result="OK" if allowed else "Forbidden",
        )
        self.consoles[told.instance] = self.consoles.get(told.instance, "") + text

    def instances(self, region: str, infra_ids: Sequence[str]) -> list[Instance]:  # noqa: ARG002 - the port's
        """None: a replay knows of instances what its stream tells, and the airlock has heard that."""
        return []

    def console(self, region: str, instance_id: str) -> str:  # noqa: ARG002 - the port's
        """What the console shows by now."""
        return self.consoles.get(instance_id, "")

    def is_bootstrap_of(self, region: str, instance_id: str, infra_id: str) -> bool:  # noqa: ARG002 - the port's
        """The stream says so: it is RunInstances of the bootstrap node that the instance is known by."""
        return instance_id in self.consoles

    def reboot(self, region: str, instance_id: str) -> None:  # noqa: ARG002 - the port's
        """Reboot it; it fetches again."""
        self.reboots.append((instance_id, self.clock.now()))
