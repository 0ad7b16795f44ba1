"""IAM's reads lag behind writes: for some seconds each one may show the text before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from airlock.adapters.iam import IamPolicies
from airlock.policy.place import HeldPolicy, PolicyPlace
from tests.reconcile.account import Account

LAG = timedelta(seconds=10)
"""How long an old text may be shown; IAM's pages say no more than that changes aren't seen at once."""
_WRITES = ("PutUserPolicy", "PutRolePolicy", "PutGroupPolicy", "CreatePolicyVersion", "SetDefaultPolicyVersion")
_HOLDERS = {"GetUserPolicy": "UserName", "GetRolePolicy": "RoleName", "GetGroupPolicy": "GroupName"}


@dataclass(slots=True)
class OldReads:
    """What the airlock's reads of some policies show.

    Attributes:
        account: whose IAM it is.
        places: the policies.
        dice: for each read, whether it is old, and how old; None while IAM is quick.
        shown: how many old reads there were.
    """

    account: Account
    places: Sequence[PolicyPlace]
    dice: Random | None = None
    shown: int = 0
    _past: dict[PolicyPlace, list[tuple[datetime, HeldPolicy]]] = field(default_factory=lambda: defaultdict(list))

    def note(self, model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        """Before a write, by whomever: what stood until now."""
        if model.name not in _WRITES:
            return
        now = self.account.clock.now()
        for place in self.places:
            held = IamPolicies(self.account.aside.iam).read(place)
            if held is not None:
                self._past[place].append((now, held))

    def alter(self, model: Any, parsed: dict[str, Any], **_: object) -> None:  # noqa: ANN401 - botocore's
        """Let an answer to the airlock be an old one."""
        if self.dice is None or "Error" in parsed:
            return
        if model.name in _HOLDERS:
            old = self._old(parsed[_HOLDERS[model.name]], parsed["PolicyName"])
            parsed["PolicyDocument"] = old.text if old else parsed["PolicyDocument"]
        elif model.name == "GetPolicy":
            old = self._old(parsed["Policy"]["Arn"], parsed["Policy"]["PolicyName"])
            parsed["Policy"]["DefaultVersionId"] = old.version if old else parsed["Policy"]["DefaultVersionId"]

    def _old(self, holder: str, name: str) -> HeldPolicy | None:
        """What a read shows instead of what stands; None where it is a fresh one."""
        assert self.dice is not None
        since = self.account.clock.now() - LAG
        old = [
            held
            for place in self.places
            if place.name == name and place.holder.endswith(holder)
            for until, held in self._past[place]
            if until >= since
        ]
        held = self.dice.choice([None, *old])
        self.shown += held is not None
        return held


@contextmanager
def old_reads(account: Account, places: Sequence[PolicyPlace]) -> Iterator[OldReads]:
    """Let the airlock's reads of these policies lag, once there are dice."""
    reads = OldReads(account, places)
    written = [client.iam.meta.events for client in (account.acting, account.aside)]
    read = account.acting.iam.meta.events
    for events in written:
        events.register("before-call.iam", reads.note, unique_id="old-reads")
    read.register("after-call.iam", reads.alter, unique_id="old-reads-answer")
    try:
        yield reads
    finally:
        for events in written:
            events.unregister("before-call.iam", unique_id="old-reads")
        read.unregister("after-call.iam", unique_id="old-reads-answer")
