"""Where functions have no URLs: operators and approvers answer by HTTP APIs of the deployed template, on MiniStack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path

import pytest

from demo.cloud import default_configuration
from demo.deployment import deploy
from demo.ministack import ministack
from demo.operator_door import Signer
from demo.synthesis import synthesise
from tests.e2e.asking import ACCOUNT, FENCE, Airlock, Asked, an_airlock, arn_of
from tests.e2e.test_operator_commands import Office

pytestmark = pytest.mark.e2e
USERS = ("commanded", "refused", "linked", "ahead", "before")


@dataclass(frozen=True, slots=True)
class Changed:
    """A stack that had function URLs until a moment ago.

    Attributes:
        airlock: it, with HTTP APIs.
        asked: a request from before.
    """

    airlock: Airlock
    asked: Asked


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Changed]:
    """The stack, deployed with function URLs, then changed to HTTP APIs while somebody was asked."""
    principals: dict[str, dict[str, object]] = {user: {"mode": "approval"} for user in USERS}
    with an_airlock(principals) as made:
        asked = made.ask("before", "before-7xk2q")
        assert len(made.cloud.deployment.named("AWS::Lambda::Url")) == 2
        enrolled = [{"arn": arn_of(user), **settings} for user, settings in principals.items()]
        told = default_configuration(principals=enrolled, endpoints="http-api")
        (home,) = synthesise(told, tmp_path_factory.mktemp("cdk"))
        made.cloud.deployment = deploy(made.cloud.aws, home)
        assert not made.cloud.deployment.named("AWS::Lambda::Url")
        yield Changed(made, asked)


@pytest.fixture(scope="module")
def airlock(changed: Changed) -> Airlock:
    """The stack with HTTP APIs; each test has a user of its own."""
    return changed.airlock


@pytest.fixture(scope="module")
def office(airlock: Airlock) -> Office:
    """Where operators sit. MiniStack's name of an API leads nowhere, so it is called by its path there."""
    url = airlock.cloud.deployment.outputs["OperatorFunctionUrl"]
    api = url.removeprefix("http://").partition(".execute-api.")[0]
    assert api in airlock.cloud.deployment.named("AWS::ApiGatewayV2::Api").values()
    return Office(airlock, f"{airlock.cloud.aws.endpoint}/_aws/execute-api/{api}")


def _user(airlock: Airlock, name: str) -> Signer:
    """A user of MiniStack's IAM with an access key."""
    iam = airlock.cloud.aws.client("iam")
    if name not in USERS:
        iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Signer(arn_of(name), key["AccessKeyId"], key["SecretAccessKey"])


@pytest.fixture(scope="module")
def dana(airlock: Airlock) -> Signer:
    """A user who operates."""
    return _user(airlock, "dana")


@pytest.fixture(scope="module")
def kim(airlock: Airlock) -> Signer:
    """A session of a role that operates."""
    airlock.cloud.aws.client("iam").create_role(RoleName="Operators", AssumeRolePolicyDocument="{}")
    taken = airlock.cloud.aws.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/Operators", RoleSessionName="kim"
    )
    given = taken["Credentials"]
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/Operators/kim"
    return Signer(arn, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def test_an_operator_approves_by_the_api(office: Office, dana: Signer, kim: Signer) -> None:
    """Signed for API Gateway, the command opens the deny, and the trail has who signed; another's closes it."""
    asked = office.ask("commanded")
    said = office.run("approve", asked.grant, "--note", "Change 4711", who=dana)
    assert f"Approved by {dana.arn}" in said.replace("\n  ", " ")
    assert office.airlock.policy("commanded") != FENCE
    (line,) = [line for line in office.airlock.audit(asked.grant) if line.get("decision") == "open"]
    assert line["approved_by"] == dana.arn
    closed = json.loads(office.run("close", asked.grant, "--json", who=kim))
    assert (closed["came_out"], closed["stands"]["by"]) == (True, kim.arn)
    assert office.airlock.policy("commanded") == FENCE


def test_a_request_from_before_the_change_is_answered_by_the_api(
    office: Office, changed: Changed, dana: Signer
) -> None:
    """Its link leads nowhere any more, and it still waits."""
    assert changed.airlock.call(changed.asked.link) == HTTPStatus.NOT_FOUND
    office.run("approve", changed.asked.grant, who=dana)
    assert changed.airlock.policy("before") != FENCE
    changed.airlock.end(changed.asked)


def test_an_approval_ahead_by_the_api(office: Office, kim: Signer) -> None:
    """It is given with a body, listed with a query and taken back with a path, each of them signed."""
    ahead = json.loads(office.run("approve-ahead", arn_of("ahead"), "--hours", "1", "--json", who=kim))["ahead"]
    assert ahead["by"] == kim.arn
    said = office.run("approve-ahead", arn_of("ahead"), "--revoke", ahead["id"], who=kim)
    assert said.startswith("Taken back;")


def test_nobody_gets_in_without_a_signature_of_theirs(office: Office, dana: Signer) -> None:
    """A wrong secret, a stranger's key, the installer's own: refused, with the right that it takes or the reason."""
    asked = office.ask("refused")
    before = office.airlock.ledger()
    for who in (replace(dana, secret="guessed"), replace(dana, access_key="AKIASTRANGER0EXAMPLE")):
        said = office.run("approve", asked.grant, who=who, status=5)
        assert "Forbidden" in said
        assert "It takes execute-api:Invoke on the operators' API" in said
    assert office.airlock.call(f"{office.door}/grants/{asked.grant}/approve", "POST", note="x") == HTTPStatus.FORBIDDEN
    said = office.run("approve", asked.grant, who=_user(office.airlock, "refused"), status=4)
    assert "can't approve its own installs" in said.replace("\n  ", " ")
    assert office.airlock.ledger() == before
    assert office.airlock.policy("refused") == FENCE
    office.airlock.end(asked)


def test_an_approver_answers_on_the_page(airlock: Airlock) -> None:
    """The request's link leads to the page's API; looking changes nothing, and its form opens the deny."""
    asked = airlock.ask("linked", "linked-7xk2q")
    assert asked.link.startswith(airlock.cloud.deployment.outputs["PageFunctionUrl"])
    before = airlock.ledger()
    assert airlock.call(asked.link) == HTTPStatus.OK
    assert airlock.call(asked.link, "HEAD") == HTTPStatus.METHOD_NOT_ALLOWED
    assert airlock.call(asked.link + "x") == HTTPStatus.FORBIDDEN
    assert airlock.ledger() == before
    airlock.answer(asked, "approve", "go")
    assert airlock.opened("linked") != FENCE
    for function in ("bootstrap-airlock-page", "bootstrap-airlock-watcher"):
        assert asked.token not in airlock.logs(function)
    airlock.end(asked)
    assert airlock.policy("linked") == FENCE


def test_govcloud_s_template_is_one_that_can_be_made(tmp_path: Path) -> None:
    """CloudFormation, as far as MiniStack plays it, makes all of it in the region, without a function's URL."""
    installer = {"arn": f"arn:aws-us-gov:iam::{ACCOUNT}:role/OpenShiftInstaller"}
    (home,) = synthesise({"home_region": "us-gov-west-1", "principals": [installer]}, tmp_path / "cdk")
    with ministack(tmp_path, region="us-gov-west-1") as aws:
        made = deploy(aws, home)
    assert len(made.named("AWS::ApiGatewayV2::Api")) == 2
    assert len(made.named("AWS::ApiGatewayV2::Stage")) == 2
    assert not made.named("AWS::Lambda::Url")
