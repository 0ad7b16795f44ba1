"""How people reach a function: by a URL of its own, or by an HTTP API of API Gateway's where there are no such URLs.

Both hand the function the same form of event (API Gateway, page "Create AWS Lambda proxy integrations for HTTP APIs":
payload format 2.0), so it doesn't know which it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import Final

from aws_cdk import Fn, RemovalPolicy, Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import encryption
from infra.audit import log_retention
from infra.configuration import Configuration

RATE: Final = 5
BURST: Final = 10
"""Requests a second in the long run, and at once, that an API lets through; to all others it says 429 by itself.

A request takes the page some tenths of a second, so that a flood keeps a few of the account's concurrent executions
busy, and costs what five requests a second cost. People need far less: whoever opens a link and answers makes three
requests, a mail scanner one or two, a command of the operators one. API Gateway aims at these numbers rather than
keeping them exactly (API Gateway, page "Throttle requests to your HTTP APIs"). While a flood lasts it takes people's
share too; they answer by the operators' API, which has a share of its own.
"""

# Of who asked and what came of it, never where to: a link's secret is in its query. Page "Customize HTTP API access
# logs". Its variables for the path and for what an integration says of an error are left out for the same reason.
_LOGGED: Final = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "ip": "$context.identity.sourceIp",
    "user": "$context.identity.userArn",
    "method": "$context.httpMethod",
    "status": "$context.status",
    "integrationStatus": "$context.integrationStatus",
    "error": "$context.error.responseType",
    "milliseconds": "$context.responseLatency",
    "bytes": "$context.responseLength",
}


class OpenTo(Enum):
    """Whom an endpoint lets in."""

    ANYBODY = "anybody"
    SIGNED = "whoever signs as a principal whom IAM allows it"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a function is reached.

    Attributes:
        url: its address, which ends with a slash.
        invoke_arn: what IAM calls all requests to its API; None for a function's URL, which IAM knows by the function.
        public_route: of an API that is open to anybody, what says so; else None.
    """

    url: str
    invoke_arn: str | None = None
    public_route: Construct | None = None


def function_url(function: lambda_.Function, open_to: OpenTo) -> Endpoint:
    """Give a function a URL.

    Where anybody may call it, CDK adds the permissions that say so, by the URL alone: InvokeFunctionUrl, and
    InvokeFunction with InvokedViaFunctionUrl (AWS Lambda, page "Control access to Lambda function URLs").
    """
    kinds = {OpenTo.ANYBODY: lambda_.FunctionUrlAuthType.NONE, OpenTo.SIGNED: lambda_.FunctionUrlAuthType.AWS_IAM}
    return Endpoint(function.add_function_url(auth_type=kinds[open_to]).url)


class HttpApi(Construct):
    """An HTTP API in front of one function: every request goes to it, and nothing but this API may invoke it so.

    The permission that CDK adds holds API Gateway to requests to this API, by their ARN. The stage is the one without
    a name, so that paths are those of a function's URL.

    Attributes:
        endpoint: where it is.
    """

    def __init__(
        self, scope: Construct, configuration: Configuration, name: str, function: lambda_.Function, open_to: OpenTo
    ) -> None:
        super().__init__(scope, "Api")
        self._log = logs.LogGroup(
            self,
            "Log",
            # By its beginning CloudWatch Logs lets AWS's services deliver to it without a line for each group in a
            # policy that has room for few (Amazon CloudWatch Logs, page "Logs sent to CloudWatch Logs").
            log_group_name=f"{encryption.DELIVERED_LOGS}{configuration.prefix}-{name}",
            encryption_key=encryption.given_key(self, configuration),
            retention=log_retention(configuration.log_retention_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        api = apigateway.HttpApi(
            self,
            "Api",
            api_name=f"{configuration.prefix}-{name}",
            description=f"Hands requests to {configuration.prefix}-{name}",
            create_default_stage=False,
        )
        route = apigateway.HttpRoute(
            self,
            "Route",
            http_api=api,
            route_key=apigateway.HttpRouteKey.DEFAULT,
            integration=integrations.HttpLambdaIntegration("Integration", function),
            authorizer=authorizers.HttpIamAuthorizer() if open_to is OpenTo.SIGNED else None,
        )
        stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=api,
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=RATE, burst_limit=BURST),
        )
        self._log_to(stage)
        # API Gateway's own word for where it is, whatever the partition's domain.
        url = Fn.join("", [api.api_endpoint, "/"])
        public = route if open_to is OpenTo.ANYBODY else None
        # Whatever the stage, the method and the path: it is the API's only route.
        everything = Stack.of(self).format_arn(service="execute-api", resource=api.api_id, resource_name="*")
        self.endpoint = Endpoint(url, everything, public)

    def _log_to(self, stage: apigateway.HttpStage) -> None:
        made = stage.node.default_child
        if not isinstance(made, apigateway.CfnStage):
            raise TypeError("CDK's stage isn't made of the resource that takes the settings of its log")
        made.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=self._log.log_group_arn, format=json.dumps(_LOGGED)
        )
