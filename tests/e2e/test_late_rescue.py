"""An approval that comes after the bootstrap node was refused: one reboot, and the node has its file after all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airlock.policy.exemption import iso
from demo.ec2_console import Ec2Console, ec2_console
from tests.consoles import TOKEN, boot, fetched, refused, url
from tests.e2e.asking import FENCE, Airlock, Asked, an_airlock

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def airlock() -> Iterator[Airlock]:
    """The stack with users who must ask: one's grants close once the file is fetched, one wants no rescue."""
    principals: dict[str, dict[str, object]] = {
        "rescued": {"mode": "approval", "close_on": "fetched"},
        "plain": {"mode": "approval", "rescue": False},
        "gone": {"mode": "approval"},
        "unheard": {"mode": "approval"},
    }
    # IAM needs no time here, and a sweep would wait for it.
    with an_airlock(principals, propagation_seconds=0) as running:
        yield running


@pytest.fixture(scope="module")
def console(airlock: Airlock) -> Iterator[Ec2Console]:
    """EC2's consoles, which the sweeper looks at."""
    with ec2_console(airlock.cloud.aws.endpoint) as running:
        outputs = airlock.cloud.deployment.outputs
        running.tell(airlock.cloud.aws.client("lambda"), [outputs["SweeperFunctionName"]])
        yield running


def start(airlock: Airlock, asked: Asked, *, heard: bool = True) -> str:
    """Start the bootstrap node, tagged as the installer does it, and bring the event, 20 seconds late; gives its ID.

    Args:
        airlock: the stack.
        asked: the install.
        heard: whether the event comes at all.
    """
    event = asked.install.run_instances(datetime.now(UTC) - timedelta(seconds=20))
    (told,) = event["detail"]["responseElements"]["instancesSet"]["items"]
    tags = [{"Key": tag["key"], "Value": tag["value"]} for tag in told["tagSet"]["items"]]
    made = airlock.cloud.aws.client("ec2").run_instances(
        ImageId="ami-0123456789abcdef0",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )
    instance = str(made["Instances"][0]["InstanceId"])
    if heard:
        airlock.deliver(json.loads(json.dumps(event).replace(str(told["instanceId"]), instance)))
    else:
        # EC2 tells of the launch by the second; what opens later is to be later by that.
        airlock.wait_until(iso(datetime.now(UTC)))
    return instance


@contextmanager
def an_install_refused(
    airlock: Airlock, console: Ec2Console, user: str, *, heard: bool = True
) -> Iterator[tuple[Asked, str]]:
    """An install whose node was refused its file before anybody answered, and is approved then."""
    asked = airlock.ask(user, f"{user}-7xk2q")
    instance = start(airlock, asked, heard=heard)
    console.show(instance, refused(asked.install, address=url(asked.install, token=TOKEN)))
    assert airlock.sweep() == []
    assert console.reboots(instance) == 0
    airlock.answer(asked, "approve")
    assert airlock.opened(user) != FENCE
    airlock.notices.wait_for(f"{user}-7xk2q", "opened")
    yield asked, instance
    airlock.end(asked)
    assert airlock.policy(user) == FENCE


def let_a_minute_pass(airlock: Airlock, instance: str) -> None:
    """Let the ledger have the end of an instance, which a sweep has seen, for a minute already."""
    airlock.cloud.aws.client("dynamodb").update_item(
        TableName=airlock.cloud.deployment.outputs["LedgerTableName"],
        Key={"pk": {"S": f"instance#{instance}"}, "sk": {"S": "instance"}},
        UpdateExpression="SET ended_at = :then",
        ConditionExpression="attribute_exists(ended_at)",
        ExpressionAttributeValues={":then": {"S": iso(datetime.now(UTC) - timedelta(minutes=1))}},
    )


def test_a_node_that_was_refused_too_early_is_rebooted_once(airlock: Airlock, console: Ec2Console) -> None:
    """A sweep after the approval reboots it once; the file fetched, the grant closes. No URL is written down."""
    with an_install_refused(airlock, console, "rescued") as (asked, instance):
        told = console.text(instance)
        assert TOKEN in told
        console.show(instance, told, after_reboot=told + boot(asked.install, None))
        assert airlock.sweep() == ["rescue"]
        assert console.reboots(instance) == 1
        assert airlock.sweep() == []
        assert console.reboots(instance) == 1
        rescued = airlock.notices.wait_for("rescued-7xk2q", "rescued")
        assert instance in rescued.data["detail"]
        assert airlock.policy("rescued") != FENCE

        console.show(instance, told + fetched(asked.install))
        assert airlock.sweep() == ["fetched", "policy-restored", "close"]
        assert airlock.policy("rescued") == FENCE
        closed = airlock.notices.wait_for("rescued-7xk2q", "closed")
        assert closed.data["reason"] == "fetched"
        assert airlock.sweep() == []
        assert console.reboots(instance) == 1

        sweeper = airlock.cloud.deployment.outputs["SweeperFunctionName"]
        written = [airlock.logs(sweeper), *map(str, airlock.audit(asked.grant)), *airlock.ledger()]
        written += [str(mail) for mail in airlock.notices.all()]
        assert asked.grant in written[0]
        for text in written:
            assert "X-Amz-" not in text
            assert TOKEN[:40] not in text


def test_who_wants_no_rescue_gets_none(airlock: Airlock, console: Ec2Console) -> None:
    """Where the configuration switches it off, the node is never rebooted, whatever its console shows."""
    with an_install_refused(airlock, console, "plain") as (_, instance):
        assert airlock.sweep() == []
        assert console.reboots(instance) == 0


def test_another_machine_is_never_rebooted(airlock: Airlock, console: Ec2Console) -> None:
    """If EC2 doesn't know the node as running and tagged, nothing is rebooted; people are told, once."""
    with an_install_refused(airlock, console, "gone") as (_, instance):
        ec2: Any = airlock.cloud.aws.client("ec2")
        ec2.delete_tags(Resources=[instance], Tags=[{"Key": "kubernetes.io/cluster/gone-7xk2q"}])
        assert airlock.sweep() == ["rescue-failed"]
        assert airlock.sweep() == []
        assert console.reboots(instance) == 0
        assert airlock.notices.wait_for("gone-7xk2q", "alarm").data["decision"] == "rescue-failed"


def test_a_node_of_which_no_event_told_is_rebooted_and_closes(airlock: Airlock, console: Ec2Console) -> None:
    """EC2 shows the node and, later, its end: it is rebooted once, and the policy is put back, without any event."""
    with an_install_refused(airlock, console, "unheard", heard=False) as (asked, instance):
        assert airlock.sweep() == ["rescue"]
        assert console.reboots(instance) == 1
        assert "known by its tags" in airlock.notices.wait_for("unheard-7xk2q", "rescued").data["detail"]
        assert airlock.sweep() == []
        airlock.cloud.aws.client("ec2").terminate_instances(InstanceIds=[instance])
        assert airlock.sweep() == []
        let_a_minute_pass(airlock, instance)
        assert airlock.sweep() == ["policy-restored", "close"]
        assert airlock.policy("unheard") == FENCE
        assert airlock.notices.wait_for("unheard-7xk2q", "closed").data["reason"] == "instance-ended"
        assert [line["signal_event_id"] for line in airlock.audit(asked.grant)][-2:] == [None, None]
        assert airlock.sweep() == []
