"""An install in another region than home: by its own bus, IAM's, the stacks' rules there and home's, to the policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest

from airlock.adapters.clients import with_raw_documents
from airlock.install.names import Era
from demo.cloud import EmbeddedCloud, embedded_cloud
from demo.ministack import ACCOUNT
from tests.e2e.fence import BASELINE
from tests.events import Event, Install, api_call
from tests.infra.builders import session_identity, user_identity

pytestmark = pytest.mark.e2e

HOME, WATCHED, IAM_REGION, UNWATCHED = "eu-west-1", "eu-central-1", "us-east-1", "us-west-2"
USERS = ("ocp-installer", "ocp-elsewhere", "ocp-edited")


def arn_of(user: str) -> str:
    """The ARN of one of the users."""
    return f"arn:aws:iam::{ACCOUNT}:user/{user}"


@pytest.fixture(scope="module")
def cloud() -> Iterator[EmbeddedCloud]:
    """Home is in Ireland, Frankfurt is watched; IAM's events come up in Virginia."""
    configuration = {
        "home_region": HOME,
        "watched_regions": [WATCHED],
        "principals": [{"arn": arn_of(user)} for user in USERS],
    }
    with embedded_cloud(configuration) as running:
        running.events.switch_schedules(on=False)
        iam = running.aws.client("iam")
        for user in USERS:
            iam.create_user(UserName=user)
            iam.put_user_policy(UserName=user, PolicyName="fence", PolicyDocument=BASELINE)
        yield running


def bring(cloud: EmbeddedCloud, event: Event) -> list[str]:
    """Bring an event to the bus of its region; what the airlock reports of it, and a failure is an error."""
    deliveries = cloud.regions.deliver(event)
    for delivery in deliveries:
        delivery.raise_for_error()
    return [one for delivery in deliveries for one in delivery.result.get("happened", [])]


def policy(cloud: EmbeddedCloud, user: str) -> str:
    """A user's policy as text, to the byte."""
    iam = with_raw_documents(cloud.aws.client("iam"))
    document: Any = iam.get_user_policy(UserName=user, PolicyName="fence")["PolicyDocument"]
    return unquote(document)


def install(user: str, infra_id: str, region: str) -> Install:
    """An install by one of the users."""
    return Install(infra_id=infra_id, principal=arn_of(user), region=region, era=Era.CAPA)


def now() -> datetime:
    """The time of the functions' own clocks."""
    return datetime.now(UTC)


def test_an_install_in_a_watched_region_opens_narrows_and_closes_to_the_byte(cloud: EmbeddedCloud) -> None:
    """CreateRole comes by IAM's region, everything else by the watched one; home alone holds functions and ledger."""
    away = install(USERS[0], "away-7xk2q", WATCHED)
    role = away.create_role(now())
    assert role["region"] == IAM_REGION
    assert "open" in bring(cloud, role)
    opened = policy(cloud, USERS[0])
    assert opened != BASELINE
    assert away.bucket in opened

    told = [bring(cloud, event) for event in (away.create_vpc(now()), away.create_vpc_endpoint(now()))]
    assert "narrow" in told[1]
    assert away.vpc in policy(cloud, USERS[0])
    bring(cloud, away.create_bucket(now()))
    launch = away.run_instances(now())
    assert launch["region"] == WATCHED
    bring(cloud, launch)
    assert policy(cloud, USERS[0]) != BASELINE

    assert "close" in bring(cloud, away.state(now(), "shutting-down"))
    assert policy(cloud, USERS[0]) == BASELINE
    names = cloud.aws.client("lambda", region=WATCHED).list_functions()["Functions"]
    assert names == []


def test_a_region_that_nobody_watches_opens_nothing(cloud: EmbeddedCloud) -> None:
    """Not one of its own events reaches home, and of IAM's region, which isn't watched, no regional one does."""
    for region in (UNWATCHED, IAM_REGION):
        elsewhere = install(USERS[1], "elsewhere-9mz4c", region)
        for event in (
            elsewhere.create_vpc(now()),
            elsewhere.create_vpc_endpoint(now()),
            elsewhere.create_load_balancer(now()),
            elsewhere.create_bucket(now()),
            elsewhere.run_instances(now()),
            elsewhere.state(now(), "shutting-down"),
        ):
            assert event["region"] == region
            # Home's rules would take it up, did it get there.
            assert cloud.events.matching(event)
            assert cloud.regions.deliver(event) == []
    assert policy(cloud, USERS[1]) == BASELINE


def test_an_edit_is_told_by_iams_region(cloud: EmbeddedCloud) -> None:
    """A human adds a statement to an open policy: home is told at once, and the edit outlives the grant."""
    edited = install(USERS[2], "edited-2hd6t", WATCHED)
    assert "open" in bring(cloud, edited.create_vpc(now()))
    document = json.loads(policy(cloud, USERS[2]))
    document["Statement"].append({"Sid": "Human", "Effect": "Deny", "Action": "ec2:DeleteVpc", "Resource": "*"})
    cloud.aws.client("iam").put_user_policy(UserName=USERS[2], PolicyName="fence", PolicyDocument=json.dumps(document))
    event = edit_of(USERS[2], user_identity(f"arn:aws:iam::{ACCOUNT}:user/admin"))
    assert cloud.regions.deliver({**event, "region": WATCHED}) == []
    bring(cloud, event)
    (drift,) = (line for line in audit_lines(cloud) if line["kind"] == "drift")
    assert edited.infra_id in json.dumps(drift)
    assert drift["signal_event_id"] == event["id"]

    assert "close" in bring(cloud, edited.delete_bucket(now()))
    restored = json.loads(policy(cloud, USERS[2]))["Statement"]
    assert [one.get("Sid") for one in restored] == [None, "Human"]
    assert restored[0] == json.loads(BASELINE)["Statement"][0]


def edit_of(user: str, identity: Event) -> Event:
    """A write of a user's policy, as IAM's region tells of it."""
    request = {"userName": user, "policyName": "fence"}
    event = api_call("PutUserPolicy", request, principal=arn_of(user), region=IAM_REGION, service="iam", at=now())
    event["detail"]["userIdentity"] = identity
    return event


def audit_lines(cloud: EmbeddedCloud) -> list[Event]:
    """The audit trail's lines, in order."""
    found = cloud.aws.client("logs", region=HOME).filter_log_events(
        logGroupName=cloud.deployment.outputs["AuditLogGroupName"]
    )
    return [json.loads(one["message"]) for one in found["events"]]


def test_the_airlocks_own_writes_stay_in_iams_region(cloud: EmbeddedCloud) -> None:
    """They are told by a session of a role under the airlock's own path, and go nowhere."""
    logical = next(name for name in cloud.deployment.named("AWS::IAM::Role") if name.startswith("WatcherRole"))
    role = cloud.aws.client("iam").get_role(RoleName=cloud.deployment.resources[logical])["Role"]
    # MiniStack's CloudFormation leaves the path out of the ARN, where IAM has it.
    own = f"arn:aws:iam::{ACCOUNT}:role{role['Path']}{role['RoleName']}"
    assert cloud.regions.forwarding(edit_of(USERS[0], session_identity(own))) == []
    admin = session_identity(f"arn:aws:iam::{ACCOUNT}:role/Admin")
    assert len(cloud.regions.forwarding(edit_of(USERS[0], admin))) == 1
