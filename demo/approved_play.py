"""A play with a person in it: the deny is lifted only once somebody agrees, which is later than the node's fetch."""

from __future__ import annotations

import json
import time
from typing import Any, Final

from airlock.install.cloudtrail import parse
from airlock.install.names import bootstrap_bucket, bootstrap_object_key
from airlock.install.signal import SignalKind, Skipped
from demo.approver import Approver
from demo.cloud import EmbeddedCloud
from demo.ec2_console import Ec2Console
from demo.play import OPEN, SHUT, Play, Scenario
from demo.screen import Screen

PATIENCE_SECONDS: Final = 20.0
IMAGE: Final = "ami-0123456789abcdef0"
# As RHCOS writes it (see lambdas/airlock/install/console.py).
_BOOT: Final = """\
[    0.000000] Linux version 5.14.0-284.86.1.el9_2.x86_64
[    9.512034] ignition[735]: GET https://{bucket}.s3.amazonaws.com/{key}: attempt #1
[    9.701122] ignition[735]: GET result: {result}
"""


class ApprovedPlay(Play):
    """One scenario of a principal whose installs ask first."""

    def __init__(
        self, cloud: EmbeddedCloud, scenario: Scenario, screen: Screen, console: Ec2Console, region: str
    ) -> None:
        super().__init__(cloud, scenario, screen)
        self._console = console
        self._approver = Approver(cloud.aws, cloud.deployment)
        self._instance = self._start_instance(region)
        # The event tells of an instance of the sample's; here there is one to look at and to reboot.
        was = _bootstrap_instance([event for _, event in self._stream])
        self._stream = [(at, json.loads(json.dumps(event).replace(was, self._instance))) for at, event in self._stream]

    def _start_instance(self, region: str) -> str:
        ec2 = self._cloud.aws.client("ec2", region=region)
        tags = {"Name": f"{self._infra_id}-bootstrap", f"kubernetes.io/cluster/{self._infra_id}": "owned"}
        made = ec2.run_instances(
            ImageId=IMAGE,
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
            ],
        )
        return str(made["Instances"][0]["InstanceId"])

    def _fetch(self) -> None:
        """The fetch comes before the answer: refused, approved, lifted, rebooted, served."""
        self._try("The fetch", SHUT)
        refused, served = self._console_text("Forbidden"), self._console_text("OK")
        self._console.show(self._instance, refused, after_reboot=refused + served)
        self._answer()
        self._sweep()
        self._screen.say(f"The airlock has rebooted {self._instance} {self._console.reboots(self._instance)} time(s).")
        self._try("The fetch after the reboot", OPEN)
        self._sweep()

    def _answer(self) -> None:
        request = self._approver.wait()
        self._screen.say(f"The approvers' topic has: {request.subject}")
        seen = [self._approver.look(request) for _ in range(3)]
        self._screen.say(f"A mail scanner opens the link three times ({', '.join(map(str, seen))}): nothing changes.")
        self._outcome.errors += [f"looking at the page gave {status}" for status in seen if status != OPEN]
        if self._read_policy() != self._baseline:
            self._outcome.errors.append("looking at the page opened the deny")
        status = self._approver.approve(request, "seen in the demonstration")
        self._screen.say(f"Then somebody presses Approve ({status}). The page's own event starts the watcher.")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._read_policy() == self._baseline and time.monotonic() < deadline:
            time.sleep(0.1)
        self._lifted = True
        self._follow("Lifted")

    def _sweep(self) -> None:
        for delivery in self._cloud.events.sweep():
            if delivery.error:
                self._outcome.errors.append(delivery.error)
                self._screen.verdict(f"{delivery.function} failed: {delivery.error}\n{delivery.log}", good=False)

    def _audit_lines(self) -> list[dict[str, Any]]:
        # The watcher that the page started returned its report to nobody: the audit trail has it.
        lines = super()._audit_lines()
        self._outcome.happened = [
            str(line["decision"]) if line["kind"] == "decision" else f"policy-{line['outcome']}" for line in lines
        ]
        return lines

    def _console_text(self, result: str) -> str:
        era = self._scenario.era
        return _BOOT.format(
            bucket=bootstrap_bucket(self._infra_id, era), key=bootstrap_object_key(self._infra_id, era), result=result
        )


def _bootstrap_instance(events: list[dict[str, Any]]) -> str:
    """The ID of the stream's bootstrap instance."""
    for event in events:
        parsed = parse(event)
        for signal in () if isinstance(parsed, Skipped) else parsed:
            if signal.kind is SignalKind.INSTANCE_STARTED and signal.instance_id:
                return signal.instance_id
    raise ValueError("the stream starts no bootstrap instance")
