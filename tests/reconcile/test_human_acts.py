"""Humans at work on a guarded policy: each act at each moment, in each kind of place.

Whatever they did survives, the original deny stands, nothing of the airlock's stays, people are told once, and the
sweep comes to rest.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from airlock.adapters.ledger import DynamoLedger
from airlock.grants.grant import State
from airlock.policy.document import parse_document, statements_of
from airlock.policy.place import PolicyKind
from airlock.policy.render import is_airlock_statement
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import KINDS, USER, Account, at, install
from tests.reconcile.human_acts import ACTS, BY_HUMAN, DENY, LOOKALIKE, MOMENTS, POLICY, Scene, delete, scene
from tests.reconcile.interference import refusal

INLINE, MANAGED = PolicyKind.USER_INLINE, PolicyKind.MANAGED
USUAL = ("edits beside", "takes a statement out", "replaces it without the deny", "puts it back")
CROSSED = [
    *((INLINE, moment, act) for moment in MOMENTS for act in ACTS),
    *((MANAGED, moment, act) for moment in ("open", "closing, unwritten", "opening, written") for act in ACTS),
    *((kind, "open", act) for kind in (PolicyKind.ROLE_INLINE, PolicyKind.GROUP_INLINE) for act in USUAL),
]


def statements(text: str | None) -> list[dict[str, Any]]:
    """A policy's statements."""
    return statements_of(parse_document(text or ""))


def come_to_rest(played: Scene) -> list[list[str]]:
    """Sweep, end each install, and sweep past its time; gives what each sweep had to tell. None of them may raise."""
    account = played.account
    told = [account.sweep() for _ in range(3)]
    for one in played.installs:
        account.deliver(one.delete_bucket(at(900)))
    return [*told, account.sweep(), account.sweep(after=4000)]


def records_left(played: Scene) -> int:
    """Policies that the ledger still keeps something of."""
    ledger = DynamoLedger(played.account.aside.dynamodb, "ledger", "aside", played.account.clock)
    return len(ledger.look(played.place.holder).policies)


def edits_told(account: Account) -> tuple[int, int]:
    """How often the audit trail and the notices tell of an edit."""
    subjects = [subject for subject, _ in account.notices()]
    return len(account.audit("drift")), subjects.count("ALARM: a policy was edited while it was open: net")


@pytest.mark.parametrize(("kind", "moment", "name"), CROSSED, ids=str)
def test_whatever_a_human_does_survives_and_the_deny_stands(
    account: Account, kind: PolicyKind, moment: str, name: str
) -> None:
    """The human's statements and the deny are all that is left, and every grant has ended."""
    played, act = scene(account, kind, moment), ACTS[name]
    theirs = played.do(act)
    told = come_to_rest(played)

    text = account.text(played.place)
    left = statements(text)
    assert all(one in left for one in act.keeps)
    assert sum(one == DENY for one in left) == 1
    assert [one for one in left if is_airlock_statement(one)] == [one for one in act.keeps if one == LOOKALIKE]
    if act.denies:
        assert text == theirs
    assert told[1:3] == [[], []]
    assert told[-1] == []
    assert all(account.grant(one.infra_id, one.principal).is_final for one in played.installs)
    assert records_left(played) == 0
    # What the ledger expects anyway, or had expected before a process died, is no edit.
    silent = {"deletes it, makes it anew with ours": MOMENTS, "puts it back": [one for one in MOMENTS if "ing," in one]}
    expected = (0, 0) if moment in silent.get(name, ()) else (1, 1)
    assert edits_told(account) == expected


@pytest.mark.parametrize(
    ("kind", "moment"),
    [*((kind, "open") for kind in KINDS), *((kind, one) for kind in (INLINE, MANAGED) for one in MOMENTS[1:])],
)
def test_a_deleted_policy_is_let_go(account: Account, kind: PolicyKind, moment: str) -> None:
    """It isn't made anew, people are told once, and the grants end."""
    played = scene(account, kind, moment)
    delete(account, played.place)
    assert come_to_rest(played)[1:3] == [[], []]
    assert account.text(played.place) is None
    assert edits_told(account) == (1, 1)
    assert all(account.grant(one.infra_id, one.principal).is_final for one in played.installs)


@pytest.mark.parametrize("kind", [INLINE, MANAGED])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_text_that_cant_be_read_ends_the_grants(account: Account, kind: PolicyKind, moment: str) -> None:
    """IAM is known to refuse a repeated key; if it ever takes one, the text is left, and no sweep fails over it."""
    played = scene(account, kind, moment)
    theirs = json.dumps({"Version": "2012-10-17", "Statement": [BY_HUMAN]})[:-1] + ',"Version":"2012-10-17"}'
    account.edit(played.place, theirs)
    assert come_to_rest(played)[1:3] == [[], []]
    assert account.text(played.place) == theirs
    assert edits_told(account) == (1, 1)
    assert all(account.grant(one.infra_id, one.principal).is_final for one in played.installs)
    assert records_left(played) == 0
    account.deliver(install("new-55555").create_vpc(account.clock.now()))
    assert account.grant("new-55555").progress.reason == "policy-text"


@pytest.mark.parametrize("moment", [one for one in MOMENTS if one not in ("opening, unwritten", "closing, written")])
def test_an_altered_statement_stays_beside_the_deny(account: Account, moment: str) -> None:
    """Nobody knows what it is to mean; the next install is refused until somebody has put it right."""
    played = scene(account, INLINE, moment)
    document = json.loads(str(account.text(played.place)))
    document["Statement"][0]["NotAction"] = "s3:*"
    account.edit(played.place, json.dumps(document))
    come_to_rest(played)
    assert statements(account.text(played.place)) == [document["Statement"][0], DENY]
    assert edits_told(account) == (1, 1)
    account.deliver(install("new-55555").create_vpc(account.clock.now()))
    assert account.grant("new-55555").progress.reason == "stray-airlock-statement"


@pytest.mark.parametrize("kind", [INLINE, MANAGED])
@pytest.mark.parametrize("meanwhile", ["another grant opens", "it is narrowed"])
def test_an_editor_that_was_open_for_long_brings_nothing_back_for_good(
    account: Account, kind: PolicyKind, meanwhile: str
) -> None:
    """Somebody saves an edit of what the policy was before the airlock's last write; what is open goes on."""
    place, one, two = account.stand(kind, POLICY), install(), install("lab-9mz4c")
    account.deliver(one.create_vpc(at(0)))
    stale = ACTS["edits beside"].edit(str(account.text(place)))
    account.deliver(two.create_vpc(at(60)) if meanwhile == "another grant opens" else one.create_vpc_endpoint(at(60)))
    account.edit(place, stale)
    account.sweep()
    assert account.grant(one.infra_id).progress.state is State.OPEN
    account.deliver(one.delete_bucket(at(600)), two.delete_bucket(at(601)))
    assert statements(account.text(place)) == [BY_HUMAN, DENY]
    assert edits_told(account) == (1, 1)


def test_the_baselines_version_set_as_default_by_hand_closes(account: Account) -> None:
    """It stays the default, the airlock's version is deleted, and the grants end."""
    played = scene(account, MANAGED, "two")
    iam = account.aside.iam
    iam.set_default_policy_version(PolicyArn=played.place.holder, VersionId="v1")
    account.sweep()
    listed = iam.list_policy_versions(PolicyArn=played.place.holder)["Versions"]
    assert [(one["VersionId"], one["IsDefaultVersion"]) for one in listed] == [("v1", True)]
    ended = [account.grant(one.infra_id).progress for one in played.installs]
    assert {(one.state, one.reason) for one in ended} == {(State.CLOSED, "policy-edited")}
    assert edits_told(account) == (1, 1)


def test_a_version_that_isnt_the_default_is_left_where_it_is(account: Account) -> None:
    """Nobody comes under it: there is nothing to tell, and the end brings the baseline's version back."""
    played = scene(account, MANAGED, "open")
    iam, arn = account.aside.iam, played.place.holder
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=(SAMPLES / "with-allow-and-mfa.json").read_text())
    come_to_rest(played)
    listed = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert {one["VersionId"]: one["IsDefaultVersion"] for one in listed} == {"v1": True, "v3": False}
    assert edits_told(account) == (0, 0)


@pytest.mark.parametrize("act", ["detached", "attached to another", "out of the group", "user deleted", "user anew"])
def test_a_shared_policy_is_restored_whoever_comes_under_it(account: Account, act: str) -> None:
    """Its text is nobody's in particular: it is put back at the grant's end, to the byte."""
    kind = PolicyKind.GROUP_INLINE if act == "out of the group" else MANAGED
    played = scene(account, kind, "open")
    iam, user, arn = account.aside.iam, USER.rpartition("/")[2], played.place.holder
    if act == "out of the group":
        iam.remove_user_from_group(GroupName="installers", UserName=user)
    elif act == "attached to another":
        iam.create_user(UserName="somebody")
        iam.attach_user_policy(UserName="somebody", PolicyArn=arn)
    else:
        iam.detach_user_policy(UserName=user, PolicyArn=arn)
    if act.startswith("user"):
        iam.delete_user(UserName=user)
    if act == "user anew":
        iam.create_user(UserName=user, Path="/ci/")
    assert come_to_rest(played) == [[]] * 5
    assert account.text(played.place) == POLICY
    assert records_left(played) == 0


def test_a_deny_that_doesnt_fit_beside_an_edit_is_told_of_and_put_back_once_it_does(account: Account) -> None:
    """IAM refuses the merged text: closing doesn't give up, and people are told once, not each minute."""
    played = scene(account, INLINE, "open")
    played.do(ACTS["takes a statement out"])
    account.calls.failures["PutUserPolicy", "before"] = [refusal("LimitExceeded") for _ in range(4)]
    for _ in range(4):
        with pytest.raises(ExceptionGroup):
            account.sweep()
    account.sweep()
    assert statements(account.text(played.place)) == [DENY, BY_HUMAN]
    assert edits_told(account) == (1, 1)
    subjects = [subject for subject, _ in account.notices()]
    assert len([one for one in subjects if one.startswith("ALARM: not closed yet")]) == 1
