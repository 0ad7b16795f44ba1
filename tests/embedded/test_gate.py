"""Tests of the gate on the running server: does S3 really refuse and serve, and when?"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.gate import Gate, GateError, GateUser, gate, require_addresses, send
from demo.local_world import NODE_ADDRESS
from demo.processes import free_ports, listens
from demo.translation import for_gate

pytestmark = pytest.mark.e2e

BUCKET = "openshift-bootstrap-data-lab-9mz4c"
KEY = "control-plane/lab-9mz4c-bootstrap"
OBJECT = f"arn:aws:s3:::{BUCKET}/{KEY}"
VPC = "vpc-0a1b2c3d4e5f60718"
OFFICE = ["192.0.2.0/24", "203.0.113.0/24"]
USER = "arn:aws:iam::111122223333:user/ocp-installer"
OUTSIDE = {"NotIpAddress": {"aws:SourceIp": OFFICE}, "Bool": {"aws:ViaAWSService": "false"}}
NUMBERS = itertools.count()
POLICIES = Path(__file__).parents[1] / "samples" / "policies"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """One gate for all tests here, with an Ignition file and two other objects."""
    with gate(tmp_path_factory.mktemp("gate")) as running:
        for key in (KEY, "other", "odd:key"):
            running.put_object(BUCKET, key, b"{}")
        yield running


@pytest.fixture
def user(server: Gate) -> GateUser:
    """A user of this test's own, without any policy but the one that allows everything."""
    return server.add_user(f"user-{next(NUMBERS)}")


class Door:
    """The gate as one user's fetches meet it."""

    def __init__(self, server: Gate, user: GateUser) -> None:
        self.server, self.user = server, user

    def set(self, *statements: dict[str, Any]) -> None:
        """Replace the user's policies by these statements, carried over to the gate."""
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        translated = for_gate(document, office=OFFICE, node={VPC: "127.0.0.2"}, principal=USER)
        self.server.enforce(self.user, {"network": translated.document})

    def answers(self, key: str = KEY) -> tuple[int, int]:
        """Fetch an object from the office and from the node; returns both HTTP statuses."""
        url = self.user.presign(BUCKET, key)
        return self.server.from_office(url), self.server.from_node(url)


@pytest.fixture
def door(server: Gate, user: GateUser) -> Door:
    """The gate for this test's user."""
    return Door(server, user)


def deny(condition: dict[str, Any], **elements: object) -> dict[str, Any]:
    """Write a Deny of every action, on everything unless said otherwise."""
    where = {} if {"Resource", "NotResource"} & set(elements) else {"Resource": "*"}
    return {"Effect": "Deny", "Action": "*", **where, "Condition": condition, **elements}


def test_the_fetch_goes_from_403_to_200_and_back_with_nothing_touched(door: Door) -> None:
    """A deny outside the office refuses the node, an opening serves it, and the not-after time alone refuses it again.

    One URL all along: a change of policy counts for a URL that is already signed.
    """
    url = door.user.presign(BUCKET, KEY)

    def statuses() -> tuple[int, int]:
        return door.server.from_office(url), door.server.from_node(url)

    door.set(deny(OUTSIDE))
    assert statuses() == (200, 403)
    assert door.answers("other") == (200, 403)

    not_after = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=3)
    late = {"DateGreaterThan": {"aws:CurrentTime": not_after.strftime("%Y-%m-%dT%H:%M:%SZ")}}
    door.set(
        deny(OUTSIDE, NotResource=[OBJECT, "arn:aws:s3:::*:*"]),
        deny({**OUTSIDE, "StringNotEquals": {"aws:SourceVpc": [VPC]}}, Resource=[OBJECT]),
        deny({**OUTSIDE, **late}, Resource=[OBJECT]),
    )
    assert statuses() == (200, 200)
    assert door.answers("other") == (200, 403)

    deadline = time.monotonic() + 10
    while statuses() != (200, 403):
        assert time.monotonic() < deadline, "the not-after time has passed, but the node is still served"
        time.sleep(0.1)
    assert dt.datetime.now(dt.UTC) >= not_after.replace(microsecond=0)
    assert door.answers("other") == (200, 403)


def test_an_opening_for_another_vpc_serves_nobody_here(door: Door) -> None:
    """An exemption narrowed to one VPC doesn't serve a node that calls from another."""
    elsewhere = {**OUTSIDE, "StringNotEquals": {"aws:SourceVpc": ["vpc-0ther"]}}
    door.set(deny(OUTSIDE, NotResource=[OBJECT]), deny(elsewhere, Resource=[OBJECT]))
    assert door.answers() == (200, 403)


def test_an_opening_for_another_principal_serves_nobody_here(door: Door) -> None:
    """A deny kept for every other principal isn't this one's; one kept for this principal is."""
    other = {"ArnNotEquals": {"aws:PrincipalArn": ["arn:aws:iam::111122223333:user/other"]}}
    own = {"ArnNotEquals": {"aws:PrincipalArn": [USER]}}
    door.set(deny({**OUTSIDE, **own}))
    assert door.answers() == (200, 200)
    door.set(deny({**OUTSIDE, **other}))
    assert door.answers() == (200, 403)


def test_policies_are_replaced_as_a_whole(door: Door) -> None:
    """A policy that isn't among the new ones, or has no statement left, is gone."""
    document = {"Version": "2012-10-17", "Statement": [deny({"NotIpAddress": {"aws:SourceIp": ["127.0.0.1/32"]}})]}
    nothing = {"Version": "2012-10-17", "Statement": []}
    door.server.enforce(door.user, {"one": document, "two": document})
    assert door.answers() == (200, 403)
    door.server.enforce(door.user, {"two": document})
    assert door.answers() == (200, 403)
    door.server.enforce(door.user, {"two": nothing, "three": nothing})
    assert door.answers() == (200, 200)
    door.server.enforce(door.user, {"one": document})
    door.server.enforce(door.user, {})
    assert door.answers() == (200, 200)


def test_a_policy_is_read_back_as_the_server_holds_it(door: Door) -> None:
    """What is held has the statements that were put, and nothing that the gate needs for itself."""
    assert door.server.held(door.user) == {}
    door.set(deny(OUTSIDE))
    held = door.server.held(door.user)
    assert list(held) == ["network"]
    assert held["network"]["Statement"][0]["Condition"] == {"NotIpAddress": {"aws:SourceIp": "127.0.0.1/32"}}


def test_writing_is_an_action_of_its_own(door: Door) -> None:
    """A PUT is decided apart from a GET, and a URL is good for the one that it was signed for."""
    door.server.enforce(door.user, {"write": policy({"Action": "s3:PutObject"})})
    put = door.user.presign(BUCKET, KEY, method="PUT")
    assert send("PUT", put, NODE_ADDRESS) == 403
    assert send("GET", put, NODE_ADDRESS) == 403
    assert door.answers() == (200, 200)
    door.server.enforce(door.user, {"read": policy({"Action": "s3:GetObject"})})
    assert send("PUT", put, NODE_ADDRESS) == 200
    assert door.answers() == (403, 403)


def test_colleagues_share_policies_and_are_told_apart_by_name(server: Gate) -> None:
    """One group's policy holds for both users; a condition on the user's name for one of them."""
    one = server.add_user("one")
    two = server.add_user("two", colleague=one)
    urls = [user.presign(BUCKET, KEY) for user in (one, two)]
    server.enforce(one, {"shared": policy({"Action": "s3:*"})})
    assert [server.from_node(url) for url in urls] == [403, 403]
    server.enforce(one, {"shared": policy({"Action": "s3:*"}, {"StringNotEquals": {"aws:username": ["one"]}})})
    assert [server.from_node(url) for url in urls] == [200, 403]


def policy(statement: dict[str, Any], condition: dict[str, Any] | None = None) -> dict[str, Any]:
    """Write a policy with one Deny on everything, as SeaweedFS is to get it."""
    whole = {"Effect": "Deny", "Resource": "*", **statement, **({"Condition": condition} if condition else {})}
    return {"Version": "2012-10-17", "Statement": [whole]}


@pytest.mark.parametrize(
    ("statement", "condition"),
    [
        ({"NotAction": "s3:PutObject"}, None),
        ({"Action": "S3:getobject"}, None),
        ({"Action": "s3:*"}, {"Bool": {"aws:ViaAWSService": "false"}}),
        ({"Action": "s3:*"}, {"ArnLike": {"aws:PrincipalArn": "*"}}),
        ({"Action": "s3:*"}, {"ArnNotEquals": {"aws:PrincipalArn": USER}}),
        ({"Action": "s3:*"}, {"StringNotEqualsIfExists": {"aws:SourceVpc": VPC}}),
        ({"Action": "s3:*"}, {"NotIpAddressIfExists": {"aws:SourceIp": "127.0.0.1/32"}}),
        ({"Action": "s3:*"}, {"DateGreaterThanIfExists": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}),
        ({"Action": "s3:*"}, {"notipaddress": {"aws:SourceIp": "127.0.0.1/32"}}),
    ],
    ids=str,
)
def test_what_the_server_cannot_hold(door: Door, statement: dict[str, Any], condition: dict[str, Any] | None) -> None:
    """SeaweedFS serves what IAM would deny here, so the translation decides these itself (docs/testing.md).

    Where this fails, SeaweedFS has learnt something, and the translation can leave more to it.
    """
    door.server.enforce(door.user, {"unheard": policy(statement, condition)})
    assert door.answers()[1] == 200


def test_users_do_not_share_policies(door: Door) -> None:
    """A deny for one user leaves another's fetches alone."""
    free = Door(door.server, door.server.add_user("free"))
    door.set(deny(OUTSIDE))
    assert free.answers() == (200, 200)


@pytest.mark.parametrize("name", sorted(path.name for path in POLICIES.glob("*.json")))
def test_each_sample_policy_denies_the_node_alone(door: Door, name: str) -> None:
    """Every sample with a source-network deny gives the office 200 and the node 403; the one without gives both 200."""
    document = json.loads((POLICIES / name).read_text())
    translated = for_gate(document, office=OFFICE, node={VPC: "127.0.0.2"}, principal=USER)
    door.server.enforce(door.user, {"sample": translated.document})
    assert door.answers() == ((200, 200) if name == "nothing-to-open.json" else (200, 403))


@pytest.mark.parametrize(
    ("pattern", "object_is_left_out", "odd_is_left_out"),
    [
        ("*", True, True),
        ("arn:aws:s3:::*", True, True),
        ("arn:aws:s3:::*:*", False, True),
        ("arn:aws:s3:?*:*:*", False, True),
        (f"arn:aws:s3:::{BUCKET}", False, False),
        (f"arn:*:s3:::{BUCKET}/control-plane/*", True, False),
    ],
)
def test_patterns_in_not_resource_leave_out_what_they_match(
    door: Door, pattern: str, *, object_is_left_out: bool, odd_is_left_out: bool
) -> None:
    """A Deny with NotResource passes by what its patterns match, and nothing else.

    The server matches an ARN as one string, so that ``arn:aws:s3:?*:*:*`` takes in a key that holds a colon.
    """
    door.set(deny(OUTSIDE, NotResource=["arn:aws:s3:::elsewhere/x", pattern]))
    assert door.answers() == (200, 200 if object_is_left_out else 403)
    assert door.answers("odd:key") == (200, 200 if odd_is_left_out else 403)


def test_an_address_that_this_machine_lacks_is_named() -> None:
    """Nobody has to guess why a node can't call."""
    with pytest.raises(
        GateError, match=r"no address 192\.0\.2\.1 for the node .* sudo ifconfig lo0 alias 192\.0\.2\.1"
    ):
        require_addresses([NODE_ADDRESS, "192.0.2.1"])


def test_the_server_ends_with_its_context_and_leaves_no_sockets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the context nobody listens on its ports, and no socket of its own is left in /tmp."""
    ports = free_ports(8)
    monkeypatch.setattr("demo.gate.free_ports", lambda _count: ports)
    sockets = [Path(f"/tmp/seaweedfs-s3-grpc-{port}.sock") for port in ports]  # noqa: S108 - where the server puts it
    with gate(tmp_path):
        assert all(listens(port) for port in ports)
        assert any(socket.exists() for socket in sockets)
    assert not any(listens(port) for port in ports)
    assert not any(socket.exists() for socket in sockets)
