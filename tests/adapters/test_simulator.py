"""IAM's simulator: what it is asked, and how its answers are read, by the shapes of the IAM API reference."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError
from botocore.stub import Stubber

from airlock.adapters.simulator import IamSimulator
from airlock.records import Simulation

USER = "arn:aws:iam::111122223333:user/ci/installer"
ONE, TWO = (f"arn:aws:s3:::prod-7xk2q-{name}/bootstrap.ign" for name in ("bootstrap", "image-registry"))
GET = "s3:GetObject"
STATEMENT = {"SourcePolicyId": "user_installer_net", "SourcePolicyType": "user"}


def of_resource(arn: str, decision: str, *missing: str, by: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """What is told of one resource."""
    return {
        "EvalResourceName": arn,
        "EvalResourceDecision": decision,
        "MatchedStatements": list(by),
        "MissingContextValues": list(missing),
    }


def result(*resources: dict[str, Any], organization: bool | None = None) -> dict[str, Any]:
    """What is told of the action, with the ARN's template for a name."""
    detail = {} if organization is None else {"OrganizationsDecisionDetail": {"AllowedByOrganizations": organization}}
    return {
        "EvalActionName": GET,
        "EvalResourceName": "arn:${Partition}:s3:::${BucketName}/${KeyName}",
        "EvalDecision": "explicitDeny",
        "ResourceSpecificResults": list(resources),
        **detail,
    }


@contextmanager
def answering(*pages: dict[str, Any], asked: dict[str, Any] | None = None) -> Iterator[IamSimulator]:
    """A simulator that answers with these pages, to this question and each page's marker."""
    iam = boto3.client("iam", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    with Stubber(iam) as stub:
        for number, page in enumerate(pages):
            expected = asked if number == 0 or asked is None else {**asked, "Marker": f"page-{number}"}
            more = {"IsTruncated": True, "Marker": f"page-{number + 1}"} if number < len(pages) - 1 else {}
            stub.add_response("simulate_principal_policy", {**page, **more}, expected)
        yield IamSimulator(lambda: iam)
        stub.assert_no_pending_responses()


def test_the_question_names_keys_as_aws_does_and_their_types() -> None:
    """Keys are spelt and typed as AWS's pages have them; absent ones, and one without a clear type, aren't given."""
    context = {
        "aws:sourceip": ("198.51.100.7",),
        "aws:sourcevpc": (),
        "AWS:VIAAWSSERVICE": ("false",),
        "aws:currenttime": ("2026-11-24T02:00:00Z",),
        "aws:epochtime": ("1795485600",),
        "aws:PrincipalTag/team": ("ocp",),
        "kms:EncryptionContextKeys": ("a", "b"),
    }
    asked = {
        "PolicySourceArn": USER,
        "ActionNames": [GET],
        "ResourceArns": [ONE, TWO],
        "ContextEntries": [
            {"ContextKeyName": "aws:SourceIp", "ContextKeyValues": ["198.51.100.7"], "ContextKeyType": "ip"},
            {"ContextKeyName": "aws:ViaAWSService", "ContextKeyValues": ["false"], "ContextKeyType": "boolean"},
            {
                "ContextKeyName": "aws:CurrentTime",
                "ContextKeyValues": ["2026-11-24T02:00:00Z"],
                "ContextKeyType": "date",
            },
            {"ContextKeyName": "aws:PrincipalTag/team", "ContextKeyValues": ["ocp"], "ContextKeyType": "string"},
            {
                "ContextKeyName": "kms:EncryptionContextKeys",
                "ContextKeyValues": ["a", "b"],
                "ContextKeyType": "stringList",
            },
        ],
    }
    page = {"EvaluationResults": [result(of_resource(ONE, "allowed"), of_resource(TWO, "implicitDeny"))]}
    with answering(page, asked=asked) as simulator:
        assert simulator.ask(USER, GET, [ONE, TWO], context) == Simulation({ONE: False, TWO: False})


def test_each_resource_has_an_answer_of_its_own() -> None:
    """The top level joins all resources, so what it says isn't taken for one of them."""
    page = {
        "EvaluationResults": [result(of_resource(ONE, "explicitDeny", by=(STATEMENT,)), of_resource(TWO, "allowed"))]
    }
    with answering(page) as simulator:
        assert simulator.ask(USER, GET, [ONE, TWO], {}).denied == {ONE: True, TWO: False}


def test_an_answer_for_the_action_alone_is_none() -> None:
    """Several resources are asked for, and only what is said of each counts."""
    plain = {"EvalActionName": GET, "EvalResourceName": ONE, "EvalDecision": "explicitDeny"}
    with answering({"EvaluationResults": [plain]}) as simulator:
        assert simulator.ask(USER, GET, [ONE], {}).denied == {ONE: None}


def test_every_page_is_read() -> None:
    """Results of later pages count, and so does an organization's no on any."""
    pages = [
        {"EvaluationResults": [result(of_resource(ONE, "allowed"), organization=True)]},
        {"EvaluationResults": [result(of_resource(TWO, "explicitDeny", by=(STATEMENT,)), organization=True)]},
    ]
    asked = {"PolicySourceArn": USER, "ActionNames": [GET], "ResourceArns": [ONE, TWO], "ContextEntries": []}
    with answering(*pages, asked=asked) as simulator:
        assert simulator.ask(USER, GET, [ONE, TWO], {}) == Simulation({ONE: False, TWO: True}, organization_allows=True)


def test_a_missed_key_leaves_it_open_unless_it_is_known_to_be_absent() -> None:
    """A key that a real request wouldn't have either is rightly missing; what isn't told stays open too."""
    missing = of_resource(ONE, "explicitDeny", "aws:SourceIp", by=(STATEMENT,))
    for context, denied in (({}, None), ({"AWS:sourceip": ()}, True), ({"aws:SourceVpc": ()}, None)):
        with answering({"EvaluationResults": [result(missing)]}) as simulator:
            assert simulator.ask(USER, GET, [ONE, TWO], context).denied == {ONE: denied, TWO: None}


@pytest.mark.parametrize(
    ("told", "means"),
    [
        (
            result(of_resource(ONE, "explicitDeny"), organization=False),
            Simulation({ONE: None}, organization_allows=False),
        ),
        (
            result(of_resource(ONE, "implicitDeny"), organization=False),
            Simulation({ONE: None}, organization_allows=False),
        ),
        (
            result(of_resource(ONE, "explicitDeny", by=(STATEMENT,)), organization=False),
            Simulation({ONE: True}, organization_allows=False),
        ),
        (
            result(of_resource(ONE, "explicitDeny", by=(STATEMENT,)), organization=True),
            Simulation({ONE: True}, organization_allows=True),
        ),
        (result(of_resource(ONE, "explicitDeny", by=(STATEMENT,))), Simulation({ONE: True})),
    ],
)
def test_the_organizations_denies_arent_taken_for_the_principals(told: dict[str, Any], means: Simulation) -> None:
    """Where SCPs deny, the simulation ends; a deny without a statement named is theirs."""
    with answering({"EvaluationResults": [told]}) as simulator:
        assert simulator.ask(USER, GET, [ONE], {}) == means


def test_no_answer_at_all_leaves_everything_open() -> None:
    """An empty list says nothing of an organization either."""
    with answering({"EvaluationResults": []}) as simulator:
        assert simulator.ask(USER, GET, [ONE], {}) == Simulation({ONE: None})


@pytest.mark.parametrize("code", ["AccessDenied", "Throttling", "PolicyEvaluation", "InvalidInput"])
def test_what_iam_refuses_is_told_by_its_code(code: str) -> None:
    """Whoever asks goes on without the answer."""
    iam = boto3.client("iam", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    with Stubber(iam) as stub:
        stub.add_client_error("simulate_principal_policy", code)
        assert IamSimulator(lambda: iam).ask(USER, GET, [ONE], {}) == Simulation(not_asked=code)


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://iam"),
        ConnectTimeoutError(endpoint_url="https://iam"),
        ReadTimeoutError(endpoint_url="https://iam"),
        NoCredentialsError(),
    ],
)
def test_trouble_on_the_way_is_told_by_its_name(error: Exception) -> None:
    """It isn't raised either."""

    def fail() -> Any:  # noqa: ANN401 - never returns
        raise error

    assert IamSimulator(fail).ask(USER, GET, [ONE], {}) == Simulation(not_asked=type(error).__name__)
