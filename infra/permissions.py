"""What the functions may do outside the ledger: every statement of their roles, written out by hand.

No write has ``*`` as its resource. The IAM writes reach the enrolled principals' own inline policies and the groups
and managed policies that the configuration names, nothing else. The one write to instances, a reboot, reaches those
that are tagged as a bootstrap node.

Each role denies itself the one thing that would undo all of this: changes of the deployment's own roles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

from airlock.adapters.orders import ORDER
from infra.configuration import Configuration
from infra.own_path import OWN_KINDS, OWN_PATH

USER_READS: Final = (
    "iam:GetUser",
    "iam:GetUserPolicy",
    "iam:ListAttachedUserPolicies",
    "iam:ListGroupsForUser",
    "iam:ListUserPolicies",
    # Authorised on the principal that it asks of (Service Authorization Reference, page "Actions, resources, and
    # condition keys for AWS Identity and Access Management"), and writes nothing.
    "iam:SimulatePrincipalPolicy",
)
ROLE_READS: Final = (
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:SimulatePrincipalPolicy",
)
GROUP_READS: Final = ("iam:GetGroupPolicy", "iam:ListAttachedGroupPolicies", "iam:ListGroupPolicies")
POLICY_READS: Final = ("iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions")
AWS_POLICY_READS: Final = ("iam:GetPolicy", "iam:GetPolicyVersion")
POLICY_WRITES: Final = ("iam:CreatePolicyVersion", "iam:DeletePolicyVersion", "iam:SetDefaultPolicyVersion")
# All that changes a role or a managed policy, passing a role on included, and what IAM may get by those verbs.
IAM_CHANGES: Final = (
    "iam:Add*",
    "iam:Attach*",
    "iam:Create*",
    "iam:Delete*",
    "iam:Detach*",
    "iam:PassRole",
    "iam:Put*",
    "iam:Remove*",
    "iam:Set*",
    "iam:Tag*",
    "iam:Untag*",
    "iam:Update*",
)
CONSOLE_CALLS: Final = ("ec2:GetConsoleOutput", "ec2:RebootInstances")
# The tags of a bootstrap node, by the installer of any release, and by Cluster API's provider for AWS; a user's tag
# called Name can replace the first.
BOOTSTRAP_TAGS: Final = {"Name": "*-bootstrap", "MachineName": "openshift-cluster-api-guests/*-bootstrap"}


def any_group(configuration: Configuration) -> str:
    """Write the ARN pattern of the account's groups."""
    return f"arn:{configuration.partition}:iam::{configuration.account}:group/*"


def any_customer_policy(configuration: Configuration) -> str:
    """Write the ARN pattern of the account's customer managed policies."""
    return f"arn:{configuration.partition}:iam::{configuration.account}:policy/*"


def any_aws_policy(configuration: Configuration) -> str:
    """Write the ARN pattern of AWS's own policies (IAM user guide, "Managed policies and inline policies")."""
    return f"arn:{configuration.partition}:iam::aws:policy/*"


def any_instance(configuration: Configuration) -> str:
    """Write the ARN pattern of the account's instances, in whichever region an install is."""
    return f"arn:{configuration.partition}:ec2:*:{configuration.account}:instance/*"


def wide_reads(configuration: Configuration) -> dict[str, str]:
    """Name each read that reaches further than the configured ARNs: its ARN pattern, and why it has to."""
    return {
        any_group(configuration): (
            "Read only. A user's groups are known only at the time of an install, and a deny in a group that the "
            "configuration doesn't name must be found to be reported; writes are limited to the named groups."
        ),
        any_customer_policy(configuration): (
            "Read only. Attached policies are known only at the time of an install, and a deny in one that "
            "the configuration doesn't name must be found to be reported; writes are limited to the named policies."
        ),
        any_aws_policy(configuration): (
            "Read only. Which of AWS's own policies a principal has is known only at the time of an install, and what "
            "they allow decides whether a fetch can be opened; nobody can write them."
        ),
    }


def wide_instances(configuration: Configuration) -> dict[str, str]:
    """Name each of the sweeper's rights in EC2 that reaches further than one ARN: the resource, and why it has to."""
    wide: dict[str, str] = {}
    if configuration.looks_for_instances:
        wide["*"] = (
            "Read only. DescribeInstances takes no resource, and the instance is known only at the time of an install."
        )
    if configuration.reads_consoles:
        wide[any_instance(configuration)] = (
            "The instance is known only at the time of an install. A condition limits both calls to instances that are "
            "tagged as a bootstrap node."
        )
    return wide


def iam_statements(configuration: Configuration) -> list[iam.PolicyStatement]:
    """List the IAM reads and writes of watcher and sweeper; a statement without a resource is left out."""
    return list(_iam_statements(configuration))


def restoring_statements(configuration: Configuration) -> list[iam.PolicyStatement]:
    """List what it takes to put policies back, and no more: the removal looks at nothing else."""
    per_kind = (
        ("RestoreUsers", ("iam:GetUserPolicy", "iam:PutUserPolicy"), configuration.users),
        ("RestoreRoles", ("iam:GetRolePolicy", "iam:PutRolePolicy"), configuration.roles),
        ("RestoreGroups", ("iam:GetGroupPolicy", "iam:PutGroupPolicy"), configuration.groups),
        ("RestorePolicies", (*POLICY_READS, *POLICY_WRITES), configuration.policies),
    )
    return [_allow(sid, actions, arns) for sid, actions, arns in per_kind if arns]


def stack_statement() -> iam.PolicyStatement:
    """Allow the removal to see what CloudFormation is doing with the stack that it belongs to."""
    return _allow("ReadStack", ["cloudformation:DescribeStacks"], [Aws.STACK_ID])


def instance_statements(configuration: Configuration) -> list[iam.PolicyStatement]:
    """List what the sweeper needs of EC2.

    It asks for the instances of whatever is open, for an event of a launch or an end may be lost. Consoles are read
    for a rescue, and to close once the fetch is seen: not if no principal has either.

    Reading and rebooting are authorised on the instance, whose tags ``aws:ResourceTag`` gives (Service Authorization
    Reference, page "Actions, resources, and condition keys for Amazon EC2"). A statement's conditions all have to hold,
    so that each of the two tags has a statement of its own.
    """
    statements: list[iam.PolicyStatement] = []
    if configuration.looks_for_instances:
        # This call takes no resource and knows no tags (the same page).
        statements.append(_allow("DescribeInstances", ["ec2:DescribeInstances"], ["*"]))
    if configuration.reads_consoles:
        statements += [
            iam.PolicyStatement(
                sid=f"ConsoleBy{tag}",
                actions=list(CONSOLE_CALLS),
                resources=[any_instance(configuration)],
                conditions={"StringLike": {f"aws:ResourceTag/{tag}": value}},
            )
            for tag, value in BOOTSTRAP_TAGS.items()
        ]
    return statements


def not_itself_statement(configuration: Configuration) -> iam.PolicyStatement:
    """Deny a role to change any role or policy of a deployment's own, its own first of all.

    The configuration refuses to enrol such a role. This holds whatever else comes to allow it: an enrolment that went
    round the check, or a policy that somebody attaches to the role. Reads are left alone, for a diagnosis needs them.
    """
    home = f"arn:{configuration.partition}:iam::{configuration.account}"
    return iam.PolicyStatement(
        sid="NotItself",
        effect=iam.Effect.DENY,
        actions=list(IAM_CHANGES),
        resources=[f"{home}:{kind}{OWN_PATH}*" for kind in OWN_KINDS],
    )


def own_log_statement(group_arn: str) -> iam.PolicyStatement:
    """Allow a function to write its own log.

    Args:
        group_arn: the function's own log group, with the ``:*`` that stands for its streams.
    """
    return _allow("OwnLog", ["logs:CreateLogStream", "logs:PutLogEvents"], [group_arn])


def audit_statement(stream_arn: str) -> iam.PolicyStatement:
    """Allow a function to write its own stream of the audit log."""
    return _allow("AuditLog", ["logs:PutLogEvents"], [stream_arn])


def publish_statement(sid: str, topic_arn: str) -> iam.PolicyStatement:
    """Allow publishing to a topic."""
    return _allow(sid, ["sns:Publish"], [topic_arn])


def order_statement(bus_arn: str, source: str) -> iam.PolicyStatement:
    """Allow the watcher to be told of a decision by an event, which holds the ID of a grant and nothing to believe.

    One call can carry several events, so the source has several values (Amazon EventBridge, page "Using IAM policy
    conditions in Amazon EventBridge"); a condition on all values holds where there are none.

    Args:
        bus_arn: the default bus.
        source: what the events must say they are from.
    """
    return iam.PolicyStatement(
        sid="TellWatcher",
        actions=["events:PutEvents"],
        resources=[bus_arn],
        conditions={
            "ForAllValues:StringEquals": {"events:source": source},
            "StringEquals": {"events:detail-type": ORDER},
            "Null": {"events:source": "false"},
        },
    )


def dead_letter_statement(queue_arn: str) -> iam.PolicyStatement:
    """Allow Lambda or Scheduler, by the role, to send what failed to the dead-letter queue."""
    return _allow("DeadLetters", ["sqs:SendMessage"], [queue_arn])


def invoke_statement(function_arn: str) -> iam.PolicyStatement:
    """Allow one function to be invoked."""
    return _allow("Invoke", ["lambda:InvokeFunction"], [function_arn])


def _iam_statements(configuration: Configuration) -> Iterator[iam.PolicyStatement]:
    if configuration.users:
        yield _allow("ReadUsers", USER_READS, configuration.users)
        yield _allow("WriteUsers", ["iam:PutUserPolicy"], configuration.users)
    if configuration.roles:
        yield _allow("ReadRoles", ROLE_READS, configuration.roles)
        yield _allow("WriteRoles", ["iam:PutRolePolicy"], configuration.roles)
    if configuration.groups:
        yield _allow("WriteGroups", ["iam:PutGroupPolicy"], configuration.groups)
    if configuration.policies:
        yield _allow("WritePolicies", POLICY_WRITES, configuration.policies)
    yield _allow("ReadGroups", GROUP_READS, [any_group(configuration)])
    yield _allow("ReadPolicies", POLICY_READS, [any_customer_policy(configuration)])
    yield _allow("ReadAwsPolicies", AWS_POLICY_READS, [any_aws_policy(configuration)])


def _allow(sid: str, actions: Sequence[str], resources: Sequence[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(sid=sid, actions=list(actions), resources=list(resources))
