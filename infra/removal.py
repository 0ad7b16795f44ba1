"""How the stack is changed and deleted without losing what is open: two custom resources, and what waits for them.

Source of the order: AWS CloudFormation user guide, page "DependsOn attribute". What depends on a resource is made and
changed after it, and deleted before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aws_cdk import CfnResource, CustomResource, Duration
from aws_cdk import aws_iam as iam
from constructs import Construct, IDependable

from airlock.handlers.stack_request import ENROLMENT, ENROLMENT_LISTS, GRANTS
from infra.configuration import Configuration
from infra.functions import AirlockFunction, Retries

RETRIES: Final = Retries(attempts=2, max_age=Duration.minutes(10))
"""A call that Lambda cut off is made again a minute later, and again after two, and goes on where the ledger is."""
_TIMEOUT: Final = Duration.minutes(10)
"""How long CloudFormation waits: for three calls of 80 seconds, and the three minutes between them."""


class Removal(Construct):
    """The two custom resources.

    **The enrolment** lists what is enrolled, so that CloudFormation asks before it changes that. The roles that write
    policies wait for the answer: where it is no, they haven't lost anything yet.

    **The grants** depend on all that ends a grant, so they are deleted before any of it, and policies are put back
    then. The rules depend on them, so no event begins another one meanwhile.
    """

    def __init__(
        self, scope: Construct, construct_id: str, configuration: Configuration, function: AirlockFunction
    ) -> None:
        super().__init__(scope, construct_id)
        lists = (configuration.users + configuration.roles, configuration.groups, configuration.policies)
        self._enrolment = self._resource(
            "Enrolment",
            ENROLMENT,
            function,
            {name: sorted(arns) for name, arns in zip(ENROLMENT_LISTS, lists, strict=True)},
        )
        self._grants = self._resource("Grants", GRANTS, function, {})

    def ask_before_changing(self, roles: Sequence[iam.Role]) -> None:
        """Have these roles made and changed only once nothing open needs what they lose."""
        for role in roles:
            made = role.node.default_child
            if isinstance(made, CfnResource):
                made.node.add_dependency(self._enrolment)

    def put_back_before(self, needed: Sequence[IDependable]) -> None:
        """Have all of these stand until every policy is as it was."""
        self._grants.node.add_dependency(*needed)

    def put_back_after(self, beginners: Sequence[Construct]) -> None:
        """Have these gone by then, for they begin what would have to be put back."""
        for one in beginners:
            one.node.add_dependency(self._grants)

    def _resource(
        self, construct_id: str, resource_type: str, function: AirlockFunction, properties: dict[str, list[str]]
    ) -> CustomResource:
        return CustomResource(
            self,
            construct_id,
            resource_type=resource_type,
            service_token=function.function.function_arn,
            service_timeout=_TIMEOUT,
            properties=properties,
        )
