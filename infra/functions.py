"""The functions: code, runtime, environment, own log group, own audit stream, own role."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aws_cdk import Duration, IgnoreMode, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import permissions, powertools
from infra.audit import AuditLog, log_retention
from infra.configuration import Configuration
from infra.dead_letters import DeadLetters
from infra.ledger import Ledger
from infra.notices import Notices

CODE: Final = Path(__file__).parents[1] / "lambdas"
# Only Python sources of the package, no caches or packaging leftovers: the asset's hash follows the code alone.
_LEFT_OUT: Final = ["*", "!airlock/", "!airlock/**/", "!airlock/**/*.py", "__pycache__/"]
_NAMESPACE: Final = "BootstrapAirlock"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a function works with; the same for all functions."""

    configuration: Configuration
    ledger: Ledger
    audit: AuditLog
    notices: Notices
    dead_letters: DeadLetters


@dataclass(frozen=True, slots=True)
class Retries:
    """How Lambda treats an asynchronous event that the function fails on.

    Attributes:
        attempts: further tries, 0 to 2.
        max_age: how old an event may get before it is given up.
        dead_letters: whether an event given up goes to the dead-letter queue.
    """

    attempts: int
    max_age: Duration
    dead_letters: bool


class AirlockFunction(Construct):
    """One function; its handler is ``handle`` in the module ``airlock.handlers.NAME``.

    No reserved concurrency: leases in the ledger keep two writers apart, and a reservation makes the deployment fail
    in accounts whose quota is still low (AWS Lambda, page "Configuring reserved concurrency": 100 stay unreserved).
    """

    def __init__(self, scope: Construct, name: str, around: Surroundings, retries: Retries) -> None:
        super().__init__(scope, name.capitalize())
        configuration = around.configuration
        full_name = f"{configuration.prefix}-{name}"
        log_group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/lambda/{full_name}",
            retention=log_retention(configuration.log_retention_days),
            # What must outlive the stack is in the audit log.
            removal_policy=RemovalPolicy.DESTROY,
        )
        statements = [
            *permissions.iam_statements(configuration),
            *permissions.ledger_statements(around.ledger.table.table_arn, around.ledger.open_grants_arn),
            *permissions.log_statements(log_group.log_group_arn, around.audit.add_stream(name)),
            permissions.notice_statement(around.notices.topic.topic_arn),
        ]
        if retries.dead_letters:
            statements.append(permissions.dead_letter_statement(around.dead_letters.queue.queue_arn))
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What {full_name} may do",
            inline_policies={"Airlock": iam.PolicyDocument(statements=statements)},
        )
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=full_name,
            handler=f"airlock.handlers.{name}.handle",
            code=lambda_.Code.from_asset(str(CODE), exclude=_LEFT_OUT, ignore_mode=IgnoreMode.GIT),
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            layers=[_powertools_layer(self, configuration)],
            timeout=Duration.seconds(60),
            memory_size=512,
            environment=_environment(name, around),
            log_group=log_group,
            # JSON, so that the platform's own lines can be queried beside the Logger's.
            logging_format=lambda_.LoggingFormat.JSON,
            # The role is whole as written above: what CDK would add by itself is not taken.
            role=self.role.without_policy_updates(),
            retry_attempts=retries.attempts,
            max_event_age=retries.max_age,
            on_failure=destinations.SqsDestination(around.dead_letters.queue) if retries.dead_letters else None,
        )


def _powertools_layer(scope: Construct, configuration: Configuration) -> lambda_.ILayerVersion:
    arn = powertools.layer_arn(configuration.partition, configuration.home_region)
    return lambda_.LayerVersion.from_layer_version_arn(scope, "Powertools", arn)


def _environment(name: str, around: Surroundings) -> dict[str, str]:
    return {
        "AIRLOCK_ACCOUNT": around.configuration.account,
        "AIRLOCK_AUDIT_LOG_GROUP": around.audit.group.log_group_name,
        "AIRLOCK_AUDIT_LOG_STREAM": name,
        "AIRLOCK_NOTICES_TOPIC": around.notices.topic.topic_arn,
        "AIRLOCK_PRINCIPALS": around.configuration.principals_variable(),
        "AIRLOCK_TABLE": around.ledger.table.table_name,
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "POWERTOOLS_METRICS_NAMESPACE": _NAMESPACE,
        "POWERTOOLS_SERVICE_NAME": name,
    }
