"""Tests of the stand-in for EC2's consoles, before MiniStack and with a function that calls it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from airlock.adapters.machines import Ec2Machines
from demo.ec2_console import Ec2Console, ec2_console
from demo.ministack import ACCOUNT, REGION, MiniStack, ministack
from demo.processes import listens

INFRA_ID = "prod-7xk2q"
FUNCTION = """
import boto3
def handle(event, context):
    ec2 = boto3.client("ec2")
    found = ec2.describe_instances(InstanceIds=[event["id"]])["Reservations"][0]["Instances"][0]
    ec2.reboot_instances(InstanceIds=[event["id"]])
    return {
        "text": ec2.get_console_output(InstanceId=event["id"], Latest=True).get("Output", ""),
        "tags": {tag["Key"]: tag["Value"] for tag in found["Tags"]},
        "users": len(boto3.client("iam").list_users()["Users"]),
    }
"""


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    """One MiniStack for the tests that need it."""
    with ministack(tmp_path_factory.mktemp("console")) as running:
        yield running


def client_of(console: Ec2Console) -> Any:  # noqa: ANN401 - boto3 names a type per service
    """An EC2 client of the stand-in, as a function has one."""
    return boto3.client(
        "ec2",
        endpoint_url=console.endpoint,
        region_name=REGION,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="any",
        config=Config(retries={"total_max_attempts": 1}),
    )


def start(ec2: Any) -> str:  # noqa: ANN401 - boto3's type
    """A bootstrap instance, tagged at its launch."""
    tags = {"Name": f"{INFRA_ID}-bootstrap", f"kubernetes.io/cluster/{INFRA_ID}": "owned"}
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    made = ec2.run_instances(
        ImageId="ami-0abcdef1234567890",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": listed}],
    )
    return str(made["Instances"][0]["InstanceId"])


def test_a_console_is_what_was_set() -> None:
    """Each instance has its own text, any characters included; one without has none, and nobody else is asked."""
    with ec2_console("http://127.0.0.1:1") as console:
        ec2 = client_of(console)
        text = "[    0.000000] Linux\r\n\x1b[0m ignition <&> ü\r\n"
        console.show("i-1", text)
        assert ec2.get_console_output(InstanceId="i-1", Latest=True)["Output"] == text
        assert "Output" not in ec2.get_console_output(InstanceId="i-2")
        with pytest.raises(ClientError, match="502"):
            ec2.describe_instances()
    assert not listens(int(console.endpoint.rsplit(":", 1)[1]))


@pytest.mark.e2e
def test_other_calls_go_on_to_ministack(aws: MiniStack) -> None:
    """The adapter finds the instance's tags, reboots it and sees its second boot; MiniStack's errors come back too."""
    with ec2_console(aws.endpoint) as console:
        ec2 = client_of(console)
        instance_id = start(ec2)
        console.show(instance_id, "first", after_reboot="second")
        machines = Ec2Machines(lambda _: ec2, lambda _: ec2)
        assert machines.console(REGION, instance_id) == "first"
        assert machines.is_bootstrap_of(REGION, instance_id, INFRA_ID)
        assert not machines.is_bootstrap_of(REGION, instance_id, "other-9mz4c")
        assert not machines.is_bootstrap_of(REGION, "i-0123456789abcdef0", INFRA_ID)
        assert console.reboots(instance_id) == 0
        machines.reboot(REGION, instance_id)
        assert console.reboots(instance_id) == 1
        assert machines.console(REGION, instance_id) == "second"
        held = aws.client("ec2").describe_instances(InstanceIds=[instance_id])["Reservations"]
        assert len(held) == 1


@pytest.mark.e2e
def test_a_deployed_function_reaches_it(aws: MiniStack) -> None:
    """A function that was told uses it for EC2, and MiniStack for all else; its own variables stay."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("looks.py", FUNCTION)
    functions = aws.client("lambda")
    functions.create_function(
        FunctionName="looks",
        Runtime="python3.11",
        Role=f"arn:aws:iam::{ACCOUNT}:role/any",
        Handler="looks.handle",
        Code={"ZipFile": archive.getvalue()},
        Timeout=30,
        Environment={"Variables": {"OWN": "stays"}},
    )
    with ec2_console(aws.endpoint) as console:
        console.tell(functions, ["looks"])
        variables = functions.get_function_configuration(FunctionName="looks")["Environment"]["Variables"]
        assert variables == {"OWN": "stays", "AWS_ENDPOINT_URL_EC2": console.endpoint}
        instance_id = start(aws.client("ec2"))
        console.show(instance_id, "first", after_reboot="second")
        answer = functions.invoke(FunctionName="looks", Payload=json.dumps({"id": instance_id}))
        told = json.loads(answer["Payload"].read())
        assert told["text"] == "second"
        assert told["tags"]["Name"] == f"{INFRA_ID}-bootstrap"
        assert told["users"] == 0
        assert console.reboots(instance_id) == 1
