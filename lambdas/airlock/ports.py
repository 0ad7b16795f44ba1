"""What the core needs from the outside, as protocols; the adapters keep them, and so do the tests' fakes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from airlock.grants.approval import Ahead, Answer, CloseOrder, Form
from airlock.grants.grant import Grant
from airlock.install.signal import Signal
from airlock.messages.message import Message
from airlock.policy.place import HeldPolicy, PolicyPlace
from airlock.records import Instance, Scope, Simulation

LEASE_PATIENCE_SECONDS = 25.0
"""How long to wait for another writer before giving the event back; well under the function's 60 seconds."""


class Clock(Protocol):
    """Time, so that tests and replays can have their own."""

    def now(self) -> datetime:
        """The present moment, UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Ledger(Protocol):
    """The only truth: grants, baselines, instances, leases."""

    def record(self, signal: Signal, now: datetime, window: timedelta) -> Grant:
        """Add a signal's facts to its grant, making the grant if it is the first."""
        ...

    def record_for(self, grant_id: str, signal: Signal) -> Grant | None:
        """Add what was learnt of a bootstrap instance to its grant; None where there is no such grant."""
        ...

    def claim(self, name: str, now: datetime) -> bool:
        """Take what may be done once, such as the reboot of an instance; False if somebody has taken it before."""
        ...

    def was_claimed(self, name: str) -> bool:
        """Whether somebody has taken it; takes nothing."""
        ...

    def instance_started(self, instance_id: str, grant_id: str, now: datetime) -> datetime | None:
        """Remember whose bootstrap instance it is; returns when it ended, if that was heard first."""
        ...

    def instance_ended(self, instance_id: str, at: datetime, now: datetime) -> str | None:
        """Remember that an instance ended; returns the ID of the grant whose bootstrap instance it was, if known."""
        ...

    def ends(self, instance_ids: Iterable[str]) -> dict[str, datetime]:
        """When instances ended, as far as that was heard, whether or not their grants were told."""
        ...

    def grants(self, ids: Iterable[str]) -> list[Grant]:
        """Read grants, consistently; unknown IDs are left out."""
        ...

    def unfinished(self) -> list[str]:
        """IDs of the grants that haven't ended, the most urgent first."""
        ...

    def told(self, grant: Grant, head: str | None) -> None:
        """Keep the hash of the audit line that is a grant's last, where no lease is held.

        Args:
            grant: as it was read; if another run has told something since, that one's line stays the last.
            head: the line's hash.
        """
        ...

    def look(self, scope_id: str) -> Scope:
        """Read a scope without its lease, consistently; an empty one where nothing was ever open."""
        ...

    def acquire(self, scope_ids: Sequence[str], patience: float = LEASE_PATIENCE_SECONDS) -> list[Scope]:
        """Become the one writer of these scopes.

        Args:
            scope_ids: in an order that all writers share.
            patience: seconds to wait for others, in all.

        Raises:
            LeaseBusyError: another writer kept one of them for longer.
        """
        ...

    def write_ahead(self, scopes: Sequence[Scope], changes: Sequence[tuple[Grant, Grant]]) -> None:
        """Keep baselines, intents and progress before IAM is touched; all or nothing.

        Args:
            scopes: held under a lease.
            changes: grants as they were read, and as they are to be kept.

        Raises:
            ConflictError: a grant isn't as it was read, or a lease is no longer ours.
        """
        ...

    def settle(self, scopes: Sequence[Scope], changes: Sequence[tuple[Grant, Grant]]) -> None:
        """Keep what came of it and let the leases go; all or nothing.

        Raises:
            ConflictError: as for ``write_ahead``.
        """
        ...

    def release(self, scope_ids: Sequence[str]) -> None:
        """Let the leases go without keeping anything."""
        ...


class Policies(Protocol):
    """IAM, as far as the airlock reads and writes it. Texts are to the byte."""

    def of_principal(self, principal: str) -> list[HeldPolicy]:
        """Every policy whose text can deny a user's or role's calls, as far as the account can tell.

        Raises:
            PrincipalGoneError: there is no such principal.
            OldReadError: IAM doesn't show yet which text a policy has.
        """
        ...

    def read(self, place: PolicyPlace) -> HeldPolicy | None:
        """One policy as it is now; None where it is gone.

        Raises:
            OldReadError: IAM doesn't show yet which text it has.
        """
        ...

    def write(self, place: PolicyPlace, text: str, keep_version: str | None, ours: Sequence[str] = ()) -> str | None:
        """Make the text the policy's text; of a managed policy returns the new version's ID.

        If one has to go because there are five, ``keep_version`` must survive, and the airlock's ``ours`` go first.

        Raises:
            RefusedByIamError: IAM won't take it, now or later.
        """
        ...

    def switch_back(self, place: PolicyPlace, version: str) -> bool:
        """Make an older version of a managed policy the default again; False where that version is gone."""
        ...

    def delete_versions(self, place: PolicyPlace, versions: Sequence[str]) -> None:
        """Delete versions that the airlock made; those already gone are no error."""
        ...


class Audit(Protocol):
    """The audit trail."""

    def write(self, lines: Sequence[str]) -> None:
        """Append lines of JSON, to the byte; returns only when they are kept."""
        ...


class Notices(Protocol):
    """A topic: messages for people and machines. There is one for notices and one for requests."""

    def publish(self, message: Message) -> None:
        """Send one message."""
        ...


class Answers(Protocol):
    """What people told, kept in the ledger: the first answer to a request stands."""

    def give(self, grant_id: str, answer: Answer) -> Answer:
        """Keep an answer, unless there is one; returns the one that stands."""
        ...

    def order_close(self, grant_id: str, order: CloseOrder) -> CloseOrder:
        """Keep an order to close a grant, unless there is one; returns the one that stands."""
        ...

    def approve_ahead(self, ahead: Ahead) -> None:
        """Keep an approval ahead of time."""
        ...

    def aheads(self, principal: str) -> list[Ahead]:
        """Read a principal's approvals ahead of time, those that are over or taken back included, the oldest first."""
        ...

    def revoke_ahead(self, principal: str, ahead_id: str, by: str, at: datetime) -> Ahead | None:
        """Take an approval ahead of time back; returns it as it stands then, None where there is none."""
        ...


class Links(Protocol):
    """Links to the approval page."""

    def link(self, grant_id: str, form: Form, until: datetime) -> str | None:
        """A link by which one request can be answered, once; None where links are switched off."""
        ...


class Machines(Protocol):
    """EC2, as far as the sweep needs it."""

    def instances(self, region: str, infra_ids: Sequence[str]) -> list[Instance]:
        """The instances in a region that carry the tags of these installs, masters and workers too.

        Those that have ended are among them for an hour or so. One that is missing may yet be there: EC2 shows what
        was launched just now some seconds later.
        """
        ...

    def console(self, region: str, instance_id: str) -> str:
        """The latest text of an instance's serial console; empty where there is none (yet)."""
        ...

    def is_bootstrap_of(self, region: str, instance_id: str, infra_id: str) -> bool:
        """Whether EC2 says that the instance runs and is tagged as this install's bootstrap node."""
        ...

    def reboot(self, region: str, instance_id: str) -> None:
        """Reboot an instance; asked for once, whether or not EC2 answers.

        Raises:
            ThrottledError: EC2 did nothing.
            Exception: anything else that EC2 raised, which may have done it.
        """
        ...


class Simulator(Protocol):
    """IAM's policy simulator, as a second opinion."""

    def ask(
        self, principal: str, action: str, resources: Sequence[str], context: Mapping[str, Sequence[str]]
    ) -> Simulation:
        """Ask what an action on these resources comes to, of the policies as they stand.

        Not being allowed to ask, or not getting an answer, is an answer too: ``not_asked``.

        Args:
            principal: ARN of the user or role.
            action: such as ``s3:GetObject``.
            resources: ARNs.
            context: the request's condition keys, with their values; without any for a key that is known to be absent.
        """
        ...
