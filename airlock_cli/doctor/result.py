"""What the doctor found, as one value, and the same as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from airlock.policy.ladder import what_it_adds
from airlock.policy.place import PolicyKind
from airlock_cli.doctor.examining import Examined, Findings
from airlock_cli.doctor.governing import Governed
from airlock_cli.doctor.organization import Kind, Standing
from airlock_cli.doctor.reading import Held
from airlock_cli.doctor.simulated import Answer
from airlock_cli.replay.principal import Principal

MAY_STOP = "may-stop"
"""The state of what may stop the fetch, and may not."""


class Verdict(StrEnum):
    """How an install would end."""

    PASSES = "passes"
    OPENED = "opened"
    FAILS = "fails"


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that the airlock doesn't reach, and what is known of it."""

    what: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """All of it.

    Attributes:
        principal: who installs.
        infra_id: of the install that was looked at.
        sample: whether that was made up.
        held: what was read.
        findings: what was made of it.
    """

    principal: Principal
    infra_id: str
    sample: bool
    held: Held
    findings: Findings

    @property
    def verdict(self) -> Verdict:
        """How an install would end, as far as the account can tell."""
        found = self.findings
        missing, governing = (any(one.certain for one in group) for group in (found.missing, found.governing))
        if missing or governing or any(one.helpless for one in found.stopping):
            return Verdict.FAILS
        return Verdict.OPENED if found.stopping else Verdict.PASSES

    @property
    def limits(self) -> list[Limit]:
        """What is out of the airlock's reach."""
        kind = "role" if self.principal.what == "role" else "user"
        boundary = self._boundary()
        return [
            *([boundary] if boundary else []),
            self._aws_managed(),
            self._organization(Kind.SCP),
            self._organization(Kind.RCP),
            Limit("session-policies", "unknown", f"what a session of the {kind} is cut down by can't be seen"),
            Limit("bucket-policy", "unknown", "the bucket is made by the install, so its policy can't be known yet"),
            Limit("endpoint-policy", "unknown", "the VPC's S3 endpoint is made by the install or by others"),
        ]

    @property
    def may_fail(self) -> list[Limit]:
        """What may stop the fetch all the same, as far as is known."""
        return [one for one in self.limits if one.state == MAY_STOP]

    def _boundary(self) -> Limit | None:
        """What the permissions boundary does; None where the airlock opens it, for then it is in reach."""
        boundary = next((policy for policy in self.held.policies if policy.boundary), None)
        if boundary is None:
            return Limit("permissions-boundary", "none", "the principal has none")
        arn = boundary.place.holder
        if any("boundary" in one.by for one in self.findings.missing):
            return Limit("permissions-boundary", "stops", f"{arn} doesn't allow the fetch")
        stopping = next((one for one in self.findings.stopping if one.policy == boundary), None)
        if stopping is None:
            return Limit("permissions-boundary", "allows", f"{arn} lets the fetch through")
        return Limit("permissions-boundary", "stops", f"{arn} denies the fetch") if stopping.helpless else None

    def _aws_managed(self) -> Limit:
        names = [held.place.name for held in self.held.policies if held.place.is_aws_own and held.attached]
        if not names:
            return Limit("aws-managed", "none", "the principal has none of AWS's own policies")
        stops = any(one.helpless is not None and one.helpless.reason == "aws-managed" for one in self.findings.stopping)
        told = "denies the fetch" if stops else "none of them denies the fetch"
        return Limit("aws-managed", "stops" if stops else "allows", f"{', '.join(names)}: {told}")

    def _organization(self, kind: Kind) -> Limit:
        layer = self.held.organization.layers[kind]
        if layer.standing is Standing.NONE:
            return Limit(str(kind), "none", layer.why)
        if layer.standing is Standing.UNKNOWN:
            return self._unread(kind, layer.why)
        for certain, state, verb in ((True, "stops", "denies"), (False, MAY_STOP, "may deny")):
            names = [str(one) for one in self.findings.governing if one.kind is kind and one.certain is certain]
            if names:
                return Limit(str(kind), state, f"{' and '.join(names)} {verb} it, see above")
        if kind is Kind.SCP and any("SCPs" in one.by for one in self.findings.missing):
            return Limit(str(kind), "stops", "there is no Allow for it, see above")
        return Limit(str(kind), "allows", "those from the account up to the root were read, and let the fetch through")

    def _unread(self, kind: Kind, why: str) -> Limit:
        """What is said where the organization's policies can't be read; of SCPs the simulator knows something."""
        told = self.held.told
        how = f"they can't be read: {why}"
        if kind is Kind.RCP or told is None:
            return Limit(str(kind), "unknown", how)
        if told.answer is Answer.DENIES:
            says = f"denies {' and '.join(told.stops)}; but it takes keys that it isn't told, such as tags, for absent"
            return Limit(str(kind), MAY_STOP, f"{how}; IAM's simulator says that the organization {says}")
        says = {
            Answer.ALLOWS: "IAM's simulator says that they let the fetch through, as far as it is told",
            Answer.NO_ORGANIZATION: "IAM's simulator tells of no organization",
            Answer.NOT_ASKED: f"IAM's simulator couldn't be asked (iam:SimulatePrincipalPolicy: {told.why_not})",
        }[told.answer]
        states = {Answer.ALLOWS: "allows", Answer.NO_ORGANIZATION: "none", Answer.NOT_ASKED: "unknown"}
        return Limit(str(kind), states[told.answer], f"{how}; {says}")


def diagnosis_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """The diagnosis as data."""
    found = diagnosis.findings
    return {
        "principal": diagnosis.principal.arn,
        "infra_id": diagnosis.infra_id,
        "sample": diagnosis.sample,
        "verdict": str(diagnosis.verdict),
        "calls": [
            {"call": call, "passes": not found.stopped_by(call), "stopped_by": found.stopped_by(call)}
            for call in found.calls
        ],
        "policies": [_policy(one) for one in found.stopping],
        "organization": [_governed(one) for one in found.governing],
        "not_allowed": [
            {"call": one.call, "by": one.by, "allows_elsewhere": list(one.why), "certain": one.certain}
            for one in found.missing
        ],
        "out_of_reach": [{"what": one.what, "state": one.state, "detail": one.detail} for one in diagnosis.limits],
    }


def condition_of(one: Examined) -> str:
    """What the configuration has to say for a policy to be opened, besides the principal; empty where nothing."""
    named = {PolicyKind.GROUP_INLINE: "names the group", PolicyKind.MANAGED: "names the policy"}
    needs = [named[one.policy.place.kind]] if one.policy.place.kind in named else []
    if one.planned and one.planned.rung and one.planned.rung.widenings:
        needs.append("lets it open wider")
    return f"if the configuration {' and '.join(needs)}" if needs else ""


def _policy(one: Examined) -> dict[str, Any]:
    place, planned, helpless = one.policy.place, one.planned, one.helpless
    rung = None if helpless or planned is None else planned.rung
    return {
        "policy": {"kind": str(place.kind), "holder": place.holder, "name": place.name},
        "boundary": one.policy.boundary,
        "statements": [
            {"sid": denial.sid, "index": denial.index, "why": "; ".join(denial.why)}
            for denial in (planned.stopping if planned else ())
        ],
        "opens": "no" if rung is None else "wider" if rung.widenings else "exact",
        "wider": [{"widening": str(w), "adds": what_it_adds(w)} for w in (rung.widenings if rung else ())],
        "condition": condition_of(one) or None,
        "refused": {"reason": helpless.reason, "detail": helpless.detail} if helpless else None,
    }


def _governed(one: Governed) -> dict[str, Any]:
    return {
        "type": str(one.kind),
        "policy": {"id": one.policy.id, "name": one.policy.name},
        "level": one.level,
        "statements": [
            {"sid": denial.sid, "index": denial.index, "why": "; ".join(denial.why), "certain": denial.certain}
            for denial in one.denials
        ],
        "trouble": one.trouble or None,
    }
