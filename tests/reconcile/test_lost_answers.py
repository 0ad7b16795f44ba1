"""A call is carried out, its answer is lost, and botocore makes it again: the second answer misleads."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from airlock.adapters.iam import IamPolicies
from airlock.adapters.ledger import DynamoLedger
from airlock.errors import LeaseBusyError, RefusedByIamError
from airlock.grants.grant import State
from airlock.policy.place import PolicyKind, PolicyPlace
from airlock.reconcile.writing import NotConfirmedError
from airlock.settings import LEASE_SECONDS
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import KINDS, USER, Account, at, install
from tests.reconcile.interference import Crash, refusal
from tests.reconcile.test_versions import versions, with_versions

POLICY = (SAMPLES / "aws-example.json").read_text()
TRIES = 5
"""How often botocore makes a call in all (airlock.adapters.clients)."""
IAM_WRITES = (
    "PutUserPolicy",
    "PutRolePolicy",
    "PutGroupPolicy",
    "CreatePolicyVersion",
    "SetDefaultPolicyVersion",
    "DeletePolicyVersion",
)
# Not TransactWriteItems: by its token, which botocore adds, DynamoDB knows a second try; moto does not.
LEDGER_WRITES = ("UpdateItem",)


def live(account: Account, principal: str) -> None:
    """An install's whole life: open, narrowed, closed."""
    one = install(principal=principal)
    account.deliver(one.create_vpc(at(0)), one.create_vpc_endpoint(at(40)), one.delete_bucket(at(600)))


def principal_of(place: PolicyPlace) -> str:
    """Whose policy it is."""
    return place.holder if place.kind is PolicyKind.ROLE_INLINE else USER


@pytest.mark.parametrize("existing", [1, 4, 5])
@pytest.mark.parametrize("which", range(3))
@pytest.mark.parametrize("call", ["CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicyVersion"])
def test_a_managed_policy_comes_back_and_no_version_is_left(
    account: Account, call: str, which: int, existing: int
) -> None:
    """Whichever of its writes isn't answered: the grant's life is a whole one, and the airlock's versions are gone."""
    place = with_versions(account, existing)
    before = versions(account, place)
    account.calls.unanswered[call] = [False] * which + [True]
    live(account, USER)
    grant = account.grant("prod-7xk2q")
    assert (grant.progress.state, grant.progress.reason) == (State.CLOSED, "bucket-deleted")
    assert grant.progress.narrowed_at is not None
    assert account.text(place) == POLICY
    left = set(versions(account, place))
    assert left <= set(before)
    assert existing > 3 or left == set(before)


@pytest.mark.parametrize("call", [*IAM_WRITES, *LEDGER_WRITES])
@pytest.mark.parametrize("kind", KINDS)
def test_a_life_whose_every_write_is_answered_at_the_second_try_is_a_whole_one(
    account: Account, kind: PolicyKind, call: str
) -> None:
    """Each write of a kind is carried out twice; nothing waits for a lease, and nothing is told that isn't so."""
    place = account.stand(kind, POLICY)
    account.calls.unanswered[call] = [True, False] * 20
    live(account, principal_of(place))
    assert account.text(place) == POLICY
    assert account.grant("prod-7xk2q", principal_of(place)).progress.state is State.CLOSED
    assert [line["outcome"] for line in account.audit("policy-write")] == ["written", "written", "restored"]
    assert account.clock.now() < at(600 + 60)


@pytest.mark.parametrize("existing", [1, 5])
@pytest.mark.parametrize("beside", [False, True])
def test_an_opening_that_is_never_answered_is_undone_or_found(account: Account, existing: int, *, beside: bool) -> None:
    """All tries are carried out, none answered; beside another grant too, what was opened isn't taken for an edit."""
    place = with_versions(account, existing)
    other = install("lab-9mz4c")
    if beside:
        account.deliver(other.create_vpc(at(0)))
    account.calls.unanswered["CreatePolicyVersion"] = [True] * TRIES
    with pytest.raises(ClientError):
        account.deliver(install().create_vpc(at(30)))
    account.calls.unanswered.clear()
    account.sweep()
    assert account.grant("prod-7xk2q").progress.state is State.OPEN
    account.deliver(install().delete_bucket(at(600)), other.delete_bucket(at(600)))
    account.sweep()
    assert account.text(place) == POLICY
    assert account.audit("drift") == []


def test_a_refusal_after_a_lost_answer_isnt_a_refusal_yet(account: Account) -> None:
    """What IAM says to a second try is tried again later; to a first, it is final."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.aside.iam.delete_user_policy(UserName="ocp-installer", PolicyName="net")
    account.aside.iam.delete_user(UserName="ocp-installer")
    policies = IamPolicies(account.acting.iam)
    account.calls.unanswered["PutUserPolicy"] = [True]
    with pytest.raises(ClientError):
        policies.write(place, POLICY, None)
    account.calls.failures["PutUserPolicy", "before"] = [refusal("AccessDenied")]
    with pytest.raises(RefusedByIamError, match="AccessDenied"):
        policies.write(place, POLICY, None)


def test_a_text_that_an_earlier_run_wrote_isnt_forgotten_with_a_refusal(account: Account) -> None:
    """A dead run wrote it, an old read hides it, and IAM now refuses: the intent stays, and the sweep puts it back."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.calls.failures["PutUserPolicy", "after"] = [Crash()]
    with pytest.raises(Crash):
        account.deliver(install().create_vpc(at(0)))
    opened = account.text(place)
    account.revive()
    account.clock.sleep(LEASE_SECONDS)

    def old(answer: dict[str, Any]) -> None:
        answer["PolicyDocument"] = POLICY
        account.calls.changes.clear()

    account.calls.changes["GetUserPolicy"] = old
    account.calls.failures["PutUserPolicy", "before"] = [refusal("AccessDenied")]
    with pytest.raises(NotConfirmedError, match="isn't as it was read before"):
        account.deliver(install().create_vpc(at(0)))
    assert account.text(place) == opened != POLICY
    account.deliver(install().delete_bucket(at(600)))
    assert account.text(place) == POLICY


def test_a_lease_whose_taking_isnt_answered_is_ours(account: Account) -> None:
    """It isn't waited for; another process's is, however often the call was tried."""
    ledger = DynamoLedger(account.acting.dynamodb, "ledger", "one", account.clock)
    account.calls.unanswered["UpdateItem"] = [True]
    ledger.acquire([USER])
    assert account.clock.now() < at(5)
    account.calls.unanswered["UpdateItem"] = [True] * 60
    with pytest.raises((LeaseBusyError, ClientError)):
        DynamoLedger(account.acting.dynamodb, "ledger", "two", account.clock).acquire([USER])


def test_a_claim_whose_taking_isnt_answered_is_ours_and_taken_once(account: Account) -> None:
    """The one reboot of an instance is still done, and never twice."""
    ledger = DynamoLedger(account.acting.dynamodb, "ledger", "one", account.clock)
    account.calls.unanswered["UpdateItem"] = [True]
    assert ledger.claim("i-0", account.clock.now())
    for owner in ("one", "two"):
        account.calls.unanswered["UpdateItem"] = [True]
        account.clock.sleep(60)
        assert not DynamoLedger(account.acting.dynamodb, "ledger", owner, account.clock).claim(
            "i-0", account.clock.now()
        )
