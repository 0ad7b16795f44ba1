"""Letting a new grant in: which policies stand in its way, and may and can they be opened?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from airlock.grants.approval import Form
from airlock.grants.grant import CloseReason, State
from airlock.grants.life import exemption_of, is_left_wide
from airlock.policy.clauses import CannotRenderError
from airlock.policy.document import PolicyTextError, parse_document, size_of, statements_of
from airlock.policy.place import HeldPolicy, PolicyKind
from airlock.policy.render import is_airlock_statement
from airlock.reconcile.checking import doubts, end_doubtful
from airlock.reconcile.choose import Choice, Target, catches, choose, not_allowed, still_denied
from airlock.reconcile.happening import Drift
from airlock.reconcile.run import Run
from airlock.records import PolicyRecord


def refuse(run: Run, grant_id: str, reason: str, detail: str) -> None:
    """End a grant that can't be opened; no policy was touched for it."""
    grant = run.grants[grant_id].with_progress(state=State.REFUSED, closed_at=run.now, reason=reason, detail=detail)
    run.end(grant, "refuse", detail)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a new grant can't be opened in the form that it was tried in.

    Attributes:
        reason: a short name.
        detail: the same in plain words.
        depends_on_form: whether another form may do better.
    """

    reason: str
    detail: str
    depends_on_form: bool = False


def admit(run: Run, grant_id: str, found: Sequence[HeldPolicy]) -> Obstacle | None:
    """Enter a new grant into the scopes of the policies that stand in its way, or end it where none does.

    Args:
        run: the reconciliation.
        grant_id: of the new grant.
        found: every policy of its principal.

    Returns:
        What keeps it from being entered; None where it was entered, or has ended.
    """
    grant = run.grants[grant_id]
    exemption = exemption_of(grant.facts, grant.progress.form)
    try:
        catching = [policy for policy in found if catches(_baseline(run, policy), exemption)]
        unallowed = not_allowed(found, exemption, run.now)
    except CannotRenderError as error:
        return Obstacle(error.reason, error.detail, depends_on_form=True)
    except PolicyTextError as error:
        return Obstacle("policy-text", f"a policy of the principal can't be read: {error}")
    if unallowed:
        return Obstacle("allow-by-network", unallowed)
    if not catching:
        _nothing_to_open(run, grant_id)
        return None
    for policy in catching:
        why_not = _out_of_reach(run, policy)
        if why_not:
            return Obstacle(*why_not)
    for policy in catching:
        run.scopes[policy.place.holder].grants.add(grant_id)
    # Also where an earlier attempt got to that died, though the policy there may not be in the way any more.
    scopes = sorted(scope.id for scope in run.scopes.values() if grant_id in scope.grants)
    for policy in catching:
        run.keep_record(run.record_of(policy.place))
    run.grants[grant_id] = run.grants[grant_id].with_progress(scopes=tuple(scopes))
    return None


def withdraw(run: Run, grant_id: str) -> None:
    """Take a new grant out of the scopes that this run entered it into."""
    before = run.kept[grant_id].progress.scopes
    for scope in run.scopes.values():
        if scope.id not in before:
            scope.grants.discard(grant_id)
    run.grants[grant_id] = run.grants[grant_id].with_progress(scopes=before)


def what_hinders(run: Run, opening: str, found: Sequence[HeldPolicy]) -> Obstacle | None:
    """Why a new grant that was entered isn't opened, or not to any use, by what is chosen; None where it is.

    Args:
        run: the reconciliation, with its texts chosen.
        opening: ID of the new grant.
        found: every policy of its principal.
    """
    error = run.choice.refused.get(opening)
    if error is not None:
        return Obstacle(error.reason, error.detail, depends_on_form=True)
    exemption = run.choice.exemptions.get(opening)
    if exemption is None:
        return None
    afterwards = [replace(policy, text=run.choice.texts.get(policy.place, policy.text)) for policy in found]
    obstacle = still_denied(afterwards, exemption, run.now)
    return Obstacle("still-denied", obstacle) if obstacle else None


def decide_texts(run: Run) -> None:
    """Choose what is open and in which texts, where nothing new is to be opened."""
    choose_texts(run)
    drop_doubtful(run)


def choose_texts(run: Run) -> None:
    """Choose what is open and in which texts, and close what can't stay open, or may not as it is."""
    run.choice = _choice(run)
    ending = _to_be_closed(run)
    for grant_id, (reason, detail) in ending.items():
        run.begin_closing([grant_id], reason, detail)
    if ending:
        run.choice = _choice(run)


def drop_doubtful(run: Run, opening: str | None = None) -> None:
    """Leave out what a second look at the texts finds wrong, until nothing is; each round leaves out a grant.

    What is new goes first: without it, what is open is as it was, and was found right.

    Args:
        run: the reconciliation, with its texts chosen.
        opening: ID of a new grant, which is refused if it is among them.
    """
    while doubtful := doubts(run):
        doubtful = {one: doubtful[one] for one in doubtful.keys() & run.newcomers() or doubtful}
        if opening in doubtful:
            refuse(run, opening, *doubtful[opening])
        run.held_back |= doubtful.keys()
        end_doubtful(run, doubtful)
        run.choice = _choice(run)


def _to_be_closed(run: Run) -> dict[str, tuple[str, str]]:
    """The open grants that can't be brought to what is known now and end for it: a reason for each, and a detail."""
    edited = any(isinstance(one, Drift) for one in run.happened)
    ending: dict[str, tuple[str, str]] = {}
    for grant_id, error in run.choice.kept.items():
        if grant_id not in run.choice.exemptions:
            # It can't be written any more: an edit is in its way, or a lift ended that had spared it the room.
            ending[grant_id] = (
                (str(CloseReason.POLICY_EDITED), "the edited policy has no exact form with the exemption")
                if edited
                else (error.reason, f"it can't stay open as the policies are now: {error.detail}")
            )
        elif _must_be_narrowed(run, grant_id):
            ending[grant_id] = (error.reason, f"it can't be narrowed, and may not stay as wide: {error.detail}")
    return ending


def _must_be_narrowed(run: Run, grant_id: str) -> bool:
    """Whether an open grant may not stay open for any network, now that the install's own is known."""
    grant = run.grants[grant_id]
    enrolled = run.enrolled.get(grant.facts.principal)
    return is_left_wide(grant) and enrolled is not None and enrolled.bars(Form.ANY_NETWORK)


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
    what = f"{policy.place}, the principal's permissions boundary" if policy.boundary else str(policy.place)
    if policy.place.is_aws_own:
        return "aws-managed", f"the deny stands in {what}, which is AWS's own; nobody can edit it"
    if policy.place.holder not in run.scopes:
        where = "groups" if policy.place.kind is PolicyKind.GROUP_INLINE else "policies"
        remedy = f'add {policy.place.holder} to the principal\'s "{where}" in the configuration'
        return "not-named", f"the deny stands in {what}, which the airlock may not change; {remedy}"
    return None
