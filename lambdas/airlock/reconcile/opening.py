"""Letting a new grant in: which policies stand in its way, and may and can they be opened?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from airlock.grants.grant import CloseReason, State
from airlock.grants.life import exemption_of
from airlock.policy.clauses import CannotRenderError
from airlock.policy.document import PolicyTextError, parse_document, size_of, statements_of
from airlock.policy.place import HeldPolicy, PolicyKind
from airlock.policy.render import is_airlock_statement
from airlock.ports import PolicyRecord
from airlock.reconcile.checking import doubts, end_doubtful
from airlock.reconcile.choose import Choice, Target, catches, choose, still_denied
from airlock.reconcile.happening import Drift
from airlock.reconcile.run import Run


def refuse(run: Run, grant_id: str, reason: str, detail: str) -> None:
    """End a grant that can't be opened; no policy was touched for it."""
    grant = run.grants[grant_id].with_progress(state=State.REFUSED, closed_at=run.now, reason=reason, detail=detail)
    run.end(grant, "refuse", detail)


def admit(run: Run, grant_id: str, found: Sequence[HeldPolicy]) -> None:
    """Enter a new grant into the scopes of the policies that stand in its way, or end it.

    Args:
        run: the reconciliation.
        grant_id: of the new grant.
        found: every policy of its principal.
    """
    grant = run.grants[grant_id]
    exemption = exemption_of(grant.facts, grant.progress.form)
    try:
        catching = [policy for policy in found if catches(_baseline(run, policy), exemption)]
    except CannotRenderError as error:
        refuse(run, grant_id, error.reason, error.detail)
        return
    except PolicyTextError as error:
        refuse(run, grant_id, "policy-text", f"a policy of the principal can't be read: {error}")
        return
    if not catching:
        _nothing_to_open(run, grant_id)
        return
    for policy in catching:
        why_not = _out_of_reach(run, policy)
        if why_not:
            refuse(run, grant_id, *why_not)
            return
    run.held.update({policy.place: policy for policy in found})
    for policy in catching:
        run.scopes[policy.place.holder].grants.add(grant_id)
    # Also where an earlier attempt got to that died, though the policy there may not be in the way any more.
    scopes = sorted(scope.id for scope in run.scopes.values() if grant_id in scope.grants)
    for policy in catching:
        run.keep_record(run.record_of(policy.place))
    run.grants[grant_id] = run.grants[grant_id].with_progress(scopes=tuple(scopes))


def decide_texts(run: Run, opening: str | None, found: Sequence[HeldPolicy]) -> None:
    """Choose what is open and in which texts; refuse the new grant if it has no exact form or wouldn't help.

    Args:
        run: the reconciliation.
        opening: ID of the new grant, None where there is none.
        found: every policy of its principal.
    """
    run.choice = _choice(run)
    if opening is not None and not run.grants[opening].is_final:
        why_not = _why_not(run, opening, found)
        if why_not:
            refuse(run, opening, *why_not)
            run.choice = _choice(run)
    edited = any(isinstance(one, Drift) for one in run.happened)
    for grant_id, error in run.choice.kept.items():
        if grant_id in run.choice.exemptions:
            continue
        # It was open and can't be written any more: an edit is in its way, or a lift ended that had spared it the room.
        if edited:
            reason, detail = str(CloseReason.POLICY_EDITED), "the edited policy has no exact form with the exemption"
        else:
            reason, detail = error.reason, f"it can't stay open as the policies are now: {error.detail}"
        run.begin_closing([grant_id], reason, detail)
    _drop_doubtful(run, opening)


def _drop_doubtful(run: Run, opening: str | None) -> None:
    """Leave out what a second look at the texts finds wrong, until nothing is; each round leaves out a grant."""
    while doubtful := doubts(run):
        if opening in doubtful:
            refuse(run, opening, *doubtful[opening])
        run.held_back |= doubtful.keys()
        end_doubtful(run, doubtful)
        run.choice = _choice(run)


def _why_not(run: Run, opening: str, found: Sequence[HeldPolicy]) -> tuple[str, str] | None:
    error = run.choice.refused.get(opening)
    if error is not None:
        return error.reason, error.detail
    exemption = run.choice.exemptions.get(opening)
    if exemption is None:
        return None
    afterwards = [replace(policy, text=run.choice.texts.get(policy.place, policy.text)) for policy in found]
    obstacle = still_denied(afterwards, exemption, run.now)
    return ("still-denied", obstacle) if obstacle else None


def _choice(run: Run) -> Choice:
    records = list(run.records().values())
    targets = [Target(record.place, record.baseline, _strangers(record, records)) for record in records]
    grants = [grant for grant in run.grants.values() if grant.id not in run.held_back]
    return choose(grants, targets, run.members(), run.now, run.apart())


def _strangers(record: PolicyRecord, records: Sequence[PolicyRecord]) -> int:
    """Characters of the holder's inline policies that aren't targets themselves."""
    fellows = [
        size_of(other.baseline)
        for other in records
        if other.place.holder == record.place.holder and other.place != record.place
    ]
    return max(0, record.neighbours - sum(fellows))


def _nothing_to_open(run: Run, grant_id: str) -> None:
    detail = "no source-network deny stands in the fetch's way"
    reason = str(CloseReason.NOTHING_TO_OPEN)
    grant = run.grants[grant_id].with_progress(state=State.CLOSED, closed_at=run.now, reason=reason, detail=detail)
    run.end(grant, reason, detail)


def shows_strays(run: Run, found: Sequence[HeldPolicy]) -> bool:
    """Whether a policy that may be changed holds a statement of ours that the ledger knows nothing of."""
    return any(_is_stray(run, policy) for policy in found)


def _is_stray(run: Run, policy: HeldPolicy) -> bool:
    scope = run.scopes.get(policy.place.holder)
    if scope is None or policy.place in scope.policies:
        return False
    try:
        statements = statements_of(parse_document(policy.text))
    except PolicyTextError:
        return False
    return any(is_airlock_statement(statement) for statement in statements)


def _baseline(run: Run, policy: HeldPolicy) -> str:
    scope = run.scopes.get(policy.place.holder)
    record = scope.policies.get(policy.place) if scope else None
    if record is not None:
        return record.baseline
    # A statement of ours without a record must never become part of a baseline.
    if _is_stray(run, policy):
        detail = f"{policy.place} holds an Airlock statement that the ledger doesn't know; put the policy right by hand"
        raise CannotRenderError("stray-airlock-statement", detail)
    return policy.text


def _out_of_reach(run: Run, policy: HeldPolicy) -> tuple[str, str] | None:
    if policy.place.kind is PolicyKind.BOUNDARY:
        return "permissions-boundary", f"the deny stands in {policy.place}, which this version can't open"
    if policy.place.holder not in run.scopes:
        where = "groups" if policy.place.kind is PolicyKind.GROUP_INLINE else "policies"
        remedy = f'add {policy.place.holder} to the principal\'s "{where}" in the configuration'
        return "not-named", f"the deny stands in {policy.place}, which the airlock may not change; {remedy}"
    return None
