"""What the airlock's own sweep makes of a policy that `airlock restore` put back, for each kind of policy."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from airlock.grants.approval import CloseOrder
from airlock.grants.grant import State
from airlock.policy.place import PolicyKind, PolicyPlace
from airlock_cli.problems import RefusedError
from airlock_cli.restore.policies import Way
from airlock_cli.restore.restoring import Asked, Restorer
from tests.cli.helpers import AWS_EXAMPLE
from tests.reconcile.account import HOME, KINDS, ROLE, USER, Account, an_account, at, install


@pytest.fixture
def account() -> Iterator[Account]:
    """An empty account on moto."""
    with an_account() as made:
        yield made


def opened(account: Account, kind: PolicyKind) -> tuple[PolicyPlace, str, str]:
    """An open grant: its policy, its principal, its infra ID."""
    principal = ROLE if kind is PolicyKind.ROLE_INLINE else USER
    place = account.stand(kind, AWS_EXAMPLE, principal)
    one = install(principal=principal)
    account.deliver(one.create_role(at(0)))
    assert account.text(place) != AWS_EXAMPLE
    return place, principal, one.infra_id


def restorer(account: Account) -> Restorer:
    """The command's own part, in this account."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=HOME)
    here: Any = SimpleNamespace(session=session, clock=account.clock, output=lambda _: "ledger")
    return Restorer(here)


def asked(place: PolicyPlace, way: Way = Way.REFUSE, *, even_if_open: bool = False) -> Asked:
    """That one policy."""
    return Asked((place.holder,), place, way, even_if_open)


@pytest.mark.parametrize("kind", KINDS)
def test_a_restored_policy_stays_so_once_the_close_is_ordered(account: Account, kind: PolicyKind) -> None:
    """The sweep ends the grant, and the policy keeps its baseline to the byte."""
    place, principal, infra_id = opened(account, kind)
    with pytest.raises(RefusedError):
        restorer(account).restore(asked(place))
    order = CloseOrder(at=account.clock.now(), by="lee", note="")
    account.answers.order_close(account.grant(infra_id, principal).id, order)
    restorer(account).restore(asked(place))
    assert account.text(place) == AWS_EXAMPLE
    for _ in range(3):
        account.sweep()
        assert account.text(place) == AWS_EXAMPLE
    assert account.grant(infra_id, principal).progress.state is State.CLOSED


@pytest.mark.parametrize("kind", KINDS)
def test_an_open_grant_may_be_opened_again(account: Account, kind: PolicyKind) -> None:
    """The sweep leaves it, the install's next news opens it: that is why it is refused. Its end comes as ever."""
    place, principal, infra_id = opened(account, kind)
    restorer(account).restore(asked(place, even_if_open=True))
    account.sweep()
    assert account.text(place) == AWS_EXAMPLE
    one = install(principal=principal)
    account.deliver(one.create_vpc(at(100)), one.create_vpc_endpoint(at(120)))
    assert account.text(place) != AWS_EXAMPLE
    account.sweep(after=2 * 3600)
    assert account.text(place) == AWS_EXAMPLE
    assert account.grant(infra_id, principal).progress.state is State.CLOSED


@pytest.mark.parametrize("kind", KINDS)
def test_an_open_grant_that_was_restored_ends(account: Account, kind: PolicyKind) -> None:
    """Without news it stays shut, and the grant ends at its time."""
    place, principal, infra_id = opened(account, kind)
    restorer(account).restore(asked(place, even_if_open=True))
    account.sweep(after=2 * 3600)
    assert account.text(place) == AWS_EXAMPLE
    assert account.grant(infra_id, principal).progress.state is State.CLOSED


@pytest.mark.parametrize("kind", KINDS)
def test_a_merged_edit_outlives_the_grant(account: Account, kind: PolicyKind) -> None:
    """What somebody added stays, and the deny is back, also after the sweep."""
    place, principal, infra_id = opened(account, kind)
    added = '{"Effect":"Deny","Action":"ec2:StopInstances","Resource":"*"}'
    account.edit(place, str(account.text(place))[:-2] + f",{added}]}}")
    account.clock.sleep(2 * 3600)
    restorer(account).restore(asked(place, Way.MERGE))
    merged = account.text(place)
    assert merged is not None
    assert "StopInstances" in merged
    assert "DenyOutsideOffice" in merged
    assert "Airlock" not in merged
    account.sweep()
    assert account.text(place) == merged
    assert account.grant(infra_id, principal).progress.state is State.CLOSED
