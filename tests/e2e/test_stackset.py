"""The templates that ``make stackset`` writes, deployed in an account that the configuration doesn't name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from airlock.adapters.clients import with_raw_documents
from airlock.install.names import Era
from demo.deployment import Deployment, deploy
from demo.events import Events
from demo.ministack import MiniStack, ministack
from demo.regions import Regions
from demo.synthesis import Synthesis
from infra import stackset
from infra.configuration import parse
from tests.e2e.fence import BASELINE
from tests.events import Event, Install

pytestmark = pytest.mark.e2e

PLACEHOLDER, MEMBER = "000000000000", "222233334444"
HOME, WATCHED, IAM_REGION = "eu-west-1", "eu-central-1", "us-east-1"
USER = "ocp-installer"
BUCKET = "airlock-code"


@dataclass
class Member:
    """One account of the organization, with the stacks deployed from the templates."""

    aws: MiniStack
    home: Deployment
    regions: Regions


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Member]:
    """An account that the templates don't name: code in a bucket, a stack in each region, a user with a deny."""
    raw = {
        "home_region": HOME,
        "watched_regions": [WATCHED],
        "principals": [{"arn": f"arn:aws:iam::{PLACEHOLDER}:user/{USER}"}],
    }
    made = tmp_path_factory.mktemp("stackset")
    stackset.write(parse(raw), {}, made)
    with ministack(tmp_path_factory.mktemp("logs"), account=MEMBER, region=HOME) as aws:
        s3 = aws.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": HOME})
        for path in (made / "code").iterdir():
            s3.put_object(Bucket=BUCKET, Key=path.name, Body=path.read_bytes())
        stacks = {
            HOME: _deploy(aws, made, "bootstrap-airlock", HOME),
            **{one: _deploy(aws, made, f"bootstrap-airlock-{one}", one) for one in (WATCHED, IAM_REGION)},
        }
        home = stacks.pop(HOME)
        at_home = Events(aws, home)
        at_home.switch_schedules(on=False)
        iam = aws.client("iam")
        iam.create_user(UserName=USER)
        iam.put_user_policy(UserName=USER, PolicyName="fence", PolicyDocument=BASELINE)
        others = {region: Events(aws, one) for region, one in stacks.items()}
        yield Member(aws, home, Regions(home, at_home, others))


def _deploy(aws: MiniStack, folder: Path, name: str, region: str) -> Deployment:
    template: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    if stackset.CODE_BUCKET in template.get("Parameters", {}):
        # Stands for the parameter that create-stack-set is given.
        template["Parameters"][stackset.CODE_BUCKET]["Default"] = BUCKET
    return deploy(aws, Synthesis(name, MEMBER, region, template, assets=()))


def bring(member: Member, event: Event) -> list[str]:
    """Bring an event to its region's bus; what the airlock reports, and a failure is an error."""
    happened = []
    for delivery in member.regions.deliver(event):
        delivery.raise_for_error()
        happened += delivery.result.get("happened", [])
    return happened


def policy(member: Member) -> str:
    """The user's policy, to the byte."""
    iam = with_raw_documents(member.aws.client("iam"))
    document: Any = iam.get_user_policy(UserName=USER, PolicyName="fence")["PolicyDocument"]
    return unquote(document)


def test_the_functions_are_told_the_account_that_they_are_in(member: Member) -> None:
    """Account and principals are the member's; the placeholder is nowhere."""
    for function in ("watcher", "sweeper", "operator"):
        found = member.aws.client("lambda").get_function_configuration(FunctionName=f"bootstrap-airlock-{function}")
        variables = found["Environment"]["Variables"]
        assert variables["AIRLOCK_ACCOUNT"] == MEMBER
        assert list(json.loads(variables["AIRLOCK_PRINCIPALS"])) == [f"arn:aws:iam::{MEMBER}:user/{USER}"]
        assert PLACEHOLDER not in json.dumps(variables)


def test_an_install_opens_and_closes_in_an_account_that_no_template_names(member: Member) -> None:
    """By the watched region's stack and IAM's, to the byte."""
    install = Install(
        infra_id="member-7xk2q", principal=f"arn:aws:iam::{MEMBER}:user/{USER}", region=WATCHED, era=Era.CAPA
    )
    assert "open" in bring(member, install.create_role(datetime.now(UTC)))
    bring(member, install.create_vpc(datetime.now(UTC)))
    bring(member, install.run_instances(datetime.now(UTC)))
    assert install.bucket in policy(member)
    assert "close" in bring(member, install.state(datetime.now(UTC), "shutting-down"))
    assert policy(member) == BASELINE


def test_another_accounts_install_opens_nothing_here(member: Member) -> None:
    """The rules name the member's principals alone."""
    stranger = Install(
        infra_id="other-9mz4c", principal=f"arn:aws:iam::111122223333:user/{USER}", region=WATCHED, era=Era.CAPA
    )
    assert bring(member, stranger.create_vpc(datetime.now(UTC))) == []
    assert policy(member) == BASELINE
