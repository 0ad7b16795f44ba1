"""HTTP APIs of API Gateway's in place of function URLs: who gets in, how many at once, and what is logged of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.session import Session

from infra import endpoints, function_urls
from pages import costs
from tests.infra.builders import ACCOUNT, KEY_ID
from tests.infra.resolving import resolved
from tests.infra.template import Template, arn_of

DOORS = pytest.mark.parametrize(("name", "auth"), [("page", "NONE"), ("operator", "AWS_IAM")])


def _api(template: Template, name: str) -> str:
    return template.within(name.capitalize(), "AWS::ApiGatewayV2::Api")


def _part(template: Template, name: str, kind: str) -> dict[str, Any]:
    return template.properties(template.within(name.capitalize(), f"AWS::ApiGatewayV2::{kind}"))


@DOORS
def test_each_api_lets_in_whom_it_is_for(http_template: Template, name: str, auth: str) -> None:
    """One route takes every request to the one function: the page's of anybody, the operators' as IAM allows."""
    assert not http_template.resources("AWS::Lambda::Url")
    api, integration = (
        _api(http_template, name),
        http_template.within(name.capitalize(), "AWS::ApiGatewayV2::Integration"),
    )
    assert _part(http_template, name, "Route") == {
        "ApiId": {"Ref": api},
        "AuthorizationType": auth,
        "RouteKey": "$default",
        "Target": {"Fn::Join": ["", ["integrations/", {"Ref": integration}]]},
    }
    assert http_template.properties(integration) == {
        "ApiId": {"Ref": api},
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": arn_of(http_template.function(name)),
        "PayloadFormatVersion": "2.0",
    }
    assert not {"CorsConfiguration", "DisableExecuteApiEndpoint"} & set(http_template.properties(api))


def test_only_its_own_api_may_invoke_a_function(http_template: Template) -> None:
    """API Gateway may invoke each of the two in the name of its own API; nobody else may any function by it."""
    permissions = [
        resolved(http_template, one["Properties"])
        for one in http_template.resources("AWS::Lambda::Permission").values()
    ]
    gateway = {one["FunctionName"]: one for one in permissions if one["Principal"] == "apigateway.amazonaws.com"}
    apis = {resolved(http_template, arn_of(http_template.function(name))): name for name in ("page", "operator")}
    assert set(gateway) == set(apis)
    for function, one in gateway.items():
        api = resolved(http_template, {"Ref": _api(http_template, apis[function])})
        assert one["Action"] == "lambda:InvokeFunction"
        assert one["SourceArn"] == f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{api}/*/*"
    others = [one for one in permissions if one not in gateway.values()]
    assert all("SourceArn" in one and one["Principal"] == "events.amazonaws.com" for one in others)


@DOORS
def test_a_flood_is_turned_away_before_the_function(http_template: Template, name: str, auth: str) -> None:
    """The one stage, without a name, lets through so many requests a second; each function has a share of its own."""
    assert auth
    stage = _part(http_template, name, "Stage")
    assert (stage["ApiId"], stage["StageName"], stage["AutoDeploy"]) == (
        {"Ref": _api(http_template, name)},
        "$default",
        True,
    )
    assert stage["DefaultRouteSettings"] == {
        "ThrottlingBurstLimit": endpoints.BURST,
        "ThrottlingRateLimit": endpoints.RATE,
    }
    # Even with each of a function's whole 15 seconds, less than a tenth of the default quota of 1,000 (AWS Lambda,
    # page "Lambda quotas").
    timeout = http_template.properties(http_template.function(name))["Timeout"]
    assert endpoints.RATE * timeout + endpoints.BURST < 100


def test_the_sheet_of_costs_reckons_with_what_is_let_through() -> None:
    """docs/costs.md tells what a flood costs at the rate that the APIs have."""
    assert costs.sheet().told["assumed"]["requests_of_a_flood"] == endpoints.RATE


@DOORS
def test_no_link_gets_into_an_api_s_log(http_template: Template, name: str, auth: str) -> None:
    """What is logged is of who asked and what came of it: no path, no query, no header, no text of the function's."""
    assert auth
    settings = _part(http_template, name, "Stage")["AccessLogSettings"]
    logged = json.loads(settings["Format"])
    assert set(logged.values()) == {
        "$context.requestId",
        "$context.requestTime",
        "$context.identity.sourceIp",
        "$context.identity.userArn",
        "$context.httpMethod",
        "$context.status",
        "$context.integrationStatus",
        "$context.error.responseType",
        "$context.responseLatency",
        "$context.responseLength",
    }
    group = settings["DestinationArn"]["Fn::GetAtt"][0]
    properties = http_template.properties(group)
    assert properties["LogGroupName"] == f"/aws/vendedlogs/bootstrap-airlock-{name}"
    assert properties["RetentionInDays"] == 365
    assert properties["KmsKeyId"].endswith(f":key/{KEY_ID}")


def test_the_outputs_lead_to_the_apis(http_template: Template) -> None:
    """Page and operators' function are found by the outputs of always; one more says what IAM calls the operators'."""
    outputs = {name: one["Value"] for name, one in http_template.body["Outputs"].items()}
    for name in ("Operator", "Page"):
        endpoint = {"Fn::GetAtt": [_api(http_template, name), "ApiEndpoint"]}
        assert outputs[f"{name}FunctionUrl"] == {"Fn::Join": ["", [endpoint, "/"]]}
    api = resolved(http_template, {"Ref": _api(http_template, "operator")})
    assert resolved(http_template, outputs["OperatorApiArn"]) == f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{api}/*"
    for name in ("watcher", "sweeper"):
        assert http_template.variables(name)["AIRLOCK_PAGE_URL"] == outputs["PageFunctionUrl"]


def test_every_region_without_urls_is_one_of_aws_s() -> None:
    """A slip in a region's name would leave that region with URLs that it hasn't got."""
    known = set(Session().get_available_regions("lambda", partition_name="aws"))
    listed = function_urls._REGIONS_WITHOUT | function_urls._REGIONS_IN_DOUBT  # noqa: SLF001 - nothing else needs the list
    assert listed <= known
    assert len(listed) == 12
