"""What changes where the configuration gives the topics: nothing of its own, and rights on somebody else's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aws_cdk import App

from infra import nag
from infra.configuration import parse
from infra.stack import AirlockStack
from tests.infra.builders import configuration
from tests.infra.template import Template

HUB = "444455556666"
NOTICES = f"arn:aws:sns:us-east-1:{HUB}:notices"
APPROVALS = f"arn:aws:sns:us-east-1:{HUB}:approvals"


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The template of a configuration that gives both topics, checks included."""
    raw = configuration(notice_emails=[], notices_topic=NOTICES, approvals={"topic": APPROVALS})
    app = App(outdir=str(tmp_path_factory.mktemp("cdk.out")), builtin_cloud_formation_validation=False)
    nag.check(app)
    stack = AirlockStack(app, parse(raw))
    path = Path(nag.synthesise(app).directory, stack.template_file)
    return Template(json.loads(path.read_text(encoding="utf-8")), path)


def test_there_is_no_topic_of_the_stacks_own(given: Template) -> None:
    """No topic, no policy of one, no subscription; the only key left signs the links."""
    for kind in ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "AWS::SNS::Subscription"):
        assert not given.resources(kind)
    (key,) = given.resources("AWS::KMS::Key").values()
    assert key["Properties"]["KeySpec"] == "HMAC_256"


@pytest.mark.parametrize("name", ["watcher", "sweeper", "removal"])
def test_who_tells_may_publish_to_the_given_topics_and_use_their_key_by_sns_alone(given: Template, name: str) -> None:
    """By the topics' full ARNs; a key beside them only by way of SNS and for that topic."""
    statements = given.function_statements(name)
    assert statements["Notices"]["Resource"] == [NOTICES]
    assert statements["Approvals"]["Resource"] == [APPROVALS]
    for sid, topic in (("GivenNoticesKey", NOTICES), ("GivenApprovalsKey", APPROVALS)):
        statement = statements[sid]
        assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
        assert statement["Resource"] == [f"arn:aws:kms:us-east-1:{HUB}:key/*"]
        assert list(statement["Condition"]["StringEquals"]) == ["kms:ViaService"]
        assert statement["Condition"]["StringEqualsIfExists"] == {"kms:EncryptionContext:aws:sns:topicArn": topic}
    variables = given.variables(name)
    assert (variables["AIRLOCK_NOTICES_TOPIC"], variables["AIRLOCK_APPROVALS_TOPIC"]) == (NOTICES, APPROVALS)


@pytest.mark.parametrize("name", ["page", "operator"])
def test_who_tells_nothing_may_publish_nothing(given: Template, name: str) -> None:
    """Page and operator function get no right on either topic."""
    assert HUB not in json.dumps(given.function_statements(name))


def test_the_alarms_act_on_the_given_topic(given: Template) -> None:
    """Each alarm's mails go where the notices go, so the owner has to let CloudWatch in."""
    alarms = given.resources("AWS::CloudWatch::Alarm").values()
    assert {json.dumps(one["Properties"]["AlarmActions"]) for one in alarms} == {json.dumps([NOTICES])}
