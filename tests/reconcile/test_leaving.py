"""Leaving an account: whatever is open is put back first, by the real parts on moto, whoever else is at work."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airlock.errors import LeaseBusyError
from airlock.grants.approval import Form
from airlock.grants.grant import State
from airlock.policy.place import PolicyKind, PolicyPlace
from airlock.reconcile.leaving import Left
from airlock.settings import LEASE_SECONDS
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import OTHER_USER, ROLE, USER, Account, at, install
from tests.reconcile.interference import Crash, refusal
from tests.reconcile.leave import BEGINS_FOR, BY, leave
from tests.reconcile.stack_requests import from_a_newer_release

POLICY = (SAMPLES / "aws-example.json").read_text()
KINDS = (PolicyKind.USER_INLINE, PolicyKind.ROLE_INLINE, PolicyKind.GROUP_INLINE, PolicyKind.MANAGED)


def principal_of(place: PolicyPlace) -> str:
    """Whose installs the policy stands in the way of."""
    return ROLE if place.kind is PolicyKind.ROLE_INLINE else USER


@pytest.mark.parametrize("kind", KINDS)
def test_an_open_policy_is_put_back_to_the_byte(account: Account, kind: PolicyKind) -> None:
    """Wherever the deny stands; the grant is closed by an order, which trail and notice name."""
    place = account.stand(kind, POLICY)
    one = install(principal=principal_of(place))
    account.deliver(one.create_role(at(0)), one.create_vpc(at(5)))
    assert account.text(place) != POLICY
    left = leave(account)
    assert account.text(place) == POLICY
    grant = account.grant(one.infra_id, one.principal)
    assert left == Left(frozenset({grant.id}))
    assert (grant.progress.state, grant.progress.reason) == (State.CLOSED, "operator")
    assert BY in account.audit("decision")[-1]["detail"]
    assert BY in account.notices()[-1][1]


def test_an_empty_ledger_is_left_at_once(account: Account) -> None:
    """A stack that never saw an install writes no policy, tells nobody, and takes no time."""
    account.enrol(USER)
    before = account.clock.now()
    assert leave(account) == Left()
    assert account.clock.now() == before
    assert (account.writes(), account.audit(), account.notices()) == ([], [], [])


def test_grants_that_have_ended_are_left_as_they_are(account: Account) -> None:
    """What is closed stays closed for the reason that it was closed for."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    one = install()
    account.deliver(one.create_role(at(0)), one.delete_bucket(at(60)))
    assert leave(account) == Left()
    assert account.grant(one.infra_id).progress.reason == "bucket-deleted"


def test_what_waits_for_an_answer_or_is_observed_ends_too(account: Account) -> None:
    """Nobody can approve it any more, and no policy is written for it."""
    for principal, mode in ((USER, "approval"), (OTHER_USER, "observe")):
        account.enrol(principal, mode=mode)
        account.stand(PolicyKind.USER_INLINE, POLICY, principal)
    account.deliver(install("asked-7xk2q").create_role(at(0)))
    account.deliver(install("seen-9mz4c", OTHER_USER).create_role(at(1)))
    left = leave(account)
    assert not left.troubles
    assert len(left.ended) == 2
    assert account.grant("asked-7xk2q").progress.state is State.CLOSED
    assert account.grant("seen-9mz4c", OTHER_USER).progress.state is State.OBSERVED
    assert account.answer("asked-7xk2q", form=Form.SCOPED) == []
    assert account.writes() == []


def test_afterwards_a_late_event_opens_nothing_for_as_long_as_a_lease_lasts(account: Account) -> None:
    """It finds another writer at work, each time that it comes; by then the functions are gone."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    assert leave(account) == Left()
    with pytest.raises(LeaseBusyError):
        account.deliver(install().create_role(at(1)))
    assert account.text(place) == POLICY
    account.clock.sleep(LEASE_SECONDS - 60)
    with pytest.raises(LeaseBusyError):
        account.deliver(install().create_vpc(account.clock.now()))
    assert account.text(place) == POLICY


def test_a_grant_that_is_begun_meanwhile_is_ended_too(account: Account) -> None:
    """An event that was under way opens another policy while the first is put back: the second is, too."""
    first = account.stand(PolicyKind.USER_INLINE, POLICY)
    second = account.stand(PolicyKind.USER_INLINE, POLICY, OTHER_USER, "other")
    account.deliver(install().create_role(at(0)))
    late = [install("late-9mz4c", OTHER_USER).create_role(at(1))]

    def meanwhile(_answer: dict[str, Any]) -> None:
        while late:
            account.deliver(late.pop())

    account.calls.changes["PutUserPolicy"] = meanwhile
    left = leave(account)
    assert not left.troubles
    assert len(left.ended) == 2
    assert (account.text(first), account.text(second)) == (POLICY, POLICY)


def test_one_principal_s_trouble_doesnt_keep_the_others_open(account: Account) -> None:
    """What IAM refuses is named with what it said; the rest is put back, and no lease is kept."""
    first = account.stand(PolicyKind.USER_INLINE, POLICY)
    second = account.stand(PolicyKind.ROLE_INLINE, POLICY)
    account.deliver(install().create_role(at(0)), install("other-9mz4c", ROLE).create_role(at(1)))
    opened = account.text(first)
    account.calls.failures["PutUserPolicy", "before"] = [refusal("AccessDenied")] * 99
    left = leave(account)
    stuck = account.grant("prod-7xk2q")
    assert list(left.troubles) == [stuck.id]
    assert "AccessDenied" in left.troubles[stuck.id]
    assert left.ended == {account.grant("other-9mz4c", ROLE).id}
    assert (account.text(first), account.text(second)) == (opened, POLICY)
    # It goes on by itself once IAM takes it, for the order stands; and the next try finds nothing to do.
    account.calls.failures.clear()
    assert "close" in account.sweep()
    assert account.text(first) == POLICY
    assert leave(account) == Left()


def test_a_passing_refusal_is_tried_again_in_time(account: Account) -> None:
    """IAM's bad minute doesn't stop a removal, and it is given up in time for an answer."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    account.calls.failures["PutUserPolicy", "before"] = [refusal(), refusal()]
    before = account.clock.now()
    assert not leave(account).troubles
    assert account.text(place) == POLICY
    assert account.clock.now() - before < BEGINS_FOR


def test_another_writer_s_lease_is_waited_for_and_then_named(account: Account) -> None:
    """A writer that died keeps its lease for 90 seconds: the removal ends in time, names it, and works later."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    account.another("dead").ledger.acquire([USER])
    before = account.clock.now()
    left = leave(account)
    assert account.clock.now() - before <= BEGINS_FOR
    assert list(left.troubles.values()) == [
        f"LeaseBusyError: another writer holds {USER}, and didn't let it go in the time there was to wait"
    ]
    account.clock.sleep(LEASE_SECONDS)
    assert not leave(account).troubles
    assert account.text(place) == POLICY


def test_what_takes_too_long_is_left_to_the_next_call(account: Account) -> None:
    """After its time nothing more is begun on; what wasn't has an order, so a sweep ends it all the same."""
    places = [account.stand(PolicyKind.USER_INLINE, POLICY, one) for one in (USER, OTHER_USER)]
    account.deliver(install().create_role(at(0)), install("other-9mz4c", OTHER_USER).create_role(at(1)))

    def slowly(_answer: dict[str, Any]) -> None:
        account.clock.sleep(40)

    account.calls.changes["PutUserPolicy"] = slowly
    left = leave(account)
    assert len(left.ended) == len(left.troubles) == 1
    assert list(left.troubles.values()) == ["there was no time left for it in this call"]
    account.calls.changes.clear()
    account.sweep()
    assert [account.text(place) for place in places] == [POLICY, POLICY]


def test_what_a_newer_release_wrote_is_left_alone_and_named(account: Account) -> None:
    """A release that was rolled back may have left it: it can't be read, so nobody guesses. The rest is put back."""
    places = [account.stand(PolicyKind.USER_INLINE, POLICY, one) for one in (USER, OTHER_USER)]
    account.deliver(install().create_role(at(0)), install("other-9mz4c", OTHER_USER).create_role(at(1)))
    name, opened = account.grant("prod-7xk2q").id, account.text(places[0])
    from_a_newer_release(account, name)
    left = leave(account)
    assert left.troubles.keys() == {name}
    assert "deploy that release again" in left.troubles[name]
    assert [account.text(place) for place in places] == [opened, POLICY]


@pytest.mark.parametrize("later", [0, 60])
def test_a_call_that_comes_again_goes_through_its_own_door(account: Account, later: float) -> None:
    """CloudFormation didn't get the first one's answer, or Lambda has called twice: no lease of its own stops it.

    Not even where a late event has begun a grant meanwhile, which it ends; and the door is shut again after that.
    """
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    assert not leave(account).troubles
    before = account.clock.now()
    assert leave(account) == Left()
    assert account.clock.now() == before
    late = install("late-9mz4c")
    with pytest.raises(LeaseBusyError):
        account.deliver(late.create_role(at(1)))
    account.clock.sleep(later)
    left = leave(account)
    assert left == Left(frozenset({account.grant("late-9mz4c").id}))
    assert account.text(place) == POLICY
    account.clock.sleep(LEASE_SECONDS - 45)
    with pytest.raises(LeaseBusyError):
        account.deliver(install("later-4bq7w").create_role(account.clock.now()))
    assert account.text(place) == POLICY


def test_a_second_call_keeps_out_of_the_way_while_the_first_may_write(account: Account) -> None:
    """Two calls at once, in the midst of a write: the second takes nothing over, and says who is in the way."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    seconds: list[Left] = []

    def meanwhile(_answer: dict[str, Any]) -> None:
        account.calls.changes.clear()
        seconds.append(leave(account))

    account.calls.changes["PutUserPolicy"] = meanwhile
    written = len(account.writes())
    assert not leave(account).troubles
    assert account.text(place) == POLICY
    assert len(account.writes()) == written + 1
    assert "another writer holds" in str(seconds[0].troubles)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_call_that_is_cut_off_is_made_up_for_by_the_next(account: Account, when: str) -> None:
    """Lambda stops a call after a minute, and makes it again after another: the dead one's lease has ended by then."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    account.calls.failures["PutUserPolicy", when] = [Crash()]
    with pytest.raises(Crash):
        leave(account)
    account.revive()
    account.clock.sleep(60 + 60)
    assert not leave(account).troubles
    assert account.text(place) == POLICY
    assert account.grant("prod-7xk2q").progress.state is State.CLOSED


def test_a_notice_that_cant_be_sent_is_no_hindrance(account: Account) -> None:
    """The policy is back and the ledger says so; nobody has to delete the stack twice for a mail."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    account.calls.failures["Publish", "before"] = [refusal()] * 99
    assert not leave(account).troubles
    assert account.text(place) == POLICY


def test_a_human_s_edit_survives_the_removal(account: Account) -> None:
    """What was added beside the airlock's statements stays, with the original deny."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    document = json.loads(account.text(place) or "")
    human = {"Sid": "Human", "Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}
    document["Statement"].append(human)
    account.clock.sleep(60)
    account.edit(place, json.dumps(document))
    assert not leave(account).troubles
    statements = json.loads(account.text(place) or "")["Statement"]
    assert statements == [*json.loads(POLICY)["Statement"], human]
