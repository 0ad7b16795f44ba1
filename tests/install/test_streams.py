"""What the sample streams, and the builders that imitate them, tell the airlock."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from airlock.install.cloudtrail import parse
from airlock.install.names import Era
from airlock.install.signal import Signal, Skipped
from tests.events import install_stream

SAMPLES = Path(__file__).parents[1] / "samples" / "installs"
START = datetime(2026, 11, 24, 2, tzinfo=UTC)
USER = "arn:aws:iam::111122223333:user/ocp-installer"
ROLE = "arn:aws:iam::111122223333:role/OpenShiftInstaller"

EARLY = [
    (0, "role-created"),
    (6, "vpc-created"),
    (40, "endpoint-created"),
    (120, "load-balancer-created"),
    (124, "load-balancer-created"),
]
CAPA_START = [(300, "bucket-created"), (316, "bucket-created"), (331, "bucket-created"), (360, "instance-started")]
EXPECTED = {
    "4.14-terraform-user": [
        *EARLY,
        (330, "bucket-created"),
        (345, "instance-started"),
        (1830, "instance-ended"),
        (1832, "instance-ended"),
        (1860, "bucket-deleted"),
        (1875, "instance-ended"),
    ],
    "4.18-capa-role": [
        *EARLY,
        *CAPA_START,
        (1800, "instance-ended"),
        (1802, "instance-ended"),
        (1830, "bucket-deleted"),
        (1845, "instance-ended"),
    ],
    "4.18-capa-user-never-terminates": [*EARLY, *CAPA_START],
}
INFRA_IDS = {
    "4.14-terraform-user": "test-l8dh4",
    "4.18-capa-role": "prod-7xk2q",
    "4.18-capa-user-never-terminates": "lab-9mz4c",
}


def sample(name: str) -> list[tuple[float, dict[str, Any]]]:
    """Load a sample stream: seconds since its first event, and the envelope."""
    lines = (SAMPLES / f"{name}.jsonl").read_text().splitlines()
    return [(line["at"], line["event"]) for line in map(json.loads, lines)]


def read(stream: list[tuple[float, dict[str, Any]]]) -> list[tuple[float, Signal]]:
    """Parse a stream; what is skipped must be skipped for what it is, not for its shape."""
    found: list[tuple[float, Signal]] = []
    for at, event in stream:
        read = parse(event)
        if isinstance(read, Skipped):
            assert not read.malformed
        else:
            found += [(at, one) for one in read]
    return found


@pytest.mark.parametrize("name", EXPECTED)
def test_signals_in_order(name: str) -> None:
    """Each sample gives exactly its signals, in order; no master, and no state but the end of an instance, is one."""
    assert [(at, one.kind) for at, one in read(sample(name))] == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_one_install_a_stream(name: str) -> None:
    """All signals that name an install name the stream's own, and the same caller, VPC and account."""
    signals = [one for _, one in read(sample(name))]
    assert {one.infra_id for one in signals if one.kind != "instance-ended"} == {INFRA_IDS[name]}
    assert {one.principal for one in signals} <= {ROLE if "role" in name else USER, None}
    assert len({one.vpc_id for one in signals} - {None}) == 1
    assert len({one.instance_id for one in signals} - {None}) == 1
    assert {one.account for one in signals} == {"111122223333"}


@pytest.mark.parametrize("name", EXPECTED)
def test_times(name: str) -> None:
    """A signal's time is the event's own, in UTC."""
    for at, one in read(sample(name)):
        assert (one.at - START).total_seconds() == at
        assert one.at.tzinfo is UTC


def test_the_whole_of_a_signal() -> None:
    """The bootstrap instance's launch tells all that there is to know, and the era by CAPA's tags."""
    (launch,) = (one for _, one in read(sample("4.18-capa-role")) if one.kind == "instance-started")
    assert launch == Signal(
        kind=launch.kind,
        event_id=launch.event_id,
        at=datetime(2026, 11, 24, 2, 6, tzinfo=UTC),
        account="111122223333",
        region="us-east-2",
        partition="aws",
        principal=ROLE,
        infra_id="prod-7xk2q",
        era=Era.CAPA,
        vpc_id="vpc-98615dcbe810beacd",
        instance_id="i-d8041cd5327330573",
    )


@pytest.mark.parametrize("name", EXPECTED)
def test_eras(name: str) -> None:
    """The era is told by the bucket's name (and CAPA's launch), and by nothing before it."""
    era = Era.TERRAFORM if "terraform" in name else Era.CAPA
    for at, one in read(sample(name)):
        if one.bucket is not None:
            assert one.era is era
        if at < 300:
            assert one.era is None


@pytest.mark.parametrize(
    ("name", "principal", "region", "era"),
    [
        ("4.14-terraform-user", USER, "ap-northeast-1", Era.TERRAFORM),
        ("4.18-capa-role", ROLE, "us-east-2", Era.CAPA),
        ("4.18-capa-user-never-terminates", USER, "ap-northeast-1", Era.CAPA),
    ],
)
def test_builders_are_true_to_the_samples(name: str, principal: str, region: str, era: Era) -> None:
    """A built stream has the sample's events at the sample's times, and gives the same signals."""
    built = install_stream(INFRA_IDS[name], principal, region, era, START, terminates="never" not in name)

    def outline(stream: list[tuple[float, dict[str, Any]]]) -> list[tuple[object, ...]]:
        return [
            (at, one["source"], one["region"], one["time"], one["detail"].get("eventName"), one["detail"].get("state"))
            for at, one in stream
        ]

    assert outline(built) == outline(sample(name))
    told = [(at, one.kind, one.infra_id, one.era, one.bucket, one.principal, one.region) for at, one in read(built)]
    assert told == [
        (at, one.kind, one.infra_id, one.era, one.bucket, one.principal, one.region) for at, one in read(sample(name))
    ]


def test_a_given_vpc_is_never_made() -> None:
    """A bring-your-own VPC gives no VPC and no endpoint signal, but the load balancer still tells which it is."""
    kinds = [
        one.kind for _, one in read(install_stream("byo-2vpcs", USER, "eu-west-1", Era.CAPA, START, own_vpc=False))
    ]
    assert "vpc-created" not in kinds
    assert "endpoint-created" not in kinds
    assert kinds[:2] == ["role-created", "load-balancer-created"]


@pytest.mark.parametrize(
    ("principal", "region", "partition"),
    [
        ("arn:aws-us-gov:iam::111122223333:user/ocp", "us-gov-west-1", "aws-us-gov"),
        ("arn:aws-cn:iam::111122223333:role/ci/ocp", "cn-northwest-1", "aws-cn"),
    ],
)
@pytest.mark.parametrize("era", Era)
def test_other_partitions(principal: str, region: str, partition: str, era: Era) -> None:
    """GovCloud's and China's installs give the same signals, with their own partition."""
    signals = [one for _, one in read(install_stream("gov-5cn2w", principal, region, era, START))]
    assert len(signals) == len(EXPECTED["4.14-terraform-user" if era is Era.TERRAFORM else "4.18-capa-role"])
    assert {one.partition for one in signals if one.principal} == {partition}
    assert {one.principal for one in signals} == {principal, None}
    assert {one.region for one in signals} == {region, None}


def test_two_installs_share_no_id() -> None:
    """Built installs differ in every ID, so that tests can mix them in one stream."""
    one = install_stream("one-11111", USER, "eu-west-1", Era.CAPA, START)
    two = install_stream("two-22222", USER, "eu-west-1", Era.CAPA, START)
    ids = [event["id"] for _, event in one + two]
    assert len(set(ids)) == len(ids)
    assert one == install_stream("one-11111", USER, "eu-west-1", Era.CAPA, START)
