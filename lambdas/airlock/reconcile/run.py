"""What one reconciliation knows, under the leases of its scopes. It calls nothing outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from airlock.grants.grant import Grant, State
from airlock.policy.document import sha256_of, size_of
from airlock.policy.place import HeldPolicy, PolicyKind, PolicyPlace
from airlock.reconcile.choose import Choice
from airlock.reconcile.happening import Decision, Happening, PolicyWrite
from airlock.records import PolicyRecord, Scope
from airlock.settings import Enrolled

PAST_KEPT = 20
"""How many earlier texts of a policy are remembered: IAM's reads lag by seconds, not by twenty writes."""


@dataclass(slots=True)
class Run:
    """One reconciliation's knowledge and decisions.

    Attributes:
        scopes: by ID, held under a lease.
        grants: by ID, as they stand now in this run.
        now: the moment of the run.
        event_id: of the signal behind it; None for the sweep.
        enrolled: the principals by ARN, as the configuration has them.
        held: the policies as read in this run; None for one that is gone.
        choice: what shall be open, once chosen.
        happened: what was decided and done, in order.
        audited: how many of those the audit trail holds.
        held_back: new grants that IAM refused beside others; their own runs try again.
        trouble: what IAM said to that, or why nobody could be asked.
        checked: the reason and the words of a doubt about a policy's new text; None where a second look left none.
        confirmed_at: when IAM was seen to hold what this run wrote.
        kept: the grants as the ledger holds them.
        started: the grants as they stood when the run began.
    """

    scopes: dict[str, Scope]
    grants: dict[str, Grant]
    now: datetime
    event_id: str | None
    enrolled: Mapping[str, Enrolled] = field(default_factory=dict)
    held: dict[PolicyPlace, HeldPolicy | None] = field(default_factory=dict)
    choice: Choice = field(default_factory=Choice)
    happened: list[Happening] = field(default_factory=list)
    audited: int = 0
    held_back: frozenset[str] = frozenset()
    trouble: Exception | None = None
    checked: dict[tuple[PolicyPlace, str], tuple[str, str] | None] = field(default_factory=dict)
    confirmed_at: datetime | None = None
    kept: dict[str, Grant] = field(init=False)
    started: dict[str, Grant] = field(init=False)

    def __post_init__(self) -> None:
        self.kept = dict(self.grants)
        self.started = dict(self.grants)

    def records(self) -> dict[PolicyPlace, PolicyRecord]:
        """Every policy with something open in it."""
        return {place: record for scope in self.scopes.values() for place, record in scope.policies.items()}

    def record_of(self, place: PolicyPlace) -> PolicyRecord:
        """The record of a policy; a new one if nothing is open in it yet.

        Raises:
            KeyError: the policy is neither recorded nor read.
        """
        record = self.scopes[place.holder].policies.get(place)
        if record is not None:
            return record
        held = self.held[place]
        if held is None:
            raise KeyError(str(place))
        return PolicyRecord(
            place=place,
            baseline=held.text,
            baseline_version=held.version,
            written=held.text,
            neighbours=self._neighbours(place),
        )

    def measure_room(self, found: Sequence[HeldPolicy]) -> None:
        """Note anew what the inline policies beside those that are open take up; somebody may have changed those since.

        Args:
            found: every policy of a principal, so all inline ones of their holders.
        """
        records = self.records()
        for place in {policy.place for policy in found} & records.keys():
            self.keep_record(replace(records[place], neighbours=self._neighbours(place)))

    def _neighbours(self, place: PolicyPlace) -> int:
        others = [other for other in self.held.values() if other and other.place != place]
        fellows = [other for other in others if other.place.holder == place.holder]
        return 0 if place.kind is PolicyKind.MANAGED else sum(size_of(self._baseline_of(one)) for one in fellows)

    def _baseline_of(self, held: HeldPolicy) -> str:
        record = self.scopes[held.place.holder].policies.get(held.place)
        return record.baseline if record else held.text

    def keep_record(self, record: PolicyRecord) -> None:
        """Put a record back after a change."""
        self.scopes[record.place.holder].policies[record.place] = record

    def members(self) -> dict[str, frozenset[str]]:
        """By scope, the grants that concern it."""
        return {scope_id: frozenset(scope.grants) for scope_id, scope in self.scopes.items()}

    def newcomers(self) -> frozenset[str]:
        """What is to be opened that wasn't open before."""
        return frozenset(one for one in self.choice.exemptions if self.grants[one].progress.state is State.REQUESTED)

    def is_undone(self, opening: str) -> bool:
        """Whether this opening was all that was to be open, and nothing of it is left in IAM."""
        return self.choice.exemptions.keys() == {opening} and all(
            record.intended is None for record in self.records().values()
        )

    def apart(self) -> frozenset[str]:
        """Grants that have policies outside this run too; ending or changing those is left to their own runs."""
        return frozenset(one.id for one in self.grants.values() if not set(one.progress.scopes) <= self.scopes.keys())

    def grants_on(self, place: PolicyPlace) -> tuple[str, ...]:
        """IDs of the grants that concern a policy, in a fixed order."""
        return tuple(sorted(self.scopes[place.holder].grants & self.grants.keys()))

    def changed_grants(self) -> list[tuple[Grant, Grant]]:
        """Grants whose progress or last audit line changed: as the ledger holds them, and as they are."""
        return [(self.kept[one.id], one) for one in self.grants.values() if one != self.kept[one.id]]

    def heads(self) -> dict[str, str | None]:
        """By grant, the hash of its last audit line."""
        return {grant.id: grant.audit_head for grant in self.grants.values()}

    def follow(self, heads: Mapping[str, str | None]) -> None:
        """Note the grants' last audit lines."""
        for grant in list(self.grants.values()):
            self.grants[grant.id] = replace(grant, audit_head=heads[grant.id])

    def to_write(self) -> list[PolicyPlace]:
        """Policies whose text isn't what it shall be.

        Where the ledger and a read disagree, it is written again: the read may be older than the last write.
        """
        places = []
        for place, record in sorted(self.records().items()):
            text = self.choice.texts.get(place, record.baseline)
            held = self.held.get(place)
            if record.intended is not None or record.written != text or (held is not None and held.text != text):
                places.append(place)
        return places

    def end(self, grant: Grant, name: str, detail: str) -> None:
        """Bring a grant to a final state, and take it out of its scopes."""
        self.grants[grant.id] = grant
        for scope in self.scopes.values():
            scope.grants.discard(grant.id)
        self.decide(name, grant, detail)

    def decide(self, name: str, grant: Grant, detail: str) -> Decision:
        """Note a decision, and give it."""
        decided = Decision(name=name, grant=grant, event_id=self.event_id, detail=detail)
        self.happened.append(decided)
        return decided

    def forget_untold(self, grant_id: str) -> None:
        """Drop what was decided about a grant and isn't in the audit trail."""
        untold = self.happened[self.audited :]
        self.happened[self.audited :] = [
            one for one in untold if not (isinstance(one, Decision) and one.grant.id == grant_id)
        ]

    def begin_closing(self, grant_ids: Sequence[str], reason: str, detail: str) -> None:
        """Mark grants as closing, so that no later run opens them again."""
        for grant_id in grant_ids:
            grant = self.grants[grant_id]
            if not grant.is_final:
                self.grants[grant_id] = grant.with_progress(state=State.CLOSING, reason=reason, detail=detail)

    def alarm_of_failed_closings(self, error: Exception) -> None:
        """Alarm once a grant that an earlier run began to close and this one couldn't close either.

        The first failure is as a rule IAM's passing trouble, and the next sweep's work.
        """
        for grant in list(self.grants.values()):
            began = self.started[grant.id].progress
            if grant.progress.state is State.CLOSING and began.state is State.CLOSING and not began.alarmed:
                self.grants[grant.id] = alarmed = grant.with_progress(alarmed=True)
                self.decide("close-failed", alarmed, f"{type(error).__name__}: {error}")

    def written(self, record: PolicyRecord, before: str, after: str, outcome: str, detail: str = "") -> None:
        """Note a write of a policy, or the attempt."""
        grants = self.grants_on(record.place)
        self.happened.append(
            PolicyWrite(
                place=record.place,
                grants=grants,
                about=tuple(self.grants[one] for one in grants),
                check=self._check_of(record, after),
                event_id=self.event_id,
                before=before,
                after=after,
                outcome=outcome,
                detail=detail,
            )
        )

    def _check_of(self, record: PolicyRecord, text: str) -> str:
        if text == record.baseline:
            return "baseline"
        doubt = self.checked.get((record.place, text), ("", ""))
        return "passed" if doubt is None else "not-asked"


def with_version(record: PolicyRecord, held: HeldPolicy) -> PolicyRecord:
    """The record of a policy, with the version that was found: the baseline's if it holds that, else the airlock's."""
    if held.text == record.baseline:
        others = tuple(version for version in record.versions if version != held.version)
        return replace(record, baseline_version=held.version, versions=others)
    if held.version == record.baseline_version:
        record = unless_made_anew(record, held)
    known = (None, record.baseline_version, *record.versions)
    return record if held.version in known else replace(record, versions=(*record.versions, str(held.version)))


def unless_made_anew(record: PolicyRecord, held: HeldPolicy) -> PolicyRecord:
    """The record of a policy whose text isn't what its version has for the airlock.

    A version's text never changes (IAM API reference, "CreatePolicyVersion"), so where the number is a known one,
    somebody has deleted the policy and made it anew: none of its versions is known any more.
    """
    known = held.version in (record.baseline_version, *record.versions)
    return replace(record, baseline_version=None, versions=()) if known else record


def about_to_write(record: PolicyRecord, text: str, now: datetime) -> PolicyRecord:
    """The record of a policy with its next text as the intent."""
    return replace(_with_past(record, record.intended, text), intended=text, written_at=now)


def now_written(record: PolicyRecord, text: str, now: datetime | None = None) -> PolicyRecord:
    """The record of a policy that IAM was seen to hold with this text.

    Args:
        record: as it was.
        text: what IAM holds.
        now: the present moment, where this run has written it; None where it was found.
    """
    past = _with_past(_with_past(record, record.intended, text), record.written, text)
    return replace(past, written=text, intended=None, written_at=now or record.written_at)


def _with_past(record: PolicyRecord, old: str | None, new: str) -> PolicyRecord:
    if old is None or old == new or sha256_of(old) in record.past:
        return record
    return replace(record, past=(*record.past, sha256_of(old))[-PAST_KEPT:])
