"""What the renderer writes, enforced by Ceph from the user's own inline policy: `make test-ceph`.

The cases are SeaweedFS's, but for shared policies: what is inline in a user has one principal. Ceph decides actions by
itself, NotAction included. docs/testing.md tells what is decided for it.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo.cloud import USER
from demo.gate import send
from demo.local_world import NODE_ADDRESS
from tests.e2e.ceph import PACKAGES, Ceph, CephUser, PolicyRefusedError, ceph, for_ceph
from tests.e2e.openings import MISTAKES, WRITTEN, Case, Seen, Stage, meaning, watch

if os.environ.get("AIRLOCK_CEPH") != "1":
    pytest.skip(f"`make test-ceph` runs these; they want Debian's {', '.join(PACKAGES)}", allow_module_level=True)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

# Each holds arn:aws:s3:::*:*, for keys that an access point's ARN could be taken for. To Ceph that is no ARN.
REFUSED = frozenset(
    f"{opening}-s3-only" for opening in ("exact", "network", "before-narrowing", "address", "two-grants")
)
OWN = [case for case in WRITTEN if not case.opening.shared]
HELD = [case for case in OWN if str(case) not in REFUSED]
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ceph]:
    """One Ceph for all tests here."""
    with ceph(tmp_path_factory.mktemp("ceph")) as running:
        yield running


@pytest.fixture(scope="module")
def seen(server: Ceph) -> dict[Case, Seen]:
    """What it answered of all cases that it can hold."""
    return watch(server, [*HELD, *MISTAKES], for_ceph)


@pytest.mark.parametrize("case", HELD, ids=str)
def test_an_opening_lets_through_what_it_says_and_shuts_by_itself(seen: dict[Case, Seen], case: Case) -> None:
    """403 before, 200 when open, 403 past the not-after time with nothing touched, 403 when restored.

    That goes for what the opening is for. The office gets the object throughout, and all else stays denied throughout.
    """
    for stage in Stage:
        assert seen[case].answers[stage] == case.expected(stage), stage


@pytest.mark.parametrize("case", MISTAKES, ids=str)
def test_a_mistake_would_be_seen(seen: dict[Case, Seen], case: Case) -> None:
    """Each of the exact form's four statements is needed: without it, the server lets through what it stands for."""
    for stage in Stage:
        assert seen[case].answers[stage] == case.expected(stage), stage


@pytest.mark.parametrize("case", HELD, ids=str)
def test_a_restored_policy_means_what_it_meant(seen: dict[Case, Seen], case: Case) -> None:
    """The server holds the same statements as before."""
    assert meaning(seen[case].held[Stage.RESTORED]) == meaning(seen[case].held[Stage.BEFORE])


@dataclass(slots=True)
class Sitter:
    """A user of one test's own, who may do whatever its policy doesn't deny."""

    server: Ceph
    user: CephUser

    def put(self, document: dict[str, Any]) -> None:
        """Replace the user's policy."""
        self.server.enforce_all({self.user: {"tried": document}})

    def deny(self, **elements: object) -> None:
        """Replace the user's policy by one Deny; an element that is None is left out."""
        whole = {"Effect": "Deny", "Action": "*", "Resource": "*", **elements}
        self.put({"Version": "2012-10-17", "Statement": [{name: it for name, it in whole.items() if it is not None}]})

    def fetch(self) -> int:
        """Get an object as the node."""
        return send("GET", self.user.presign("limits", "key"), NODE_ADDRESS)


@pytest.fixture
def sitter(server: Ceph) -> Sitter:
    """Somebody to try policies on, and an object to get."""
    server.put_object("limits", "key", b"{}")
    return Sitter(server, server.add_user(f"sitter-{next(NUMBERS)}"))


@pytest.mark.parametrize("case", [case for case in OWN if str(case) in REFUSED], ids=str)
def test_what_ceph_refuses(sitter: Sitter, case: Case) -> None:
    """A policy that Ceph takes one day belongs among those that are watched."""
    end = datetime.now(UTC) + timedelta(minutes=1)
    document = for_ceph(json.loads(case.opened(end, end)), USER)
    assert "arn:aws:s3:::*:*" in str(document)
    with pytest.raises(PolicyRefusedError):
        sitter.put(document)


@pytest.mark.parametrize(
    "elements",
    [
        {"Action": ["s3:GetObject", "ec2:*"]},
        {"NotAction": ["s3:GetObject", "kms:Decrypt"]},
        {"Resource": "arn:aws:s3:::*:*"},
        {"Condition": {"notipaddress": {"aws:SourceIp": "127.0.0.1/32"}}},
    ],
    ids=str,
)
def test_what_ceph_does_not_know_is_refused(sitter: Sitter, elements: dict[str, Any]) -> None:
    """So these can't be left to it, nor passed over by it."""
    with pytest.raises(PolicyRefusedError):
        sitter.deny(**elements)


def test_a_deny_counts(sitter: Sitter) -> None:
    """What the next test sees isn't that Ceph denies nothing."""
    assert sitter.fetch() == 200
    sitter.deny()
    assert sitter.fetch() == 403
    sitter.deny(NotAction="s3:PutObject")
    assert sitter.fetch() == 403


@pytest.mark.parametrize(
    "elements",
    [
        {"Action": None, "NotAction": "s3:PutObject"},
        {"Condition": {"Bool": {"aws:ViaAWSService": "false"}}},
        {"Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-98615dcbe810beacd"}}},
        {"Condition": {"ArnLike": {"aws:PrincipalArn": "*"}}},
        {"Condition": {"ArnNotEquals": {"aws:PrincipalArn": USER}}},
        {"Condition": {"Null": {"aws:SourceIp": "false"}}},
        {"Condition": {"NotIpAddress": {"AWS:sourceip": "127.0.0.1/32"}}},
    ],
    ids=str,
)
def test_what_ceph_cannot_hold(sitter: Sitter, elements: dict[str, Any]) -> None:
    """Ceph serves what IAM would deny here, so the translation decides these itself (docs/testing.md).

    Where this fails, Ceph has learnt something, and the translation can leave more to it.
    """
    sitter.deny(**elements)
    assert sitter.fetch() == 200
