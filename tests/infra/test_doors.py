"""The two functions that people reach by a URL: the public approval page, and the operators' own function."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from airlock.adapters.clients import make_clients
from infra.configuration import parse
from infra.keys import not_for_the_enrolled
from tests.infra.builders import ACCOUNT, GROUP, POLICY, ROLE, THE_ENROLLED, USER, configuration
from tests.infra.template import Template, arn_of, of_kinds

DOORS = pytest.mark.parametrize("name", ["page", "operator"])
POWERTOOLS = {
    "POWERTOOLS_LOG_LEVEL": "INFO",
    "POWERTOOLS_METRICS_NAMESPACE": "BootstrapAirlock",
    "POWERTOOLS_SERVICE_NAME": "bootstrap-airlock",
}


def _in_short(statements: dict[str, dict[str, Any]]) -> dict[str, tuple[list[str], Any]]:
    """From each Sid to actions and condition, what every function has left out."""
    return {
        sid: (one["Action"], one.get("Condition"))
        for sid, one in statements.items()
        if sid not in {"OwnLog", "TellWatcher"}
    }


@DOORS
def test_a_door_has_no_rights_but_in_ledger_key_bus_and_its_log(template: Template, name: str) -> None:
    """It may do nothing in IAM, SNS or EC2, and writes no audit; each statement names its resource in full."""
    table, statements = template.only("AWS::DynamoDB::Table"), template.function_statements(name)
    services = {action.split(":", maxsplit=1)[0] for one in statements.values() for action in one["Action"]}
    assert services == {"dynamodb", "events", "logs"}
    assert "*" not in json.dumps([one["Resource"] for one in statements.values()])
    own_log = template.properties(template.function(name))["LoggingConfig"]["LogGroup"]["Ref"]
    assert statements["OwnLog"]["Resource"] == [arn_of(own_log)]
    for statement in statements.values():
        if statement["Action"][0].startswith("dynamodb:"):
            assert statement["Resource"] == [arn_of(table)]


def test_the_page_reads_what_was_decided_and_writes_answers_only(template: Template) -> None:
    """It reads grants, answers and orders, and puts answers, nothing else. The key's policy has it verify."""
    statements = template.function_statements("page")
    assert _in_short(statements) == {
        "ReadLedger": (
            ["dynamodb:BatchGetItem", "dynamodb:GetItem"],
            of_kinds("grant#*", "answer#*", "order#*"),
        ),
        "WriteAnswers": (["dynamodb:PutItem"], of_kinds("answer#*")),
    }


def test_the_operator_function_keeps_orders_of_each_kind(template: Template) -> None:
    """It reads what it decides on, adds answers, orders and approvals ahead, and changes only the last."""
    assert _in_short(template.function_statements("operator")) == {
        "ReadLedger": (
            ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"],
            of_kinds("grant#*", "answer#*", "order#*", "ahead#*"),
        ),
        "WriteOrders": (["dynamodb:PutItem"], of_kinds("answer#*", "order#*", "ahead#*")),
        "ChangeAhead": (["dynamodb:UpdateItem"], of_kinds("ahead#*")),
    }


@DOORS
def test_a_door_may_send_the_one_event_that_starts_the_watcher(template: Template, name: str) -> None:
    """It may put events on the default bus, all of this deployment's source and of the one detail type."""
    statement = template.function_statements(name)["TellWatcher"]
    assert statement["Action"] == ["events:PutEvents"]
    (bus,) = statement["Resource"]
    assert bus["Fn::Join"][1][-1] == f":events:us-east-1:{ACCOUNT}:event-bus/default"
    assert statement["Condition"] == {
        "ForAllValues:StringEquals": {"events:source": "bootstrap-airlock"},
        "StringEquals": {"events:detail-type": "Airlock Order"},
        "Null": {"events:source": "false"},
    }


def test_the_page_is_told_no_more_than_it_needs(template: Template) -> None:
    """It knows account, ledger, key, language and source; neither principals nor topics."""
    assert template.variables("page") == {
        "AIRLOCK_ACCOUNT": ACCOUNT,
        "AIRLOCK_EVENT_SOURCE": "bootstrap-airlock",
        "AIRLOCK_LANGUAGE": "en",
        "AIRLOCK_LINK_KEY": arn_of(template.within("Approvals", "AWS::KMS::Key")),
        "AIRLOCK_TABLE": {"Ref": template.only("AWS::DynamoDB::Table")},
        **POWERTOOLS,
    }


@pytest.mark.parametrize("which", ["template", "small_template"])
def test_the_operator_function_is_told_no_more_than_it_needs(request: pytest.FixtureRequest, which: str) -> None:
    """It knows account, ledger, principals and source, with links and without."""
    template: Template = request.getfixturevalue(which)
    variables = template.variables("operator")
    assert json.loads(variables.pop("AIRLOCK_PRINCIPALS")) == (
        {USER: {"groups": [GROUP], "policies": [POLICY], "timeout_minutes": 45}, ROLE: {}}
        if which == "template"
        else {USER: {"rescue": False}}
    )
    assert variables == {
        "AIRLOCK_ACCOUNT": ACCOUNT,
        "AIRLOCK_EVENT_SOURCE": "bootstrap-airlock",
        "AIRLOCK_TABLE": {"Ref": template.only("AWS::DynamoDB::Table")},
        **POWERTOOLS,
    }


def test_who_has_answered_is_told_so_though_the_bus_is_silent(template: Template) -> None:
    """Telling the watcher gives up within two thirds of the time that a door has for a request."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
    tried: Any = make_clients(session).events.meta.config
    attempts = tried.retries["total_max_attempts"]
    # Before the second attempt it waits a second at the most (botocore guide, "Retries", standard mode).
    longest = attempts * (tried.connect_timeout + tried.read_timeout) + attempts - 1
    for name in ("page", "operator"):
        assert longest <= template.properties(template.function(name))["Timeout"] * 2 / 3


def test_each_url_lets_in_whom_it_is_for(template: Template) -> None:
    """The page's URL takes anybody, the operator function's only calls that IAM allows; the others have none."""
    urls = {
        one["Properties"]["TargetFunctionArn"]["Fn::GetAtt"][0]: one["Properties"]
        for one in template.resources("AWS::Lambda::Url").values()
    }
    assert {name: url["AuthType"] for name, url in urls.items()} == {
        template.function("page"): "NONE",
        template.function("operator"): "AWS_IAM",
    }
    assert not any("Cors" in url for url in urls.values())


def test_anybody_may_call_the_page_by_its_url_and_nothing_else(template: Template) -> None:
    """The page alone has public permissions, the two that a public URL needs, both for calls by the URL only."""
    public = [
        one["Properties"]
        for one in template.resources("AWS::Lambda::Permission").values()
        if one["Properties"]["Principal"] == "*"
    ]
    page = {"FunctionName": arn_of(template.function("page")), "Principal": "*"}
    assert public == [
        {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE", **page},
        {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True, **page},
    ]


def test_the_key_makes_and_checks_signatures_only(template: Template) -> None:
    """It is an HMAC key that goes with the stack, and its policy leaves its administration to IAM, not its use."""
    name = template.within("Approvals", "AWS::KMS::Key")
    resource = template.body["Resources"][name]
    assert (resource["DeletionPolicy"], resource["Properties"]["PendingWindowInDays"]) == ("Delete", 7)
    key = resource["Properties"]
    assert (key["KeySpec"], key["KeyUsage"]) == ("HMAC_256", "GENERATE_VERIFY_MAC")
    assert "EnableKeyRotation" not in key
    statement = key["KeyPolicy"]["Statement"][0]
    assert statement["Principal"]["AWS"]["Fn::Join"][1][-1] == f":iam::{ACCOUNT}:root"


def test_no_enrolled_principal_gets_at_a_link(template: Template) -> None:
    """Key and requests' topic refuse the very principals that are decided on, whatever their own policies allow."""
    topic = template.within("Approvals", "AWS::SNS::Topic")
    documents = [
        template.properties(template.within("Approvals", "AWS::KMS::Key"))["KeyPolicy"],
        template.properties(template.within("Approvals", "AWS::SNS::TopicPolicy"))["PolicyDocument"],
    ]
    of_key, of_topic = (
        next(one for one in document["Statement"] if one.get("Sid") == "NotForTheEnrolled") for document in documents
    )
    for statement in (of_key, of_topic):
        assert (statement["Effect"], statement["Principal"]) == ("Deny", {"AWS": "*"})
        assert statement["Condition"] == THE_ENROLLED
    assert (of_key["Action"], of_key["Resource"]) == ("kms:*", "*")
    assert {"sns:Subscribe", "sns:Publish", "sns:SetTopicAttributes", "sns:AddPermission"} <= set(of_topic["Action"])
    assert of_topic["Resource"] == {"Ref": topic}
    assert not [one for document in documents[1:] for one in document["Statement"] if one["Effect"] == "Allow"]


def test_no_enrolled_principal_forges_or_stops_a_message(template: Template) -> None:
    """Both topics refuse them what publishes, subscribes, redirects, masks or ends, whatever their policies allow."""
    policies = template.resources("AWS::SNS::TopicPolicy").values()
    assert len(policies) == len(template.resources("AWS::SNS::Topic"))
    for one in policies:
        (denied,) = (
            statement
            for statement in one["Properties"]["PolicyDocument"]["Statement"]
            if statement.get("Sid") == "NotForTheEnrolled"
        )
        assert (denied["Effect"], denied["Condition"]) == ("Deny", THE_ENROLLED)
        calls = (
            "AddPermission",
            "DeleteTopic",
            "Publish",
            "PutDataProtectionPolicy",
            "SetTopicAttributes",
            "Subscribe",
        )
        assert {f"sns:{call}" for call in calls} <= set(denied["Action"])


def test_a_users_federated_sessions_are_denied_with_it() -> None:
    """Where a user is enrolled, what it can call itself by GetFederationToken is denied too; a role can't do that."""
    told = {
        arn: not_for_the_enrolled(parse(configuration(principals=[{"arn": arn}])), ["sns:Publish"], "*").to_json()
        for arn in (USER, ROLE)
    }
    names = {arn: statement["Condition"]["ArnLike"]["aws:PrincipalArn"] for arn, statement in told.items()}
    assert names == {USER: [USER, f"arn:aws:sts::{ACCOUNT}:federated-user/*"], ROLE: [ROLE]}


def test_without_links_there_is_no_page_and_no_key(small_template: Template) -> None:
    """Nothing public is made: no page, no key, no variable or right that belongs to them; the operators' URL stays."""
    handlers = {
        one["Properties"]["Handler"].split(".")[2] for one in small_template.resources("AWS::Lambda::Function").values()
    }
    assert handlers == {"watcher", "sweeper", "operator", "removal"}
    assert list(small_template.resources("AWS::KMS::Key")) == [small_template.within("Notices", "AWS::KMS::Key")]
    (url,) = small_template.resources("AWS::Lambda::Url").values()
    assert url["Properties"]["AuthType"] == "AWS_IAM"
    for name in handlers:
        assert not {"AIRLOCK_PAGE_URL", "AIRLOCK_LINK_KEY"} & set(small_template.variables(name))
    assert "Mac" not in json.dumps([*small_template.resources("AWS::KMS::Key").values()])
    assert '"Principal": "*"' not in json.dumps(small_template.resources("AWS::Lambda::Permission"))
    assert not [name for name in small_template.body["Outputs"] if name.startswith("Page")]


@pytest.mark.parametrize("principal", [USER, ROLE])
def test_the_enrolled_cant_write_the_ledger(template: Template, principal: str) -> None:
    """Whatever their own policies allow, they can't forge an answer or a baseline; they and others may read."""
    policy = template.properties(template.only("AWS::DynamoDB::Table"))["ResourcePolicy"]["PolicyDocument"]
    (statement,) = policy["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Resource"]) == ("Deny", {"AWS": "*"}, "*")
    assert list(statement["Condition"]) == ["ArnLike"]
    assert principal in statement["Condition"]["ArnLike"]["aws:PrincipalArn"]
    # What botocore knows as changing items, and what would take this policy or the table away.
    service = boto3.session.Session().client("dynamodb", region_name="us-east-1").meta.service_model
    items = {name for name in service.operation_names if name.endswith("Item") and not name.endswith("GetItem")}
    assert {f"dynamodb:{name}" for name in items | {"DeleteTable", "DeleteResourcePolicy", "PutResourcePolicy"}} <= set(
        statement["Action"]
    )
    assert not [action for action in statement["Action"] if action.split(":")[1].startswith(("Get", "Query", "Scan"))]
