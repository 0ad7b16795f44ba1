"""What is left after a death: only sweeps run, and each look at the account is kept as evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from airlock.adapters.items import grant_from_item
from airlock.grants.grant import Grant
from airlock.policy.document import sha256_of
from airlock.policy.exemption import iso
from airlock.policy.place import PolicyKind, PolicyPlace
from tests.crash.deaths import Death, Deaths, Pick
from tests.crash.scenarios import Stage, versions_of
from tests.reconcile.account import Account

SWEEPS = 3
"""The first may find a dead process's lease, the second doesn't, and the third comes after every grant's time."""
PUTS = {
    "PutUserPolicy": (PolicyKind.USER_INLINE, "UserName"),
    "PutRolePolicy": (PolicyKind.ROLE_INLINE, "RoleName"),
    "PutGroupPolicy": (PolicyKind.GROUP_INLINE, "GroupName"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """The account at one moment.

    Attributes:
        at: when.
        after: what came before it, in words.
        settled: whether a sweep that no lease kept from its work is what came before it.
        texts: by policy, what IAM holds.
        grants: those that the ledger has.
        items: all that the ledger has.
    """

    at: datetime
    after: str
    settled: bool
    texts: Mapping[PolicyPlace, str | None]
    grants: tuple[Grant, ...]
    items: tuple[dict[str, Any], ...]

    def is_leased(self, now: datetime) -> bool:
        """Whether a lease, perhaps a dead process's, hasn't run out by then."""
        return any(item["lease_until"]["S"] >= iso(now) for item in self.items if "lease_owner" in item)


@dataclass(slots=True)
class Afterlife:
    """All that is known of one death's consequences.

    Attributes:
        deaths: where the process died, and where its successor did if that died too.
        looks: at the moment of death and after each sweep.
        errors: what sweeps raised.
        taken: the policy writes that IAM took since the stage was ready, as policy and SHA-256 of the text.
        audit: the audit trail's lines since then.
        trail: the texts of all its lines.
        versions: of each managed policy, its versions at the end, the default last.
    """

    deaths: tuple[Death, ...]
    looks: list[Look] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    taken: list[tuple[PolicyPlace, str]] = field(default_factory=list)
    audit: list[dict[str, Any]] = field(default_factory=list)
    trail: list[str] = field(default_factory=list)
    versions: dict[PolicyPlace, tuple[str, ...]] = field(default_factory=dict)


class Witness:
    """Keeps what IAM took, and looks at the account."""

    def __init__(self, account: Account, stage: Stage) -> None:
        self._account = account
        self._stage = stage
        self._by_name = {(place.kind, place.holder.rsplit("/", 1)[-1], place.name): place for place in stage.baselines}
        self._taken: list[tuple[PolicyPlace, str]] = []
        self._on_record = len(account.audit())

    def wrote(self, call: str, params: dict[str, Any], _: dict[str, Any]) -> None:
        """Keep a policy write that IAM took; any other call is no concern."""
        if call in PUTS:
            kind, holder = PUTS[call]
            place = self._by_name[kind, params[holder], params["PolicyName"]]
            self._taken.append((place, sha256_of(params["PolicyDocument"])))
        elif call in ("CreatePolicyVersion", "SetDefaultPolicyVersion"):
            (place,) = (place for place in self._stage.baselines if place.holder == params["PolicyArn"])
            self._taken.append((place, sha256_of(self._account.text(place) or "")))

    def look(self, after: str, *, settled: bool = False) -> Look:
        """Look at the account."""
        texts = {place: self._account.text(place) for place in self._stage.baselines}
        items = self._account.aside.dynamodb.scan(TableName="ledger")["Items"]
        by_key = {item["pk"]["S"]: item for item in items}
        grants = tuple(
            grant_from_item(by_key[f"grant#{one}"], by_key.get(f"answer#{one}"), by_key.get(f"order#{one}"))
            for one in self._stage.installs
            if f"grant#{one}" in by_key
        )
        return Look(self._account.clock.now(), after, settled, texts, grants, tuple(items))

    def finish(self, life: Afterlife) -> Afterlife:
        """Gather what is left at the end."""
        life.taken = list(self._taken)
        life.audit = self._account.audit()[self._on_record :]
        life.trail = self._account.trail()
        life.versions = {place: versions_of(self._account, place) for place in self._stage.versions}
        return life


@dataclass(frozen=True, slots=True)
class Scene:
    """Where deaths are tried.

    Attributes:
        account: the account.
        stage: what the process is at.
        witness: looks on.
        deaths: who dies.
    """

    account: Account
    stage: Stage
    witness: Witness
    deaths: Deaths


def live_on(scene: Scene, so_far: Afterlife, again: Pick | None) -> Afterlife:
    """Be the sweeps of a new process after a death, until every grant's time is over.

    Args:
        scene: with the account as it stood at the death.
        so_far: what is known from before.
        again: which deaths of the first sweeps are tried as well; None for none.
    """
    account, witness = scene.account, scene.witness
    so_far.looks.append(witness.look(f"the death {so_far.deaths[-1]}"))
    account.calls.failures.clear()
    account.revive()

    def go_on(death: Death) -> Afterlife:
        so_far.deaths += (death,)
        return live_on(scene, so_far, None)

    def sweep() -> None:
        try:
            account.sweep(after=0)
        except Exception as error:  # noqa: BLE001 - evidence
            so_far.errors.append(repr(error))

    for number in range(1, SWEEPS + 1):
        account.clock.sleep(_pause(so_far.looks[-1], number))
        settled = not so_far.looks[-1].is_leased(account.clock.now())
        if again is None or number == SWEEPS:
            sweep()
        else:
            scene.deaths.dying(sweep, again, go_on)
        so_far.looks.append(witness.look(f"sweep {number}", settled=settled))
    return witness.finish(so_far)


def _pause(before: Look, number: int) -> float:
    """A minute; but the last sweep is the first one after every grant's time."""
    if number < SWEEPS:
        return 60
    ends = [grant.facts.not_after for grant in before.grants]
    return max([60, *((end - before.at).total_seconds() + 1 for end in ends)])
