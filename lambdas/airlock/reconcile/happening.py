"""What the airlock decided and did, as audit lines and as notices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from airlock.grants.grant import Grant
from airlock.policy.document import sha256_of
from airlock.policy.exemption import Exemption, Vpc, iso
from airlock.policy.place import PolicyPlace

AUDIT_SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Something the airlock decided about a grant.

    Attributes:
        name: ``open``, ``narrow``, ``widen``, ``close``, ``refuse``, ``expire`` (never opened in time),
            ``nothing-to-open``, ``keep-as-is`` (what later signals told can't be written), or ``end-unopened``.
        grant: the grant, as it stands after the decision.
        event_id: of the signal that led to it; None for the sweep.
        detail: why, in plain words.
    """

    name: str
    grant: Grant
    event_id: str | None
    detail: str

    @property
    def audit_name(self) -> str:
        """A word for it."""
        return self.name

    def audit_line(self, now: datetime) -> dict[str, object]:
        """The decision as one line of the audit trail."""
        facts, progress = self.grant.facts, self.grant.progress
        return {
            "schema": AUDIT_SCHEMA,
            "at": iso(now),
            "kind": "decision",
            "decision": self.name,
            "grant": facts.id,
            "principal": facts.principal,
            "infra_id": facts.infra_id,
            "signal_event_id": self.event_id,
            "outcome": str(progress.state),
            "reason": progress.reason,
            "detail": self.detail,
            "not_after": iso(facts.not_after),
            "opens": opens(progress.exemption),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyWrite:
    """One write of a policy.

    Attributes:
        place: the policy.
        grants: IDs of the grants that are open in it afterwards, or were closed by the write.
        event_id: of the signal that led to it; None for the sweep.
        before: the text that IAM held.
        after: the text that was written.
        outcome: ``written`` (read back and equal), ``restored`` (the same, and it is the baseline), ``found-written``
            (an earlier run wrote it and ended before it could say so), ``undone`` (a set of writes could not be
            finished), ``failed``.
        detail: more, in plain words.
    """

    place: PolicyPlace
    grants: tuple[str, ...]
    event_id: str | None
    before: str
    after: str
    outcome: str
    detail: str = ""

    @property
    def audit_name(self) -> str:
        """A word for it."""
        return f"policy-{self.outcome}"

    def audit_line(self, now: datetime) -> dict[str, object]:
        """The write as one line of the audit trail."""
        return {
            "schema": AUDIT_SCHEMA,
            "at": iso(now),
            "kind": "policy-write",
            "grant": self.grants[0] if len(self.grants) == 1 else None,
            "grants": list(self.grants),
            "policy": {"kind": str(self.place.kind), "holder": self.place.holder, "name": self.place.name},
            "signal_event_id": self.event_id,
            "before_sha256": sha256_of(self.before),
            "after_sha256": sha256_of(self.after),
            "outcome": self.outcome,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Somebody else changed a policy while a grant was open on it.

    Attributes:
        place: the policy.
        grants: IDs of the grants open on it.
        event_id: of the signal that led to the look; None for the sweep.
        expected: the text that the airlock had written.
        found: the text that it found, empty where the policy is gone.
        detail: what was done about it, in plain words.
    """

    place: PolicyPlace
    grants: tuple[str, ...]
    event_id: str | None
    expected: str
    found: str
    detail: str

    @property
    def audit_name(self) -> str:
        """A word for it."""
        return "drift"

    def audit_line(self, now: datetime) -> dict[str, object]:
        """The finding as one line of the audit trail."""
        return {
            "schema": AUDIT_SCHEMA,
            "at": iso(now),
            "kind": "drift",
            "grant": self.grants[0] if len(self.grants) == 1 else None,
            "grants": list(self.grants),
            "policy": {"kind": str(self.place.kind), "holder": self.place.holder, "name": self.place.name},
            "signal_event_id": self.event_id,
            "before_sha256": sha256_of(self.expected),
            "after_sha256": sha256_of(self.found),
            "outcome": "drift",
            "detail": self.detail,
        }


Happening = Decision | PolicyWrite | Drift


def opens(exemption: Exemption | None) -> dict[str, object] | None:
    """An exemption as the audit trail tells it: actions, objects, network, last second."""
    if exemption is None:
        return None
    network = exemption.network
    return {
        "actions": ["s3:GetObject"],
        "objects": list(exemption.objects),
        "network": "any" if network is None else network.vpc_id if isinstance(network, Vpc) else network.cidr,
        "not_after": iso(exemption.not_after),
    }


def notice_of(happening: Happening) -> tuple[str, str] | None:
    """The subject and text of the notice that a happening deserves; None for those that people needn't hear of."""
    if isinstance(happening, Drift):
        who = f"Somebody changed {happening.place} while the airlock had it open for {', '.join(happening.grants)}."
        return (
            "Bootstrap Airlock: a policy was edited",
            f"{who}\n\n{happening.detail}\nLook at the edit in CloudTrail.\n",
        )
    if not isinstance(happening, Decision):
        return None
    facts, progress = happening.grant.facts, happening.grant.progress
    about = f"Principal: {facts.principal}\nInstall:   {facts.infra_id}\nGrant:     {facts.id}\n"
    match happening.name:
        case "open":
            objects = "\n".join(f"  {arn}" for arn in progress.exemption.objects) if progress.exemption else ""
            text = (
                f"The source-network deny is open for one fetch.\n\n{about}\nOpens s3:GetObject of\n{objects}\n"
                f"until {iso(facts.not_after)} at the latest. All else stays denied. Nothing to do.\n"
            )
            return f"Bootstrap Airlock: opened for {facts.infra_id}", text
        case "close":
            text = f"The deny is back as it was: {happening.detail}.\n\n{about}\nNothing to do.\n"
            return f"Bootstrap Airlock: closed for {facts.infra_id}", text
        case "refuse":
            text = (
                f"The install will fail, for the deny stays closed: {happening.detail}.\n\n{about}\n"
                "To let it through, change what stands in the way and start the install again.\n"
            )
            return f"Bootstrap Airlock: refused for {facts.infra_id}", text
    return None
