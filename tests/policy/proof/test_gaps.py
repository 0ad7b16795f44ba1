"""Where a proof fails today: each a minimal example, to be taken out with its repair."""

from __future__ import annotations

import json

import pytest

from tests.policy.proof.prove import disproof
from tests.policy.proof.samples import ANY_PARTITION, rewriting
from tests.policy.strategies import exemption


@pytest.mark.xfail(
    strict=True,
    reason="the * for the partition also takes in access points' objects whose key holds ':s3:::', and those open",
)
@pytest.mark.parametrize("ending", ["*", "*/*"])
def test_a_deny_of_s3_in_any_partition_opens_exactly(ending: str) -> None:
    """Such as ``arn:aws:s3:us-east-2:111122223333:accesspoint/name/object/a:s3:::b/c``, in both readings."""
    network = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    deny = {"Effect": "Deny", "Action": "*", "Resource": f"{ANY_PARTITION}{ending}", "Condition": network}
    assert disproof(rewriting(json.dumps({"Statement": deny}), [exemption()])) is None
