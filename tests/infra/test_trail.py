"""The trail that the stack makes where the account has none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from airlock.install.cloudtrail import WATCHED_CALLS
from infra import nag
from infra.configuration import parse
from infra.stack import AirlockStack
from tests.infra.builders import ACCOUNT, KEY_ID, configuration
from tests.infra.resolving import resolved
from tests.infra.template import Template, as_list

TRAIL = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/bootstrap-airlock"


def _trail(template: Template) -> dict[str, Any]:
    return template.properties(template.only("AWS::CloudTrail::Trail"))


def _bucket_policy(template: Template) -> dict[str, dict[str, Any]]:
    properties = resolved(template, template.properties(template.only("AWS::S3::BucketPolicy")))
    return {one.get("Sid", one["Effect"]): one for one in properties["PolicyDocument"]["Statement"]}


@pytest.mark.parametrize("which", ["template", "small_template"])
def test_without_being_told_to_the_stack_makes_none(request: pytest.FixtureRequest, which: str) -> None:
    """An account that has a trail gets no second one, which would cost, and no bucket."""
    template: Template = request.getfixturevalue(which)
    assert template.resources("AWS::CloudTrail::Trail") == template.resources("AWS::S3::Bucket") == {}


def test_it_logs_what_the_airlock_watches_in_every_region(full_template: Template) -> None:
    """Management events that write, of all regions and of global services: no watched call is a read."""
    trail = _trail(full_template)
    assert (trail["IsLogging"], trail["IsMultiRegionTrail"], trail["IncludeGlobalServiceEvents"]) == (True, True, True)
    assert trail["EventSelectors"] == [{"IncludeManagementEvents": True, "ReadWriteType": "WriteOnly"}]
    assert not [call for call in WATCHED_CALLS if call.startswith(("Describe", "Get", "Head", "List"))]


def test_its_files_can_be_verified_and_are_under_the_given_key(full_template: Template) -> None:
    """Digest files tell of changes and deletions; the key is the configured one."""
    trail = _trail(full_template)
    assert trail["EnableLogFileValidation"] is True
    assert trail["KMSKeyId"] == f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{KEY_ID}"


def test_its_bucket_is_private_kept_and_emptied_in_time(full_template: Template) -> None:
    """Nothing in it is ever public; it outlives the stack; files end with the other logs."""
    name = full_template.only("AWS::S3::Bucket")
    bucket, resource = full_template.properties(name), full_template.body["Resources"][name]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", 365)
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 365}


def test_nobody_but_this_trail_writes_to_it_and_only_by_tls(full_template: Template) -> None:
    """CloudTrail may look at the bucket and put files of this account, for this trail's ARN; no TLS, no call."""
    statements = _bucket_policy(full_template)
    assert set(statements) == {"Deny", "CheckBucket", "WriteFiles"}
    deny = statements["Deny"]
    assert (deny["Action"], deny["Condition"]) == ("s3:*", {"Bool": {"aws:SecureTransport": "false"}})
    assert [len(as_list(deny["Resource"])), deny["Principal"]] == [2, {"AWS": "*"}]
    for sid, action in (("CheckBucket", "s3:GetBucketAcl"), ("WriteFiles", "s3:PutObject")):
        assert statements[sid]["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        assert statements[sid]["Action"] == action
        assert statements[sid]["Condition"]["StringEquals"]["aws:SourceArn"] == TRAIL
    assert statements["WriteFiles"]["Resource"].endswith(f"/AWSLogs/{ACCOUNT}/*")


def test_the_bucket_lets_cloudtrail_in_before_the_trail_is_made(full_template: Template) -> None:
    """CloudTrail refuses a trail whose bucket it can't write; and the trail has the name that the policy knows."""
    resource = full_template.body["Resources"][full_template.only("AWS::CloudTrail::Trail")]
    assert full_template.only("AWS::S3::BucketPolicy") in as_list(resource["DependsOn"])
    assert resource["Properties"]["TrailName"] == TRAIL.rsplit("/", 1)[1]


def test_its_acknowledged_finding_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the acknowledgement cdk-nag asks for a log of the bucket's readers, so that it isn't kept for nothing."""
    monkeypatch.setattr(nag, "acknowledge", lambda _: None)
    app = App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    nag.check(app)
    AirlockStack(app, parse(configuration(trail="create")))
    with pytest.raises(nag.FindingsError, match="AwsSolutions-S1"):
        nag.synthesise(app)
