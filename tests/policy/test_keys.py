"""Which resources can be KMS keys whose ARNs aren't known."""

from __future__ import annotations

import pytest

from airlock.policy.keys import may_name_keys
from tests.policy.strategies import exemption

PATTERNS = {
    "*": True,
    "*:*": True,
    "arn:*": True,
    "arn:aws:kms:*": True,
    "arn:aws:kms:us-east-2:111122223333:key/1234": True,
    "arn:aws:k?s:*:*:key/mrk-*": True,
    "arn:*:*:*:*:key/${aws:PrincipalTag/key}": True,
    "arn:aws:*:key/*": True,
    "arn:aws:kms:us-*": True,
    "arn:aws:kms:*:*:alias/*": False,
    "arn:aws:kms:us-east-2:111122223333:key/": False,
    "arn:aws:s3:::*": False,
    "arn:*:s3:::*/*": False,
    "arn:aws-cn:kms:*": False,
    "arn:aws:kms": False,
    "": False,
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_that_can_match_a_key(pattern: str) -> None:
    """Whatever its region, account and ID; in the objects' partition alone."""
    assert may_name_keys({"Resource": ["arn:aws:s3:::*", pattern]}, exemption()) is PATTERNS[pattern]


@pytest.mark.parametrize(
    ("left_alone", "names_keys"),
    [
        ("arn:aws:kms:*:*:key/*", False),
        ("arn:aws:kms:*", False),
        ("arn:aws:kms:us-east-2:*:key/*", True),
        ("arn:aws:kms:*:*:key/?", True),
        ("arn:aws:s3:::*", True),
    ],
)
def test_all_but_some_keys_names_the_others(left_alone: str, names_keys: bool) -> None:  # noqa: FBT001 - pytest passes by name
    """Only a NotResource that surely takes in every key leaves them alone."""
    assert may_name_keys({"NotResource": ["arn:aws:s3:::public/*", left_alone]}, exemption()) is names_keys
