"""``airlock restore``: under the scopes' leases, as the functions write, but with the operator's own rights."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from botocore.exceptions import ClientError

from airlock.adapters.clients import make_clients
from airlock.adapters.iam import IamPolicies
from airlock.adapters.ledger import DynamoLedger
from airlock.errors import ConflictError, LeaseBusyError, OldReadError, RefusedByIamError
from airlock.grants.grant import Grant
from airlock.grants.life import wants_open
from airlock.policy.place import PolicyPlace
from airlock.ports import LEASE_PATIENCE_SECONDS, Clock
from airlock.reconcile.choose import Choice
from airlock.reconcile.happening import Happening
from airlock.reconcile.run import Run, about_to_write
from airlock.reconcile.writing import NotConfirmedError, Writer
from airlock.records import Scope
from airlock.settings import LEASE_SECONDS
from airlock_cli.operators.account import Account
from airlock_cli.problems import AwsError, CommandError, NotFoundError, RefusedError
from airlock_cli.progress import Later
from airlock_cli.restore.auditing import audit
from airlock_cli.restore.policies import Found, Holds, Way, find

_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be restored.

    Attributes:
        scopes: IDs of the scopes, in the order in which leases are taken.
        only: the one policy that is meant; None for all of the scopes.
        way: what is done with edited ones.
        even_if_open: whether to go on though a grant is open.
    """

    scopes: tuple[str, ...]
    only: PolicyPlace | None
    way: Way
    even_if_open: bool


@dataclass(frozen=True, slots=True)
class Outlook:
    """What there is to restore.

    Attributes:
        found: the recorded policies.
        still_open: IDs of grants that the airlock would open again.
        unaudited: why the audit trail hasn't what was restored; empty where it has, or nothing was.
    """

    found: tuple[Found, ...]
    still_open: tuple[str, ...]
    unaudited: str = ""


class Restorer:
    """Reads and restores the policies of some scopes."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._clients = clients = make_clients(account.session)
        self._clock: Clock = account.clock
        self._policies = IamPolicies(clients.iam)
        self._ledger = DynamoLedger(
            clients.dynamodb, account.output("LedgerTableName"), f"restore-{uuid4().hex[:12]}", account.clock
        )

    def look(self, asked: Asked) -> Outlook:
        """Look without a lease; nothing is written."""
        with _denials_told():
            return self._outlook([self._ledger.look(scope_id) for scope_id in asked.scopes], asked)

    def restore(self, asked: Asked) -> Outlook:
        """Put the baselines back; returns what was found before.

        Raises:
            CommandError: another writer holds a policy, or IAM doesn't show what it took.
            RefusedError: a grant is open, or somebody edited a policy; nothing was written.
            AwsError: IAM or the ledger doesn't let the caller.
        """
        happened: list[Happening] = []
        unaudited = ""
        try:
            with _denials_told():
                outlook = self._restored(asked, happened)
        finally:
            # Last, when the leases are let go: nothing is to wait for it.
            unaudited = audit(self._account, self._clients, happened)
        return replace(outlook, unaudited=unaudited)

    def _restored(self, asked: Asked, happened: list[Happening]) -> Outlook:
        try:
            # A scope that a newer release wrote is found out once its lease is taken.
            scopes = self._taken(asked)
            outlook = self._outlook(scopes, asked)
            check(outlook, asked)
            self._write(scopes, outlook, asked.way, happened)
        except BaseException:
            # The leases end by themselves if this fails too.
            with contextlib.suppress(Exception):
                self._ledger.release(asked.scopes)
            raise
        return outlook

    def _taken(self, asked: Asked) -> list[Scope]:
        try:
            with Later("Waiting for the airlock to let the policies go"):
                return self._ledger.acquire(asked.scopes, LEASE_PATIENCE_SECONDS)
        except LeaseBusyError as error:
            raise CommandError(
                f"{error}.\nTry again: whoever is at work ends soon, and who died lets go after {LEASE_SECONDS} s.",
                "lease-busy",
            ) from error

    def _outlook(self, scopes: Sequence[Scope], asked: Asked) -> Outlook:
        records = [record for scope in scopes for _, record in sorted(scope.policies.items())]
        if asked.only is not None:
            records = [record for record in records if record.place == asked.only]
        if not records:
            what = asked.only.ref if asked.only else " and ".join(asked.scopes) or "the grant's policies"
            raise NotFoundError(
                f"the ledger keeps no baseline for {what}: nothing is open there.\n"
                "See airlock grants; what was written last stands in airlock show.",
                "no-record",
            )
        grants = self._grants(scopes)
        now = self._clock.now()
        return Outlook(
            found=tuple(find(record, self._policies.read(record.place)) for record in records),
            still_open=tuple(grant.id for grant in grants if wants_open(grant, now)),
        )

    def _grants(self, scopes: Sequence[Scope]) -> list[Grant]:
        return self._ledger.grants(sorted({grant_id for scope in scopes for grant_id in scope.grants}))

    def _write(self, scopes: Sequence[Scope], outlook: Outlook, way: Way, happened: list[Happening]) -> None:
        texts = {one.record.place: text for one in outlook.found if (text := one.target(way)) is not None}
        run = Run(
            scopes={scope.id: scope for scope in scopes},
            grants={grant.id: grant for grant in self._grants(scopes)},
            now=self._clock.now(),
            event_id=None,
            held={one.record.place: one.held for one in outlook.found},
            choice=Choice(texts=dict(texts)),
            happened=happened,
        )
        for place, text in texts.items():
            record = run.record_of(place)
            if text != record.baseline:
                # The merge is what the policy is without the airlock from now on.
                record = replace(record, baseline=text, baseline_version=None)
            run.keep_record(about_to_write(record, text, run.now))
        if texts:
            self._ledger.write_ahead(scopes, [])
            Writer(self._policies, self._clock, lambda _: None).write_all(run, sorted(texts))
        self._ledger.settle(scopes, [])


def check(outlook: Outlook, asked: Asked) -> None:
    """Refuse where restoring wouldn't last, or would throw somebody's edit away.

    Raises:
        RefusedError: that is so.
    """
    if outlook.still_open and not asked.even_if_open:
        raise RefusedError(
            f"{' and '.join(outlook.still_open)} is open: the install's next event would open the policy again.\n"
            f"First: airlock close {outlook.still_open[0]}. If that can't be, see --even-if-open.",
            "still-open",
            {"still_open": list(outlook.still_open)},
        )
    edited = [one for one in outlook.found if one.holds is Holds.EDITED]
    if edited and asked.way is Way.REFUSE:
        raise RefusedError(
            f"somebody edited {' and '.join(one.ref for one in edited)}; --dry-run shows it.\n"
            "Keep the edit with --merge, or throw it away with --force.",
            "edited",
            {"edited": [one.ref for one in edited]},
        )
    unreadable = [one.ref for one in edited if one.merged is None]
    if unreadable and asked.way is Way.MERGE:
        raise RefusedError(
            f"the edit of {' and '.join(unreadable)} can't be merged: it isn't a policy.\n"
            "Throw it away with --force, or put the policy right by hand.",
            "not-mergeable",
        )


@contextlib.contextmanager
def _denials_told() -> Iterator[None]:
    """Say which right is missing, and what became of a write that failed."""
    try:
        yield
    except RefusedByIamError as error:
        raise AwsError(
            f"{error}\nThe ledger keeps what was meant, and the sweep tries it too.", "write-refused"
        ) from error
    except NotConfirmedError as error:
        raise CommandError(f"{error}.\nLook again in a minute, with --dry-run.", "not-confirmed") from error
    except ConflictError as error:
        raise CommandError(f"{error}.\nLook again with --dry-run.", "conflict") from error
    except OldReadError as error:
        raise AwsError(f"IAM shows an old state: {error}\nTry again in a minute.") from error
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in _DENIED:
            raise
        raise AwsError(
            f"AWS denies {error.operation_name}.\nRestoring needs the rights that docs/operations.md lists.",
            "access-denied",
            {"permission": error.operation_name},
        ) from error
