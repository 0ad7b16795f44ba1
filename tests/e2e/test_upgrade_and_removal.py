"""The stack is changed and deleted while grants are open, by MiniStack's CloudFormation."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from airlock.adapters.clients import with_raw_documents
from airlock.install.names import Era
from airlock.policy.exemption import iso
from demo.deployment import Deployment, DeploymentError, deploy, destroy
from demo.events import Events
from demo.ministack import ACCOUNT, REGION, MiniStack, ministack
from demo.synthesis import Synthesis, synthesise
from tests.e2e.fence import BASELINE
from tests.events import Install

pytestmark = pytest.mark.e2e
USER = f"arn:aws:iam::{ACCOUNT}:user/ocp-installer"
OTHER = f"arn:aws:iam::{ACCOUNT}:user/ocp-other"
# The sweeper's answer tells whose code it runs.
CHANGE = """

_before_the_change = handle


def handle(event: object, context: object) -> dict[str, object]:
    return {**_before_the_change(event, context), "code": "changed"}
"""


Synthesised = Callable[..., Synthesis]


@dataclass(slots=True)
class Stack:
    """A deployed stack, and the account that it is in.

    Attributes:
        aws: the account.
        synthesised: gives the stack as it is for some users and more of the configuration.
        deployment: the stack as it was deployed last.
        events: brings events to its functions.
    """

    aws: MiniStack
    synthesised: Synthesised
    deployment: Deployment
    events: Events

    def change(self, synthesis: Synthesis) -> None:
        """Deploy a changed template over it."""
        self.deployment = deploy(self.aws, synthesis)
        self.events = Events(self.aws, self.deployment)
        self.events.switch_schedules(on=False)

    def deliver(self, event: dict[str, Any]) -> None:
        """Bring an event to the functions; a failure is an error."""
        deliveries = self.events.deliver(event)
        assert deliveries
        for delivery in deliveries:
            delivery.raise_for_error()

    def policy(self, user: str = USER) -> str:
        """A user's policy as text."""
        iam = with_raw_documents(self.aws.client("iam"))
        document: Any = iam.get_user_policy(UserName=user.rpartition("/")[2], PolicyName="fence")["PolicyDocument"]
        return unquote(document)

    def item(self, key: str) -> dict[str, Any]:
        """An item of the ledger, as DynamoDB holds it."""
        found = self.aws.client("dynamodb").get_item(
            TableName=self.deployment.outputs["LedgerTableName"],
            Key={"pk": {"S": key}, "sk": {"S": key.partition("#")[0]}},
            ConsistentRead=True,
        )
        return dict(found["Item"])

    def states(self) -> list[str]:
        """The states of all grants."""
        pages = (
            self.aws.client("dynamodb")
            .get_paginator("scan")
            .paginate(TableName=self.deployment.outputs["LedgerTableName"])
        )
        items = [item for page in pages for item in page["Items"]]
        return [item["state"]["S"] for item in items if item["pk"]["S"].startswith("grant#")]

    def audited(self) -> list[str]:
        """The outcomes that the audit trail tells, in order."""
        logs = self.aws.client("logs").get_paginator("filter_log_events")
        pages = logs.paginate(logGroupName=self.deployment.outputs["AuditLogGroupName"])
        lines = [json.loads(event["message"]) for page in pages for event in page["events"]]
        return [line["outcome"] for line in sorted(lines, key=lambda line: line["at"])]

    def functions(self) -> list[str]:
        """The names of the functions that are there."""
        return sorted(one["FunctionName"] for one in self.aws.client("lambda").list_functions()["Functions"])


Standing = Callable[..., AbstractContextManager[Stack]]


@pytest.fixture(scope="module")
def synthesised(tmp_path_factory: pytest.TempPathFactory) -> Synthesised:
    """Synthesises the home region's stack for users and more of the configuration, each once: it takes seconds."""

    @cache
    def once(told: str) -> Synthesis:
        stacks = synthesise(json.loads(told), tmp_path_factory.mktemp("cdk"))
        return next(one for one in stacks if one.region == REGION)

    def of(*users: str, **more: Any) -> Synthesis:  # noqa: ANN401 - JSON of any shape
        return once(json.dumps({"home_region": REGION, "principals": [{"arn": arn} for arn in users], **more}))

    return of


def with_changed_code(synthesis: Synthesis, folder: Path) -> Synthesis:
    """The same stack with other code, which is put into a folder, under other keys."""
    text = json.dumps(synthesis.template)
    assets = []
    for asset in synthesis.assets:
        sweeper = asset.path / "airlock/handlers/sweeper.py"
        if asset.is_folder and sweeper.exists():
            changed = folder / f"changed-{asset.path.name}"
            shutil.copytree(asset.path, changed)
            copy = changed / "airlock/handlers/sweeper.py"
            copy.write_text(copy.read_text(encoding="utf-8") + CHANGE, encoding="utf-8")
            text = text.replace(asset.key, f"changed-{asset.key}")
            asset = replace(asset, path=changed, key=f"changed-{asset.key}")  # noqa: PLW2901 - the one that is deployed
        assets.append(asset)
    return replace(synthesis, template=json.loads(text), assets=tuple(assets))


@pytest.fixture
def standing(tmp_path: Path, synthesised: Synthesised) -> Standing:
    """Makes a stack with users behind a fence, its schedule off."""
    return partial(_standing, tmp_path, synthesised)


@contextmanager
def _standing(folder: Path, synthesised: Synthesised, *users: str) -> Iterator[Stack]:
    with ministack(folder) as aws:
        deployment = deploy(aws, synthesised(*users))
        iam = aws.client("iam")
        for arn in users:
            iam.create_user(UserName=arn.rpartition("/")[2])
            iam.put_user_policy(UserName=arn.rpartition("/")[2], PolicyName="fence", PolicyDocument=BASELINE)
        stack = Stack(aws, synthesised, deployment, Events(aws, deployment))
        stack.events.switch_schedules(on=False)
        yield stack


def install(infra_id: str = "prod-7xk2q", user: str = USER) -> Install:
    """An install by one of the users."""
    return Install(infra_id=infra_id, principal=user, region=REGION, era=Era.CAPA)


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def test_an_upgrade_keeps_what_is_open_and_the_new_functions_close_it(standing: Standing, tmp_path: Path) -> None:
    """Another template and other code come while a grant is open: it is narrowed and closed as if nothing was."""
    with standing(USER) as stack:
        one = install()
        stack.deliver(one.create_vpc(now()))
        opened = stack.policy()
        assert opened != BASELINE
        larger = stack.synthesised(USER, OTHER, log_retention_days=30)
        stack.change(with_changed_code(larger, tmp_path))
        assert (stack.policy(), stack.states(), stack.audited()) == (opened, ["open"], ["written", "open"])
        (swept,) = stack.events.sweep()
        assert swept.result["code"] == "changed"
        stack.deliver(one.create_vpc_endpoint(now()))
        narrowed = stack.policy()
        assert narrowed not in {opened, BASELINE}
        stack.deliver(one.run_instances(now()))
        stack.deliver(one.state(now(), "shutting-down"))
        assert (stack.policy(), stack.states()) == (BASELINE, ["closed"])


def test_an_upgrade_that_takes_the_principal_out_is_refused_and_loses_nothing(standing: Standing) -> None:
    """CloudFormation says which grant of whose stands in the way; once it is closed, the same upgrade goes through."""
    with standing(USER, OTHER) as stack:
        one = install()
        stack.deliver(one.create_vpc(now()))
        opened = stack.policy()
        smaller = stack.synthesised(OTHER)
        with pytest.raises(DeploymentError) as refused:
            stack.change(smaller)
        assert "UPDATE_ROLLBACK_COMPLETE" in str(refused.value)
        for word in ("prod-7xk2q", USER, "airlock close"):
            assert word in str(refused.value)
        assert (stack.policy(), stack.states()) == (opened, ["open"])
        # The functions are as they were, so that it can be closed.
        stack.deliver(one.delete_bucket(now()))
        assert stack.policy() == BASELINE
        stack.change(smaller)
        assert stack.events.matching(one.create_vpc(now())) == []


def test_a_failed_deployment_leaves_the_policies_alone(standing: Standing, tmp_path: Path) -> None:
    """A resource that can't be made has all taken back; what was open stays so, and ends by the functions as before."""
    with standing(USER) as stack:
        one = install()
        stack.deliver(one.create_vpc(now()))
        opened, audited = stack.policy(), stack.audited()
        second = with_changed_code(stack.synthesised(USER, OTHER), tmp_path)
        (grants,) = (
            name for name, one in second.template["Resources"].items() if one["Type"].endswith("::AirlockGrants")
        )
        # After everything else, the rules but one included.
        second.template["Resources"]["Zzz"] = {"Type": "Airlock::Test::Broken", "DependsOn": grants}
        with pytest.raises(DeploymentError, match="UPDATE_ROLLBACK_COMPLETE"):
            stack.change(second)
        assert (stack.policy(), stack.states(), stack.audited()) == (opened, ["open"], audited)
        (swept,) = stack.events.sweep()
        assert "code" not in swept.result
        stack.deliver(one.delete_bucket(now()))
        assert stack.policy() == BASELINE


def test_a_removal_puts_policies_back_first_and_keeps_ledger_and_audit_log(standing: Standing) -> None:
    """The rules go first, then the policies are put back, then all the rest goes that the template doesn't retain."""
    with standing(USER, OTHER) as stack:
        for user, infra_id in ((USER, "prod-7xk2q"), (OTHER, "other-9mz4c")):
            stack.deliver(install(infra_id, user).create_vpc(now()))
            assert stack.policy(user) != BASELINE
        destroy(stack.aws, stack.deployment)
        assert (stack.policy(USER), stack.policy(OTHER)) == (BASELINE, BASELINE)
        gone = _deleted_in_order(stack)
        types = {name: one["Type"] for name, one in stack.deployment.template["Resources"].items()}
        order = [types[name] for name in gone if name in types]
        put_back = order.index("Custom::AirlockGrants")
        assert "AWS::Events::Rule" not in order[put_back:]
        for kind in ("AWS::Lambda::Function", "AWS::IAM::Role", "AWS::Scheduler::Schedule", "AWS::SNS::Topic"):
            assert kind not in order[:put_back]
        assert stack.functions() == []
        assert stack.states() == ["closed", "closed"]
        assert stack.audited().count("restored") == 2
        _deployed_again(stack)


def _deployed_again(stack: Stack) -> None:
    """The same stack, made anew, works with a ledger and an audit log of its own; what the first one left stays."""
    before, left = stack.deployment, (stack.states(), stack.audited())
    stack.change(stack.synthesised(USER, OTHER))
    for name in ("LedgerTableName", "AuditLogGroupName"):
        assert stack.deployment.outputs[name] != before.outputs[name]
    one = install()
    stack.deliver(one.create_vpc(now()))
    assert stack.states() == ["open"]
    stack.deliver(one.delete_bucket(now()))
    assert (stack.policy(), stack.audited()[-1]) == (BASELINE, "closed")
    stack.deployment = before
    assert (stack.states(), stack.audited()) == left


def test_a_removal_that_cant_put_a_policy_back_is_refused_and_done_later(standing: Standing) -> None:
    """Another writer's lease keeps it from it: nothing that it needs is deleted, and the next try goes through."""
    with standing(USER) as stack:
        stack.deliver(install().create_vpc(now()))
        opened, functions = stack.policy(), stack.functions()
        _hold(stack, USER, now() + timedelta(hours=1))
        with pytest.raises(DeploymentError, match="DELETE_FAILED") as refused:
            destroy(stack.aws, stack.deployment)
        for word in ("prod-7xk2q", "another writer holds", "delete the stack again"):
            assert word in str(refused.value)
        assert (stack.policy(), stack.functions()) == (opened, functions)
        assert stack.item(f"scope#{USER}")["lease_owner"]["S"] == "somebody"
        _hold(stack, USER, now() - timedelta(hours=1))
        destroy(stack.aws, stack.deployment)
        assert (stack.policy(), stack.functions(), stack.states()) == (BASELINE, [], ["closed"])


def _hold(stack: Stack, scope: str, until: datetime) -> None:
    """Take a scope's lease, as a writer that has died would have it."""
    stack.aws.client("dynamodb").update_item(
        TableName=stack.deployment.outputs["LedgerTableName"],
        Key={"pk": {"S": f"scope#{scope}"}, "sk": {"S": "scope"}},
        UpdateExpression="SET lease_owner = :owner, lease_until = :until",
        ExpressionAttributeValues={":owner": {"S": "somebody"}, ":until": {"S": iso(until.replace(microsecond=0))}},
    )


def _deleted_in_order(stack: Stack) -> list[str]:
    """The logical IDs of what CloudFormation has deleted, in order."""
    found = stack.aws.client("cloudformation").describe_stack_events(StackName=stack.deployment.name)["StackEvents"]
    done = [one for one in found if one["ResourceStatus"] == "DELETE_COMPLETE"]
    # The newest first; of one second in the order in which they were noted.
    return [one["LogicalResourceId"] for one in sorted(done, key=lambda one: one["Timestamp"])]
