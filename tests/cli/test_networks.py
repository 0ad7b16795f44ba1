"""Which way the fetch takes, and what the airlock may narrow to."""

import copy
import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console

from airlock.install.names import Era
from airlock_cli.replay.principal import Kind
from airlock_cli.replay.result import Replayed
from airlock_cli.replay.text import show
from tests.cli.helpers import AWS_EXAMPLE, START, USER, occurrences_of, replayed, the_install
from tests.events import Event, Install, install_stream

INSTALL = Install(infra_id="prod-7xk2q", principal=USER, region="us-east-2", era=Era.CAPA)
OTHER_VPC = "vpc-0aaaaaaaaaaaaaaaa"
Events = list[tuple[float, Event]]


def stream(*, own_vpc: bool = True) -> Events:
    """Build the install of these tests."""
    return install_stream(INSTALL.infra_id, USER, INSTALL.region, INSTALL.era, START, own_vpc=own_vpc)


def without(events: Iterable[tuple[float, Event]], *names: str) -> Events:
    """Leave calls out of a stream."""
    return [(seconds, event) for seconds, event in events if event["detail"].get("eventName") not in names]


def with_endpoint(change: Callable[[Event, Event], None], era: Era = Era.CAPA) -> Events:
    """Build the install with its endpoint's request and answer changed."""
    events = copy.deepcopy(install_stream(INSTALL.infra_id, USER, INSTALL.region, era, START))
    (detail,) = [one["detail"] for _, one in events if one["detail"].get("eventName") == "CreateVpcEndpoint"]
    change(
        detail["requestParameters"]["CreateVpcEndpointRequest"],
        detail["responseElements"]["CreateVpcEndpointResponse"]["vpcEndpoint"],
    )
    return events


def in_other_vpc(request: Event, made: Event) -> None:
    """Put the endpoint into another VPC than the bootstrap instance's."""
    request["VpcId"] = made["vpcId"] = OTHER_VPC


def as_interface(request: Event, made: Event) -> None:
    """Make it an interface endpoint."""
    request["VpcEndpointType"] = made["vpcEndpointType"] = "Interface"


def account_of(result: Replayed, delay: float) -> str:
    """Give the text that people get, in one line."""
    out = StringIO()
    console = Console(file=out, width=80, highlight=False, markup=False)
    show(result, USER, Kind.USER_INLINE, timedelta(seconds=delay), console)
    return " ".join(out.getvalue().split())


@pytest.mark.parametrize("delay", [0, 30, 90])
def test_an_own_vpc_with_an_endpoint_is_narrowed_to(delay: int) -> None:
    """The fetch goes through the endpoint, and the grant is held to its VPC before that."""
    result = replayed(occurrences_of(stream()), delay=delay)
    assert the_install(result)["narrowed_at"] < the_install(result)["fetch"]["at"]
    assert the_install(result)["fetch"]["allowed"] is True
    assert f"narrowed to requests that come from {INSTALL.vpc}" in account_of(result, delay)


@pytest.mark.parametrize("delay", [0, 90])
def test_a_given_vpc_is_not_narrowed_to(delay: int) -> None:
    """In a VPC that the install didn't make the fetch comes from a public address, and nothing is narrowed."""
    result = replayed(occurrences_of(stream(own_vpc=False)), delay=delay)
    assert the_install(result)["narrowed_at"] is None
    assert the_install(result)["fetch"]["allowed"] is True
    assert "came from a public address" in account_of(result, delay)


def test_a_late_signal_opens_too_late_and_says_so() -> None:
    """Where CreateBucket is the first signal and comes 90 s late, the fetch is lost, by how much is told."""
    late = without(stream(own_vpc=False), "CreateRole", "CreateLoadBalancer")
    result = replayed(occurrences_of(late), delay=90)
    install = the_install(result)
    assert install["fetch"]["allowed"] is False
    assert install["narrowed_at"] is None
    assert "denied: opened 10 s after the fetch" in account_of(result, 90)
    assert result.policy_restored


@pytest.mark.parametrize("era", Era)
@pytest.mark.parametrize("delay", [0, 30, 90])
def test_an_endpoint_in_another_vpc_is_not_narrowed_to(delay: int, era: Era) -> None:
    """An endpoint in a VPC that the install didn't make says nothing of its own, so the fetch isn't shut out."""
    result = replayed(occurrences_of(with_endpoint(in_other_vpc, era)), delay=delay)
    assert the_install(result)["fetch"]["allowed"] is True
    assert the_install(result)["narrowed_at"] is None
    assert result.policy_restored


def test_an_interface_endpoint_is_not_narrowed_to() -> None:
    """Only a gateway endpoint is sure to be on the fetch's way."""
    result = replayed(occurrences_of(with_endpoint(as_interface)))
    assert the_install(result)["narrowed_at"] is None
    assert the_install(result)["fetch"]["allowed"] is True


def test_a_vpc_without_an_endpoint_is_not_narrowed_to() -> None:
    """CreateVpc alone doesn't narrow: the fetch then leaves by a public address."""
    result = replayed(occurrences_of(without(stream(), "CreateVpcEndpoint")))
    assert the_install(result)["narrowed_at"] is None
    assert the_install(result)["fetch"]["allowed"] is True


def test_an_endpoint_made_after_the_fetch_is_not_on_its_way() -> None:
    """The fetch comes from a public address if the endpoint is made only after it."""
    events = [(400 if event["detail"].get("eventName") == "CreateVpcEndpoint" else s, event) for s, event in stream()]
    result = replayed(sorted(occurrences_of(events), key=lambda one: one.at))
    assert the_install(result)["fetch"]["allowed"] is True
    assert "came from a public address" in account_of(result, 0)


def test_an_endpoint_of_somebody_else_is_on_the_fetch_s_way() -> None:
    """Whoever made the endpoint of a given VPC, the fetch goes through it; the airlock, not told, stays wide."""
    network_team = Install(
        infra_id="other-2b4d6", principal=f"{USER}-network", region=INSTALL.region, era=INSTALL.era
    ).create_vpc_endpoint(START)
    detail = network_team["detail"]
    detail["requestParameters"]["CreateVpcEndpointRequest"] |= {"VpcId": INSTALL.vpc, "TagSpecification": []}
    detail["responseElements"]["CreateVpcEndpointResponse"]["vpcEndpoint"]["vpcId"] = INSTALL.vpc
    result = replayed(occurrences_of([(0, network_team), *stream(own_vpc=False)]))
    assert the_install(result)["narrowed_at"] is None
    assert the_install(result)["fetch"]["allowed"] is True
    assert f"came through the S3 endpoint of {INSTALL.vpc}" in account_of(result, 0)


def test_what_hangs_on_the_unknown_is_neither_allowed_nor_denied() -> None:
    """Where a deny hangs on a key that nobody knows of S3's call to KMS, `allowed` is null and the account says why."""
    policy = json.loads(AWS_EXAMPLE)
    plain = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    policy["Statement"].append(plain)
    result = replayed(occurrences_of(stream()), json.dumps(policy))
    assert the_install(result)["fetch"]["allowed"] is None
    assert "can't be told: statement" in account_of(result, 0)
    assert "aws:SecureTransport" in account_of(result, 0)
    assert result.policy_restored


def test_a_refusal_is_told_in_plain_words() -> None:
    """Where the airlock refuses, the account says so at the fetch, and nothing was written."""
    policy = json.loads(AWS_EXAMPLE)
    policy["Statement"].append({"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"})
    result = replayed(occurrences_of(stream()), json.dumps(policy))
    (refused,) = result.as_json()["refused"]
    assert refused["reason"] == "still-denied"
    assert (the_install(result)["close_reason"], the_install(result)["fetch"]["allowed"]) == (None, False)
    assert "denied: refused: statement" in account_of(result, 0)
    assert result.policy_writes == 0
