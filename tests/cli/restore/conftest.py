"""An account with a policy that the airlock opened, as ledger and IAM have it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import boto3
import pytest

from airlock.adapters.clients import with_raw_documents
from airlock.adapters.iam import IamPolicies
from airlock.adapters.ledger import DynamoLedger
from airlock.grants.grant import Grant, State
from airlock.records import PolicyRecord
from tests.cli.helpers import AWS_EXAMPLE, USER
from tests.cli.operators import samples
from tests.cli.operators.conftest import Desk
from tests.cli.operators.conftest import desk as desk  # noqa: PLC0414 - a fixture of theirs, used here too
from tests.cli.operators.door import REGION

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

OPENED = samples.plan_of(samples.facts("prod-7xk2q", samples.NOW)).changes[0].after
REF = f"user-inline:source-ip@{USER}"


@dataclass
class Bench:
    """The account, one grant and its policy.

    Attributes:
        desk: where the command runs.
        iam: IAM.
        ledger: as another writer has it.
    """

    desk: Desk
    iam: "IAMClient"
    ledger: DynamoLedger

    def holds(self, text: str) -> None:
        """Let IAM hold a text."""
        self.iam.put_user_policy(UserName="ocp-installer", PolicyName="source-ip", PolicyDocument=text)

    @property
    def text(self) -> str | None:
        """What IAM holds."""
        held = IamPolicies(self.iam).read(samples.PLACE)
        return held.text if held else None

    @property
    def record(self) -> PolicyRecord:
        """What the ledger has of the policy."""
        return self.ledger.look(USER).policies[samples.PLACE]

    def keep(self, grant: Grant, record: PolicyRecord) -> None:
        """Put a grant and its policy's record into the ledger."""
        self.desk.keep(grant)
        (scope,) = self.ledger.acquire([USER])
        scope.policies[record.place] = record
        scope.grants.add(grant.id)
        self.ledger.settle([scope], [])


def grant_in(state: State) -> Grant:
    """The grant in some state."""
    return samples.open_grant().with_progress(state=state, scopes=(USER,))


@pytest.fixture
def bench(desk: Desk) -> Callable[[State], Bench]:
    """A way to have the account with the grant in some state; IAM holds what the airlock wrote."""

    def make(state: State = State.CLOSING) -> Bench:
        iam = with_raw_documents(boto3.client("iam", REGION))
        iam.create_user(UserName="ocp-installer")
        clock = replace(desk.clock, later=[])
        made = Bench(desk, iam, DynamoLedger(desk.dynamodb, "ledger", "a-function", clock))
        made.holds(OPENED)
        record = PolicyRecord(place=samples.PLACE, baseline=AWS_EXAMPLE, baseline_version=None, written=OPENED)
        made.keep(grant_in(state), record)
        return made

    return make
