"""Whose text IAM holds of a recorded policy, and what restoring it would write. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from airlock.policy.document import PolicyTextError, sha256_of
from airlock.policy.drift import Rebased, rebase
from airlock.policy.place import HeldPolicy, PolicyKind, PolicyPlace
from airlock.records import PolicyRecord
from airlock_cli.problems import InputError

_REF = re.compile(
    r"(?P<kind>user-inline|role-inline|group-inline|managed):(?P<name>[\w+=,.@-]{1,128})@"
    r"(?P<holder>arn:[a-z-]+:iam::[0-9]{12}:(?:user|role|group|policy)/[!-~]{1,600})",
    re.ASCII,
)
_HOLDERS = {"user-inline": ":user/", "role-inline": ":role/", "group-inline": ":group/", "managed": ":policy/"}


class Holds(StrEnum):
    """What IAM holds of a policy."""

    BASELINE = "baseline"
    AIRLOCKS = "airlocks"
    EDITED = "edited"
    GONE = "gone"


class Way(StrEnum):
    """What is done with a policy that somebody edited."""

    REFUSE = "refuse"
    FORCE = "force"
    MERGE = "merge"


@dataclass(frozen=True, slots=True)
class Found:
    """A recorded policy, and what IAM holds of it.

    Attributes:
        record: as the ledger has it.
        held: as IAM has it; None where it is gone.
        holds: whose text that is.
        merged: the edit with the original denies put back; None where it wasn't edited, or can't be read.
    """

    record: PolicyRecord
    held: HeldPolicy | None
    holds: Holds
    merged: Rebased | None = None

    @property
    def ref(self) -> str:
        """The policy as ``--policy-ref`` takes it."""
        return self.record.place.ref

    def target(self, way: Way) -> str | None:
        """The text to write; None where nothing is to be written."""
        if self.holds in (Holds.GONE, Holds.BASELINE):
            return None
        if self.holds is Holds.EDITED and way is Way.MERGE and self.merged is not None:
            return self.merged.text
        return self.record.baseline


def find(record: PolicyRecord, held: HeldPolicy | None) -> Found:
    """Compare what IAM holds of a policy with what the ledger knows of it."""
    if held is None:
        return Found(record, held, Holds.GONE)
    if held.text == record.baseline:
        return Found(record, held, Holds.BASELINE)
    if held.text in (record.written, record.intended) or sha256_of(held.text) in record.past:
        return Found(record, held, Holds.AIRLOCKS)
    return Found(record, held, Holds.EDITED, _merged(record, held.text))


def place_of(ref: str) -> PolicyPlace:
    """Read a policy's name as :attr:`PolicyPlace.ref` writes it.

    Raises:
        InputError: it isn't one.
    """
    found = _REF.fullmatch(ref)
    if found is None or _HOLDERS[found["kind"]] not in found["holder"]:
        raise InputError(
            f"--policy-ref {ref[:200]!a} isn't a policy's name.\n"
            "It looks like user-inline:source-ip@arn:aws:iam::111122223333:user/ocp-installer."
        )
    return PolicyPlace(PolicyKind(found["kind"]), found["holder"], found["name"])


def _merged(record: PolicyRecord, text: str) -> Rebased | None:
    try:
        return rebase(record.baseline, [ours for ours in (record.intended, record.written) if ours is not None], text)
    except PolicyTextError:
        return None
