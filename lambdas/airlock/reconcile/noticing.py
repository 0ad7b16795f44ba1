"""What IAM holds, compared with what the ledger says: whether somebody else has changed it, and what then. Pure."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

from airlock.grants.grant import CloseReason, Grant
from airlock.grants.life import exemption_of
from airlock.policy.clauses import CannotRenderError
from airlock.policy.document import PolicyTextError, sha256_of
from airlock.policy.drift import Rebased, holds_ours, rebase
from airlock.policy.exemption import Exemption
from airlock.policy.place import HeldPolicy, PolicyPlace
from airlock.policy.render import render
from airlock.reconcile.happening import Drift
from airlock.reconcile.run import Run, now_written, unless_made_anew, with_version
from airlock.records import PolicyRecord

OLD_READ = timedelta(seconds=30)
"""How long after a write of ours a read may show what stood before it. What it shows later, somebody has put there."""

# What is done about an edit, for the audit trail and the notice.
EDITED = "The edit is kept. What is open beside it goes on to its end, and the original deny comes back then."
ALTERED = (
    "The airlock's own statements were altered or are gone: the grants end, and the original deny is back beside what "
    "was found. Any statement left with a Sid such as Airlock1 must be taken out by hand; until then, installs are "
    "refused."
)
PUT_BACK = "Somebody put the policy back as it was before it was opened: it stays so, and the grants end."
UNREADABLE = (
    "The policy is left as it was found, and the grants end, for the airlock can't read it: {error}. Put it right by "
    "hand: the original deny may be missing."
)
GONE = (
    "The policy is gone, so there is nothing to put back. If its user or group was only renamed, the airlock's "
    "statements are still in it, and have to be taken out by hand; IAM itself denies again after the grant's time."
)


def may_be_old(run: Run, place: PolicyPlace, held: HeldPolicy | None, now: datetime) -> bool:
    """Whether nobody can tell yet if somebody else has changed a policy, or a read shows what stood before our write.

    That may be a text that the airlock has never seen: a human's, from some seconds before it was opened.

    Args:
        run: with the policy's record.
        place: the policy.
        held: the policy as read.
        now: when it was read.
    """
    record = run.scopes[place.holder].policies.get(place)
    if record is None or record.written_at is None or now - record.written_at >= OLD_READ:
        return False
    if held is None:
        return True
    known = held.text in (record.intended, record.written, record.baseline) or sha256_of(held.text) in record.past
    try:
        return not known and not holds_ours(record.baseline, _expected(record), held.text)
    except PolicyTextError:
        return True


def take_note(run: Run, place: PolicyPlace, held: HeldPolicy | None) -> bool:
    """Compare a policy as read with what the ledger expects; True where somebody else had changed it."""
    run.held[place] = held
    record = run.scopes[place.holder].policies.get(place)
    if record is None:
        return False
    if held is None:
        _tell(run, record, "", GONE)
        del run.scopes[place.holder].policies[place]
        return True
    if held.text == record.intended:
        # An earlier run wrote this and ended before it could say so.
        run.written(record, record.written, held.text, "found-written")
        run.keep_record(now_written(with_version(record, held), held.text))
    elif held.text == record.written != record.baseline:
        run.keep_record(with_version(record, held))
    elif _was_put_back(run, record, held):
        _take_over(run, record, held, Rebased(held.text, intact=False), PUT_BACK)
        return True
    # Else it may be an old read; one of a text of ours is no edit, in any case.
    elif held.text not in (record.written, record.baseline) and sha256_of(held.text) not in record.past:
        _merge(run, record, held)
        return True
    return False


def _was_put_back(run: Run, record: PolicyRecord, held: HeldPolicy) -> bool:
    """Whether somebody has brought an open policy back to its baseline, which is to say: closed it.

    The baseline hasn't stood there since the last of its grants was opened, so a read that shows it can be as old as
    that, and no younger.
    """
    if held.text != record.baseline or record.intended is not None or record.written == record.baseline:
        return False
    return record.written_at is not None and run.now - record.written_at >= OLD_READ


def _merge(run: Run, record: PolicyRecord, held: HeldPolicy) -> None:
    # Which of these stood when it was edited isn't known: the intent may never have reached IAM, and an editor that
    # somebody had open since before another grant's opening or end brings back what the policy was then.
    try:
        ours = [*_expected(record), *_earlier(run, record)]
        merged = rebase(record.baseline, ours, held.text)
    except PolicyTextError as error:
        # A merge would be guesswork, and the baseline over it would be the end of the edit.
        _take_over(run, record, held, Rebased(held.text, intact=False), UNREADABLE.format(error=error))
    else:
        _take_over(run, record, held, merged, EDITED if merged.intact else ALTERED)


def _expected(record: PolicyRecord) -> list[str]:
    """What the policy may be, as far as the airlock has written it."""
    return [text for text in (record.intended, record.written) if text is not None]


def _earlier(run: Run, record: PolicyRecord) -> Iterator[str]:
    """What the policy was written as before, as far as that can still be told."""
    grants = [run.grants[one] for one in run.grants_on(record.place)]
    for plan in [grant.progress.plan for grant in grants if grant.progress.plan]:
        yield from (change.after for change in plan.changes if change.place == record.place)
    now = {grant.id: grant.progress.exemption for grant in grants if grant.progress.exemption}
    for grant in grants:
        others = [exemption for grant_id, exemption in now.items() if grant_id != grant.id]
        # Also of one that has opened nothing by what the ledger knows: its run may have died while it took its text
        # back, and then that stands no longer as the intent.
        for exemption in _less_narrow(grant):
            with contextlib.suppress(CannotRenderError):
                text = render(
                    record.baseline, [*others, exemption], grant.facts.requested_at, shared=record.place.shared
                )
                if sha256_of(text) in record.past:
                    yield text


def _less_narrow(grant: Grant) -> Iterator[Exemption]:
    """What a grant may have opened before signals told of its VPC, its era, its region."""
    facts = grant.facts
    known = product((facts.endpoint_vpcs, frozenset()), (facts.eras, frozenset()), (facts.regions, frozenset()))
    for vpcs, eras, regions in known:
        yield exemption_of(replace(facts, endpoint_vpcs=vpcs, eras=eras, regions=regions), grant.progress.form)


def _take_over(run: Run, record: PolicyRecord, held: HeldPolicy, merged: Rebased, detail: str) -> None:
    """Let an edit be what the policy is from now on, and end its grants where it left too little of the airlock's."""
    if not merged.intact:
        run.begin_closing(run.grants_on(record.place), str(CloseReason.POLICY_EDITED), detail)
    _tell(run, record, held.text, detail)
    if held.text != record.baseline:
        record = unless_made_anew(record, held)
    version = record.baseline_version if merged.text == record.baseline else None
    record = replace(now_written(record, held.text), baseline=merged.text, baseline_version=version)
    # A version with the new baseline in it serves for the end, too.
    run.keep_record(with_version(record, held) if held.text == merged.text else record)


def _tell(run: Run, record: PolicyRecord, found: str, detail: str) -> None:
    run.happened.append(
        Drift(
            place=record.place,
            grants=run.grants_on(record.place),
            event_id=run.event_id,
            expected=record.intended or record.written,
            found=found,
            detail=detail,
        )
    )
