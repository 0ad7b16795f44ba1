"""Humans at work on a policy while it is open: their edits are kept, the deny comes back, and somebody is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from airlock.grants.grant import State
from airlock.policy.document import parse_document, statements_of
from airlock.policy.place import PolicyKind
from airlock.policy.render import is_airlock_statement
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import KINDS, ROLE, USER, Account, at, install
from tests.reconcile.interference import Crash, refusal

POLICY = (SAMPLES / "aws-example.json").read_text()
S3_ONLY = (SAMPLES / "s3-only.json").read_text()
BY_HUMAN = {"Sid": "ByHuman", "Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
EDITED = "ALARM: a policy was edited while it was open: net"


def with_edit(text: str | None) -> str:
    """The policy with a human's statement in it."""
    document = json.loads(text or "")
    return json.dumps({**document, "Statement": [BY_HUMAN, *statements_of(document)]})


def statements(text: str | None) -> list[dict[str, Any]]:
    """A policy's statements."""
    return statements_of(parse_document(text or ""))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("noticed", ["sweep", "end"])
def test_an_edit_while_open_is_kept(account: Account, kind: PolicyKind, noticed: str) -> None:
    """Whether the sweep finds it or the end, the edit survives the closing and the notice says that there was one."""
    place = account.stand(kind, POLICY)
    principal = ROLE if kind is PolicyKind.ROLE_INLINE else USER
    one = install(principal=principal)
    account.deliver(one.create_vpc(at(0)))
    account.edit(place, with_edit(account.text(place)))
    if noticed == "sweep":
        assert "drift" in account.sweep()
        assert account.grant(one.infra_id, principal).progress.state is State.OPEN
        assert BY_HUMAN in statements(account.text(place))
        assert account.sweep() == []
    account.deliver(one.delete_bucket(at(600)))
    assert statements(account.text(place)) == [BY_HUMAN, *statements(POLICY)]
    assert [subject for subject, _ in account.notices()].count(EDITED) == 1


def test_altered_airlock_statements_end_the_grant(account: Account) -> None:
    """The original deny is back beside what was found, the grant is closed, and both are told."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_vpc(at(0)))
    document = json.loads(account.text(place) or "")
    document["Statement"][0]["NotAction"] = "s3:*"
    account.edit(place, json.dumps(document))
    account.sweep()
    assert statements(account.text(place)) == [document["Statement"][0], *statements(POLICY)]
    progress = account.grant("prod-7xk2q").progress
    assert (progress.state, progress.reason) == (State.CLOSED, "policy-edited")
    assert EDITED in [subject for subject, _ in account.notices()]


def test_a_policy_put_back_by_another_program_is_left_to_the_byte(account: Account) -> None:
    """Somebody's Terraform replaces the open policy by one without us: its text stands as it was written."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_vpc(at(0)))
    theirs = json.dumps(json.loads(with_edit(POLICY)), indent=3)
    account.edit(place, theirs)
    account.sweep()
    assert account.text(place) == theirs
    assert account.grant("prod-7xk2q").progress.state is State.CLOSED


def test_a_baseline_that_is_seen_just_after_the_opening_is_opened_again(account: Account) -> None:
    """It may be an old read, so the sweep writes what the open grant needs, and nobody is told."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_vpc(at(0)))
    opened = account.text(place)
    account.edit(place, POLICY)
    assert "drift" not in account.sweep(after=20)
    assert account.text(place) == opened
    account.deliver(install().delete_bucket(at(600)))
    assert account.text(place) == POLICY


def test_an_edit_made_while_a_narrowing_was_cut_off_is_merged_into_what_was_written(account: Account) -> None:
    """The process dies before its write, a human edits what stands: no airlock statement becomes part of a baseline."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    one = install()
    account.deliver(one.create_vpc(at(0)))
    account.calls.failures["PutUserPolicy", "before"] = [Crash()]
    with pytest.raises(Crash):
        account.deliver(one.create_vpc_endpoint(at(40)))
    account.edit(place, with_edit(account.text(place)))
    account.revive()
    account.sweep(after=91)
    assert account.grant(one.infra_id).progress.state is State.OPEN
    assert one.vpc in (account.text(place) or "")
    account.deliver(one.delete_bucket(at(600)))
    assert statements(account.text(place)) == [BY_HUMAN, *statements(POLICY)]


def test_an_edit_of_what_a_dead_run_was_taking_back_is_merged_into_that(account: Account) -> None:
    """The second policy fails, the process dies before it has put the first one back, and somebody edits that one."""
    shared = account.stand(PolicyKind.GROUP_INLINE, S3_ONLY)
    own = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.calls.failures["PutUserPolicy", "before"] = [refusal()]
    account.calls.failures["TransactWriteItems", "after"] = [None, Crash()]
    with pytest.raises(Crash):
        account.deliver(install().create_role(at(0)))
    account.revive()
    assert account.text(shared) != S3_ONLY
    account.edit(shared, with_edit(account.text(shared)))
    account.sweep(after=91)
    assert account.grant("prod-7xk2q").progress.state is State.OPEN
    account.sweep(after=3700)
    assert statements(account.text(shared)) == [BY_HUMAN, *statements(S3_ONLY)]
    assert account.text(own) == POLICY


def test_an_old_read_is_no_edit(account: Account) -> None:
    """A sweep that is shown the text before the last write takes nothing of it into the baseline."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    one = install()
    account.deliver(one.create_vpc(at(0)))
    old = account.aside.iam.get_user_policy(UserName="ocp-installer", PolicyName="net")["PolicyDocument"]
    account.deliver(one.create_vpc_endpoint(at(40)))
    shown = [old, old]

    def lag(parsed: dict[str, Any]) -> None:
        if shown:
            parsed["PolicyDocument"] = shown.pop()

    account.calls.changes["GetUserPolicy"] = lag
    assert "drift" not in account.sweep()
    assert account.grant(one.infra_id).progress.state is State.OPEN
    account.deliver(one.delete_bucket(at(600)))
    assert account.text(place) == POLICY


def test_an_edit_is_told_of_even_if_what_follows_fails(account: Account) -> None:
    """The ledger takes the merged baseline before IAM is written, so the notice can't wait for the next run."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_vpc(at(0)))
    account.edit(place, with_edit(account.text(place)))
    account.calls.failures["PutUserPolicy", "before"] = [refusal()]
    with pytest.raises(ClientError):
        account.deliver(install().delete_bucket(at(600)))
    account.sweep()
    assert statements(account.text(place)) == [BY_HUMAN, *statements(POLICY)]
    assert [subject for subject, _ in account.notices()].count(EDITED) == 1
    assert len(account.audit("drift")) == 1


def test_a_policy_deleted_while_open_is_let_go(account: Account) -> None:
    """There is nothing to put back: the deletion is told, the grant closes, and the policy isn't made anew."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_vpc(at(0)))
    account.aside.iam.delete_user_policy(UserName="ocp-installer", PolicyName="net")
    assert account.sweep() == ["drift"]
    account.deliver(install().delete_bucket(at(600)))
    assert account.text(place) is None
    assert account.grant("prod-7xk2q").progress.state is State.CLOSED


def test_a_principal_deleted_while_open_is_let_go(account: Account) -> None:
    """The group's policy is restored all the same, and the grant closes at its time."""
    own = account.stand(PolicyKind.USER_INLINE, POLICY)
    shared = account.stand(PolicyKind.GROUP_INLINE, POLICY)
    account.deliver(install().create_vpc(at(0)))
    iam = account.aside.iam
    iam.remove_user_from_group(GroupName="installers", UserName="ocp-installer")
    iam.delete_user_policy(UserName="ocp-installer", PolicyName="net")
    iam.delete_user(UserName="ocp-installer")
    account.sweep()
    account.sweep(after=3600)
    assert account.text(own) is None
    assert account.text(shared) == POLICY
    assert account.grant("prod-7xk2q").is_final


def test_a_principal_taken_out_of_the_configuration_is_still_closed(account: Account) -> None:
    """An open grant is ended by its event or by the sweep, whether or not its principal is enrolled any more."""
    place = account.stand(PolicyKind.GROUP_INLINE, POLICY)
    first, second = install("prod-7xk2q"), install("lab-9mz4c")
    account.deliver(first.create_vpc(at(0)), first.run_instances(at(5)), second.create_vpc(at(10)))
    account.principals = {}
    account.revive()
    account.deliver(first.state(at(600), "shutting-down"))
    assert account.grant("prod-7xk2q").progress.state is State.CLOSED
    assert "prod-7xk2q" not in (account.text(place) or "")
    account.sweep(after=3600)
    assert account.text(place) == POLICY
    assert not any(map(is_airlock_statement, statements(account.text(place))))
