"""The airlock can't change what it is allowed itself: the configuration refuses it, and each role denies it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk import App

from infra import permissions
from infra.configuration import Configuration, ConfigurationError, parse
from infra.own_path import OWN_PATH
from infra.principals import Principal
from infra.stack import AirlockStack
from tests.infra.builders import GROUP, HOME, POLICY, ROLE, USER, configuration
from tests.infra.resolving import arn, resolved
from tests.infra.template import Template
from tests.infra.test_permission_laws import documents, may, operations

BOTH = pytest.mark.parametrize("which", ["template", "small_template"])
OWN_ROLE = f"{HOME}:role{OWN_PATH}bootstrap-airlock-WatcherRole2FDAA555-aBcDeFgHiJkL"
OWN_POLICY = f"{HOME}:policy{OWN_PATH}attached-to-the-watcher"
# They change nothing of a role or a policy (Service Authorization Reference, IAM: access level Read or List).
HARMLESS = ("iam:Get", "iam:List", "iam:Simulate", "iam:Generate")
# About other kinds of things than roles and policies (the same page, "Resource types"), but for the first: it makes a
# new role from a template, and changes none.
OTHERS = {
    "iam:AcquireRole",
    "iam:AcceptDelegationRequest",
    "iam:AssociateDelegationRequest",
    "iam:ChangePassword",
    "iam:DeactivateMFADevice",
    "iam:EnableMFADevice",
    "iam:RejectDelegationRequest",
    "iam:ResetServiceSpecificCredential",
    "iam:ResyncMFADevice",
    "iam:SendDelegationToken",
    "iam:UploadSSHPublicKey",
    "iam:UploadServerCertificate",
    "iam:UploadSigningCertificate",
    "iam:DisableOrganizationsRootCredentialsManagement",
    "iam:DisableOrganizationsRootSessions",
    "iam:DisableOutboundWebIdentityFederation",
    "iam:EnableOrganizationsRootCredentialsManagement",
    "iam:EnableOrganizationsRootSessions",
    "iam:EnableOutboundWebIdentityFederation",
}
CHANGES = [*(one for one in operations("iam") if not one.startswith(HARMLESS) and one not in OTHERS), "iam:PassRole"]
ANYTHING = {"Sid": "Attached", "Effect": "Allow", "Action": "*", "Resource": "*"}


@BOTH
def test_every_role_is_under_the_path_that_every_role_denies(request: pytest.FixtureRequest, which: str) -> None:
    """Functions' and schedule's roles stand under the one path, and each denies itself changes of all of them."""
    template: Template = request.getfixturevalue(which)
    roles = template.resources("AWS::IAM::Role")
    assert len(roles) >= 4
    for role, document in documents(template).items():
        assert template.properties(role)["Path"] == OWN_PATH
        with_everything = {**document, "Statement": [*document["Statement"], ANYTHING]}
        assert "iam:UpdateAssumeRolePolicy" in CHANGES
        for action in CHANGES:
            for own in (*(arn(template, one) for one in roles), OWN_POLICY):
                assert not may(with_everything, action, own), (role, action, own)


@BOTH
def test_the_denial_is_of_nothing_else(request: pytest.FixtureRequest, which: str) -> None:
    """What is enrolled and named stays writable, and what may be read stays readable, the airlock's own too."""
    for document in documents(request.getfixturevalue(which)).values():
        with_everything = {**document, "Statement": [*document["Statement"], ANYTHING]}
        for action in CHANGES:
            for resource in (USER, ROLE, GROUP, POLICY, f"{HOME}:role/x{OWN_PATH}y", f"{HOME}:role/bootstrap-airlock"):
                assert may(with_everything, action, resource)
        assert may(with_everything, "iam:GetPolicyVersion", OWN_POLICY)


def _enrolled_all_the_same() -> Configuration:
    """The configuration that nobody can write: an own role enrolled, and an own policy named."""
    return Configuration("us-east-1", (Principal(USER, policies=(OWN_POLICY,)), Principal(OWN_ROLE)))


def test_an_own_role_that_is_enrolled_can_t_be_written() -> None:
    """Should an enrolment get past the check, the statement that allows the write is there, and the denial wins."""
    around = _enrolled_all_the_same()
    allows = [statement.to_statement_json() for statement in permissions.iam_statements(around)]
    denies = permissions.not_itself_statement(around).to_statement_json()
    for action, resource in (
        ("iam:PutRolePolicy", OWN_ROLE),
        ("iam:CreatePolicyVersion", OWN_POLICY),
        ("iam:SetDefaultPolicyVersion", OWN_POLICY),
        ("iam:DeletePolicyVersion", OWN_POLICY),
    ):
        assert may({"Statement": allows}, action, resource)
        assert not may({"Statement": [*allows, denies]}, action, resource)


def test_the_synthesised_roles_deny_it_too(tmp_path: Any) -> None:  # noqa: ANN401 - pytest's own path
    """The same of a whole template: watcher and sweeper allow the write of the enrolled own role, and deny it."""
    app = App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    stack = AirlockStack(app, _enrolled_all_the_same())
    app.synth()
    path = tmp_path / stack.template_file
    template = Template(json.loads(path.read_text(encoding="utf-8")), path)
    for name in ("watcher", "sweeper"):
        role = template.role_of(name)["Fn::GetAtt"][0]
        (policy,) = resolved(template, template.properties(role)["Policies"])
        statements = policy["PolicyDocument"]["Statement"]
        allows = {"Statement": [one for one in statements if one["Effect"] == "Allow"]}
        assert may(allows, "iam:PutRolePolicy", OWN_ROLE)
        assert not may({"Statement": statements}, "iam:PutRolePolicy", OWN_ROLE)


def test_the_configuration_refuses_the_airlock_s_own() -> None:
    """Enrolling an own role, or naming an own policy, is told with its key, the reason and what to do instead."""
    raw = configuration(principals=[{"arn": USER, "policies": [POLICY, OWN_POLICY]}, {"arn": OWN_ROLE}])
    with pytest.raises(ConfigurationError) as caught:
        parse(raw)
    what = f"one of the airlock's own, whose path is {OWN_PATH}; it never changes what it is allowed itself"
    fix = "enrol who runs openshift-install, and name the policies that deny it"
    role, policy = (
        f'airlock.principals{key}: {what} (got "{own}"); fix: {fix}'
        for key, own in (("[1].arn", OWN_ROLE), ("[0].policies[1]", OWN_POLICY))
    )
    assert sorted(map(str, caught.value.problems)) == sorted([role, policy])


@pytest.mark.parametrize(
    "fine", [f"{HOME}:role/bootstrap-airlock", f"{HOME}:role/bootstrap-airlock-2/x", f"{HOME}:user{OWN_PATH}somebody"]
)
def test_names_that_only_look_alike_are_taken(fine: str) -> None:
    """The path alone counts, of roles and policies; no deployment's prefix is in the way."""
    assert parse(configuration(principals=[{"arn": fine}])).principals[0].arn == fine
