"""An account on moto whose principals the doctor looks at."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from airlock.records import Simulation
from airlock_cli.main import run
from tests.cli.operators.conftest import READ_BY_BOTO, Done
from tests.cli.operators.door import REGION, SECRETS

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

USER = "arn:aws:iam::123456789012:user/ocp-installer"
ALLOW = {"Effect": "Allow", "Action": "*", "Resource": "*"}
OFFICE = {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}, "Bool": {"aws:ViaAWSService": "false"}}
DENY = {"Sid": "Office", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": OFFICE}
Examine = Callable[..., Done]


def text(*statements: object) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def iam(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> "Iterator[IAMClient]":
    """IAM with a user that may do everything; moto has no simulator, so its answer is a stand-in.

    As a parameter it is told whether AWS's own policies are to be there, which takes some seconds.
    """
    for name in READ_BY_BOTO:
        monkeypatch.delenv(name, raising=False)
    environment = {
        "AWS_ACCESS_KEY_ID": SECRETS[0],
        "AWS_SECRET_ACCESS_KEY": SECRETS[1],
        "AWS_SESSION_TOKEN": SECRETS[2],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "COLUMNS": "80",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with mock_aws(config={"iam": {"load_aws_managed_policies": getattr(request, "param", False)}}):
        simulator_tells(monkeypatch, lambda _: Simulation(not_asked="AccessDenied"))
        client = boto3.client("iam", REGION)
        client.create_user(UserName="ocp-installer")
        client.put_user_policy(UserName="ocp-installer", PolicyName="work", PolicyDocument=text(ALLOW))
        yield client


def simulator_tells(monkeypatch: pytest.MonkeyPatch, answer: Callable[[Mapping[str, Any]], Simulation]) -> None:
    """Let the simulator tell this, by the keys that it is told."""

    def ask(_self: object, _principal: str, _action: str, _arns: object, context: Mapping[str, Any]) -> Simulation:
        return answer(context)

    monkeypatch.setattr("airlock.adapters.simulator.IamSimulator.ask", ask)


@pytest.fixture
def examine(
    iam: "IAMClient",  # noqa: ARG001 - the account has to be there
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Examine:
    """A way to run the command on the user, or on another principal."""

    def go(*more: str, principal: str = USER) -> Done:
        monkeypatch.setattr(sys, "argv", ["airlock", "doctor", "--principal", principal, *more])
        with pytest.raises(SystemExit) as ended:
            run()
        out, err = capsys.readouterr()
        assert not any(secret in out + err for secret in SECRETS)
        return Done(int(ended.value.code or 0), out, err)

    return go
