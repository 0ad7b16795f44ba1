"""What all functions have: runtime, layer, own log group, own role; each is given its own work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import encryption, permissions, powertools
from infra.audit import log_retention
from infra.configuration import Configuration
from infra.endpoints import Endpoint, HttpApi, OpenTo, function_url
from infra.function_urls import HTTP_API
from infra.own_path import OWN_PATH

METRICS_NAMESPACE: Final = "BootstrapAirlock"
"""Where Powertools puts the functions' metrics, with one dimension, ``service``: the deployment's prefix.

All functions of a deployment are one service, so that an alarm has one series for what several of them count; and two
deployments in one account are two, so that neither's sweeps hide that the other's have stopped.
"""


@dataclass(frozen=True, slots=True)
class Work:
    """What one function is given.

    Attributes:
        code: its zip.
        environment: its variables, without Powertools' own.
        statements: what it may do, besides writing its own log.
        timeout: how long one call may take.
        open_to: whom its endpoint lets in; None for a function that nobody reaches by HTTP.
    """

    code: lambda_.Code
    environment: Mapping[str, str]
    statements: Sequence[iam.PolicyStatement]
    timeout: Duration
    open_to: OpenTo | None = None


@dataclass(frozen=True, slots=True)
class Retries:
    """How Lambda treats an asynchronous event that the function fails on.

    Attributes:
        attempts: further tries, 0 to 2.
        max_age: how old an event may get before it is given up.
        dead_letters: the queue that an event given up goes to; None drops it.
    """

    attempts: int
    max_age: Duration
    dead_letters: sqs.IQueue | None = None


class AirlockFunction(Construct):
    """One function; its handler is ``handle`` in the module ``airlock.handlers.NAME``.

    No reserved concurrency: leases in the ledger keep two writers apart, and a reservation makes the deployment fail
    in accounts whose quota is still low (AWS Lambda, page "Configuring reserved concurrency": 100 stay unreserved).
    """

    def __init__(
        self, scope: Construct, name: str, configuration: Configuration, work: Work, retries: Retries | None = None
    ) -> None:
        super().__init__(scope, name.capitalize())
        full_name = f"{configuration.prefix}-{name}"
        dead_letters = retries.dead_letters if retries else None
        key = encryption.given_key(self, configuration)
        log_group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/lambda/{full_name}",
            encryption_key=key,
            retention=log_retention(configuration.log_retention_days),
            # What must outlive the stack is in the audit log.
            removal_policy=RemovalPolicy.DESTROY,
        )
        statements = [
            *work.statements,
            # Each function works on the ledger.
            *encryption.ledger_statements(configuration),
            permissions.own_log_statement(log_group.log_group_arn),
            permissions.not_itself_statement(configuration),
        ]
        if dead_letters:
            statements.append(permissions.dead_letter_statement(dead_letters.queue_arn))
            statements += encryption.dead_letter_statements(configuration)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What {full_name} may do",
            path=OWN_PATH,
            inline_policies={"Airlock": iam.PolicyDocument(statements=statements)},
        )
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=full_name,
            handler=f"airlock.handlers.{name}.handle",
            code=work.code,
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            layers=[_powertools_layer(self, configuration)],
            timeout=work.timeout,
            memory_size=512,
            environment={
                **work.environment,
                "POWERTOOLS_LOG_LEVEL": "INFO",
                "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
                "POWERTOOLS_SERVICE_NAME": configuration.prefix,
            },
            # Lambda decrypts them by a grant that it gets when the function is made, so the role needs nothing.
            environment_encryption=key,
            log_group=log_group,
            logging_format=_log_format(configuration),
            # The role is whole as written above: what CDK would add by itself is not taken.
            role=self.role.without_policy_updates(),
            retry_attempts=retries.attempts if retries else None,
            max_event_age=retries.max_age if retries else None,
            on_failure=destinations.SqsDestination(dead_letters) if dead_letters else None,
        )
        self.endpoint = self._endpoint(configuration, name, work.open_to) if work.open_to else None

    def _endpoint(self, configuration: Configuration, name: str, open_to: OpenTo) -> Endpoint:
        if configuration.endpoints == HTTP_API:
            return HttpApi(self, configuration, name, self.function, open_to).endpoint
        return function_url(self.function, open_to)


def _log_format(configuration: Configuration) -> lambda_.LoggingFormat | None:
    """JSON, so that the platform's own lines can be queried beside the Logger's, which are JSON by themselves.

    Not in GovCloud, which has no such setting (AWS GovCloud (US) user guide, page "AWS Lambda in AWS GovCloud (US)"):
    there only the platform's lines are text.
    """
    return None if configuration.partition == "aws-us-gov" else lambda_.LoggingFormat.JSON


def _powertools_layer(scope: Construct, configuration: Configuration) -> lambda_.ILayerVersion:
    arn = powertools.layer_arn(configuration.partition, configuration.home_region)
    return lambda_.LayerVersion.from_layer_version_arn(scope, "Powertools", arn)
