"""Plays an install stream against the embedded AWS, and tries the fetch at each stage."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from airlock.adapters.clients import with_raw_documents
from airlock.adapters.iam import IamPolicies
from airlock.install.cloudtrail import parse
from airlock.install.names import Era, bootstrap_bucket, bootstrap_object_key
from airlock.install.signal import SignalKind, Skipped
from demo.cloud import EmbeddedCloud
from demo.events import stamped
from demo.gate import GateUser
from demo.local_world import NODE_ADDRESS
from demo.screen import Screen
from demo.translation import for_gate

SAMPLES: Final = Path(__file__).parents[1] / "tests" / "samples"
OFFICE: Final = ("192.0.2.0/24", "203.0.113.0/24")
POLICY_NAME: Final = "company-fence"
PACE_SECONDS: Final = 0.03
OPEN, SHUT = 200, 403
# What the functions report, in a newcomer's words; the writes of policies show by themselves.
_WORDS: Final = {
    "open": "opened",
    "narrow": "narrowed",
    "widen": "widened",
    "close": "closed",
    "refuse": "REFUSED",
    "ask": "asked for approval",
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One install to play.

    Attributes:
        title: what it is.
        stream: file name of the events.
        policy: file name of the fence.
        principal: who installs.
        era: which release's names.
        renamed: what stands in the place of the stream's own names, such as another user's.
        decisions: what the airlock shall decide, in order; a narrowing may come more than once.
    """

    title: str
    stream: str
    policy: str
    principal: str
    era: Era
    renamed: Mapping[str, str] = field(default_factory=dict)
    decisions: tuple[str, ...] = ("open", "narrow", "close")


@dataclass(slots=True)
class Stage:
    """Who gets the object at one stage.

    Attributes:
        name: the stage.
        statuses: from where, the HTTP status that came, and the one that should.
    """

    name: str
    statuses: list[tuple[str, int, int]]

    @property
    def good(self) -> bool:
        """Whether every status is the one that should be."""
        return all(came == wanted for _, came, wanted in self.statuses)


@dataclass(slots=True)
class Outcome:
    """What a play came to.

    Attributes:
        stages: in order.
        restored: whether the policy ended equal to the baseline, to the byte.
        errors: functions that failed.
        happened: what the airlock reported, in order.
        audit: the audit trail's lines of this install.
        wanted: the decisions that there shall be.
    """

    wanted: tuple[str, ...] = ("open", "narrow", "close")
    stages: list[Stage] = field(default_factory=list)
    restored: bool = False
    errors: list[str] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)
    audit: list[dict[str, Any]] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether all held: each stage, the order of decisions, the audit trail, and the policy at the end."""
        decisions = [name for name in self.happened if not name.startswith("policy-")]
        in_order = tuple(dict.fromkeys(decisions)) == self.wanted
        audited = len(self.audit) == len(self.happened)
        return in_order and audited and self.restored and not self.errors and all(stage.good for stage in self.stages)


class Play:
    """One scenario on one cloud."""

    def __init__(self, cloud: EmbeddedCloud, scenario: Scenario, screen: Screen) -> None:
        self._cloud = cloud
        self._scenario = scenario
        self._screen = screen
        self._iam = with_raw_documents(cloud.aws.client("iam"))
        self._policies = IamPolicies(self._iam)
        self._baseline = (SAMPLES / "policies" / scenario.policy).read_text()
        self._outcome = Outcome(scenario.decisions)
        self._stream = list(_read(SAMPLES / "installs" / scenario.stream, scenario.renamed))
        self._infra_id, self._vpc = _what_it_is_about([event for _, event in self._stream])
        self._lifted = False
        self._text = ""
        self._noted: set[str] = set()
        self._user, self._urls = self._prepare()

    def run(self) -> Outcome:
        """Play it to the end."""
        self._screen.title(self._scenario.title)
        self._screen.say(f"{self._scenario.principal} is fenced in by {POLICY_NAME}:")
        self._screen.say(self._baseline.strip())
        self._copy_to_gate()
        self._try("Before", SHUT)
        for at, event in self._stream:
            self._deliver(at, event)
            time.sleep(PACE_SECONDS)
        self._outcome.restored = self._read_policy() == self._baseline
        self._try("After", SHUT)
        self._outcome.audit = self._audit_lines()
        self._screen.say(f"The audit trail has {len(self._outcome.audit)} lines of this install:")
        for line in self._outcome.audit:
            self._screen.audit_line(line)
        return self._outcome

    def _prepare(self) -> tuple[GateUser, dict[str, str]]:
        name = self._scenario.principal.rsplit("/", 1)[1]
        if ":user/" in self._scenario.principal:
            self._iam.create_user(UserName=name)
            self._iam.put_user_policy(UserName=name, PolicyName=POLICY_NAME, PolicyDocument=self._baseline)
        else:
            trust = '{"Version":"2012-10-17","Statement":[]}'
            self._iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
            self._iam.put_role_policy(RoleName=name, PolicyName=POLICY_NAME, PolicyDocument=self._baseline)
        # The installer writes the object minutes later; here it stands from the start, so that each stage can be tried.
        bucket = bootstrap_bucket(self._infra_id, self._scenario.era)
        key = bootstrap_object_key(self._infra_id, self._scenario.era)
        self._cloud.gate.put_object(bucket, key, b'{"ignition":{"version":"3.2.0"}}')
        self._cloud.gate.put_object(bucket, "another-object", b"not for the node")
        user = self._cloud.gate.add_user(name)
        return user, {"it": user.presign(bucket, key), "another": user.presign(bucket, "another-object")}

    def _deliver(self, at: float, event: dict[str, Any]) -> None:
        # Time is compressed: the event happens now, since an old one would open nothing.
        deliveries = self._cloud.events.deliver(stamped(event, datetime.now(UTC)))
        did: list[str] = []
        for delivery in deliveries:
            if delivery.error:
                self._outcome.errors.append(delivery.error)
                self._screen.verdict(f"{delivery.function} failed: {delivery.error}\n{delivery.log}", good=False)
            elif isinstance(delivery.result, dict):
                did += delivery.result.get("happened", [])
        self._outcome.happened += did
        told = [_WORDS.get(name, name) for name in did if not name.startswith("policy-")]
        self._screen.event(at, *_describe(event), told, seen=bool(deliveries))
        self._follow((told or ["changed"])[0].capitalize())
        if self._is_bootstrap_start(event):
            self._screen.say("20 s later the bootstrap node fetches its Ignition file:")
            self._fetch()

    def _fetch(self) -> None:
        """What comes of the node's fetch."""
        self._try("The fetch", OPEN)

    def _follow(self, name: str) -> None:
        """Show what has become of the policy, and who gets the object by it."""
        before, after = self._text, self._read_policy()
        if after != before:
            self._screen.difference(before, after)
            self._copy_to_gate()
            shut = after == self._baseline
            self._lifted = self._lifted and not shut
            self._try(name, SHUT if shut else OPEN)

    def _audit_lines(self) -> list[dict[str, Any]]:
        logs = self._cloud.aws.client("logs")
        group = self._cloud.deployment.outputs["AuditLogGroupName"]
        events = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        lines = [json.loads(event["message"]) for page in events for event in page["events"]]
        return [line for line in lines if self._infra_id in json.dumps(line)]

    def _read_policy(self) -> str:
        (held,) = self._policies.of_principal(self._scenario.principal)
        return held.text

    def _copy_to_gate(self) -> None:
        """Copy the policy to the user's group on SeaweedFS, which enforces what IAM here only holds."""
        self._text = self._read_policy()
        translation = for_gate(
            json.loads(self._text),
            office=OFFICE,
            node={self._vpc: NODE_ADDRESS},
            principal=self._scenario.principal,
        )
        self._cloud.gate.enforce(self._user, {POLICY_NAME: translation.document})
        self._screen.say(
            f"(The policy, as IAM now holds it, is copied to the group of {self._user.name} on SeaweedFS.)"
        )
        for note in translation.notes:
            text = note.split(": ", 1)[-1]
            if text not in self._noted:
                self._noted.add(text)
                self._screen.say(f"  for the copy: {text}")

    def _try(self, name: str, node: int) -> None:
        gate = self._cloud.gate
        stage = Stage(
            name,
            [
                ("from the office", gate.from_office(self._urls["it"]), OPEN),
                ("from the node", gate.from_node(self._urls["it"]), node),
                (
                    "from the node, another object",
                    gate.from_node(self._urls["another"]),
                    OPEN if self._lifted else SHUT,
                ),
            ],
        )
        self._outcome.stages.append(stage)
        self._screen.stage(name, stage.statuses)

    def _is_bootstrap_start(self, event: dict[str, Any]) -> bool:
        parsed = parse(event)
        return not isinstance(parsed, Skipped) and parsed[0].kind is SignalKind.INSTANCE_STARTED


def _read(path: Path, renamed: Mapping[str, str]) -> Iterator[tuple[float, dict[str, Any]]]:
    text = path.read_text()
    for old, new in renamed.items():
        text = text.replace(old, new)
    for line in text.splitlines():
        entry = json.loads(line)
        yield float(entry["at"]), entry["event"]


def _what_it_is_about(events: Sequence[dict[str, Any]]) -> tuple[str, str]:
    """The install's infra ID and VPC."""
    for event in events:
        parsed = parse(event)
        for signal in () if isinstance(parsed, Skipped) else parsed:
            if signal.kind is SignalKind.INSTANCE_STARTED and signal.infra_id and signal.vpc_id:
                return signal.infra_id, signal.vpc_id
    raise ValueError("the stream starts no bootstrap instance")


def _describe(event: dict[str, Any]) -> tuple[str, str]:
    """A name and a subject for the timeline."""
    detail = event["detail"]
    name = str(detail.get("eventName", "instance state"))
    if "instance-id" in detail:
        return name, f"{detail['instance-id']} {detail['state']}"
    parsed = parse(event)
    if not isinstance(parsed, Skipped):
        signal = parsed[0]
        parts = (signal.infra_id, signal.bucket or signal.instance_id or signal.vpc_id)
        return name, " ".join(part for part in parts if part)
    return name, str(detail.get("errorCode", ""))
