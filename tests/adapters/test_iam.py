"""IAM: documents to the byte, listings of many pages, versions of managed policies."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airlock.adapters.iam import IamPolicies
from airlock.errors import PrincipalGoneError
from airlock.policy.place import HeldPolicy, PolicyKind, PolicyPlace
from tests.reconcile.account import ACCOUNT, HOME, KINDS, ROLE, USER, Account
from tests.reconcile.interference import Change

PLAIN = '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}}'
ODD = [
    PLAIN,
    PLAIN.replace(" ", "\n\t  "),
    f"\n{PLAIN}\n\n",
    PLAIN.replace('"*"', '"arn:aws:s3:::b%C3%A9+ \\u00e9\\/é漢/*"'),
    PLAIN.replace('"*"', r'"arn:aws:s3:::a%20b%2A&amp;<x>\"\\/*"'),
]
"""Texts that a careless trip through URLs, XML or JSON would change."""

LISTINGS = {
    "ListUserPolicies": "PolicyNames",
    "ListAttachedUserPolicies": "AttachedPolicies",
    "ListGroupPolicies": "PolicyNames",
}


def policies_of(account: Account) -> IamPolicies:
    """The adapter, on watched clients."""
    return IamPolicies(account.acting.iam)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ODD)
def test_a_document_comes_back_to_the_byte(account: Account, kind: PolicyKind, text: str) -> None:
    """White space, escapes, percent signs and other people's letters arrive as they were put."""
    if kind is PolicyKind.MANAGED and "%" in text:
        pytest.skip("moto sends a managed policy's document without the encoding that IAM gives it")
    place = account.stand(kind, text)
    adapter = policies_of(account)
    assert [policy.text for policy in adapter.of_principal(ROLE if kind is PolicyKind.ROLE_INLINE else USER)] == [text]
    adapter.write(place, text + " ", None)
    held = adapter.read(place)
    assert held is not None
    assert held.text == text + " "


@given(resource=st.text(st.characters(exclude_categories=["C"]), max_size=40), indent=st.sampled_from([None, 1, 4]))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_comes_back_to_the_byte(account: Account, resource: str, indent: int | None) -> None:
    """Whatever stands in a statement, what is read is what was written."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}]}
    document["Id"] = resource
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    place = account.stand(PolicyKind.USER_INLINE, text)
    held = policies_of(account).read(place)
    assert held is not None
    assert held.text == text


def test_a_client_that_decodes_documents_is_found_out(account: Account) -> None:
    """An ordinary client loses the bytes, so the adapter refuses its answers and touches nothing."""
    place = account.stand(PolicyKind.USER_INLINE, PLAIN)
    ordinary = boto3.client("iam", region_name=HOME, aws_access_key_id="test", aws_secret_access_key="test")
    with pytest.raises(TypeError, match="bytes are lost"):
        IamPolicies(ordinary).read(place)


def test_every_page_of_every_listing_is_read(account: Account) -> None:
    """A principal with more policies than a page takes loses none."""
    for number in range(7):
        account.stand(PolicyKind.USER_INLINE, PLAIN, name=f"inline-{number}")
        account.stand(PolicyKind.GROUP_INLINE, PLAIN, name=f"grouped-{number}")
        account.stand(PolicyKind.MANAGED, PLAIN, name=f"managed-{number}")
    for operation, element in LISTINGS.items():
        account.calls.changes[operation] = in_pages_of_three(element)
    found = policies_of(account).of_principal(USER)
    assert len(found) == len(set(found)) == 21


def in_pages_of_three(element: str) -> Change:
    """Answer a listing page by page, whatever the page that was asked for."""
    left: list[object] = []

    def cut(parsed: dict[str, Any]) -> None:
        if not left:
            left.extend(parsed[element])
        parsed[element] = left[:3]
        del left[:3]
        parsed["IsTruncated"] = bool(left)
        parsed["Marker"] = "0"

    return cut


def test_a_users_policies_are_its_own_its_groups_and_the_attached_ones(account: Account) -> None:
    """Everything whose text can deny the user's calls is found, with where it stands."""
    places = {
        account.stand(PolicyKind.USER_INLINE, PLAIN),
        account.stand(PolicyKind.GROUP_INLINE, PLAIN),
        account.stand(PolicyKind.MANAGED, PLAIN, name="attached"),
    }
    iam = account.aside.iam
    arn = iam.create_policy(PolicyName="to-the-group", PolicyDocument=PLAIN)["Policy"]["Arn"]
    iam.attach_group_policy(GroupName="installers", PolicyArn=arn)
    places.add(PolicyPlace(PolicyKind.MANAGED, arn, "to-the-group"))
    assert {policy.place for policy in policies_of(account).of_principal(USER)} == places


def bounded(account: Account, name: str = "limits") -> str:
    """Give the role a permissions boundary; its ARN."""
    arn = account.aside.iam.create_policy(PolicyName=name, PolicyDocument=PLAIN)["Policy"]["Arn"]
    account.aside.iam.put_role_permissions_boundary(RoleName="OpenShiftInstaller", PermissionsBoundary=arn)
    return arn


def test_a_roles_boundary_is_the_managed_policy_that_it_is(account: Account) -> None:
    """It can be written like any other, and it is told that its Allows aren't the role's own."""
    account.stand(PolicyKind.ROLE_INLINE, PLAIN)
    place = PolicyPlace(PolicyKind.MANAGED, bounded(account), "limits")
    adapter = policies_of(account)
    assert HeldPolicy(place, PLAIN, "v1", boundary=True, attached=False) in adapter.of_principal(ROLE)
    assert adapter.write(place, PLAIN + " ", "v1") == "v2"
    assert HeldPolicy(place, PLAIN + " ", "v2", boundary=True, attached=False) in adapter.of_principal(ROLE)


def test_a_boundary_that_is_attached_too_is_told_once(account: Account) -> None:
    """One policy has one place, however often a principal comes under it."""
    account.stand(PolicyKind.ROLE_INLINE, PLAIN)
    arn = bounded(account)
    account.aside.iam.attach_role_policy(RoleName="OpenShiftInstaller", PolicyArn=arn)
    place = PolicyPlace(PolicyKind.MANAGED, arn, "limits")
    found = [held for held in policies_of(account).of_principal(ROLE) if held.place.kind is PolicyKind.MANAGED]
    assert found == [HeldPolicy(place, PLAIN, "v1", boundary=True, attached=True)]


def test_a_policy_of_user_and_group_is_read_once(account: Account) -> None:
    """Attached to both, it is one policy."""
    account.stand(PolicyKind.GROUP_INLINE, PLAIN)
    place = account.stand(PolicyKind.MANAGED, PLAIN)
    account.aside.iam.attach_group_policy(GroupName="installers", PolicyArn=place.holder)
    assert [held.place for held in policies_of(account).of_principal(USER)].count(place) == 1
    assert [name for name, _ in account.calls.made].count("GetPolicyVersion") == 1


def test_policies_of_awss_own_are_told_as_such(account: Account) -> None:
    """They are read like the others: what they allow counts, though nobody can edit them."""
    own = account.stand(PolicyKind.MANAGED, PLAIN)
    aws_own = "arn:aws:iam::aws:policy/job-function/Odd"

    def as_aws_own(parsed: dict[str, Any]) -> None:
        parsed["AttachedPolicies"].append({"PolicyArn": aws_own, "PolicyName": "Odd"})

    def read_instead(parameters: dict[str, Any]) -> None:
        if parameters.get("PolicyArn") == aws_own:
            parameters["PolicyArn"] = own.holder

    account.calls.changes["ListAttachedUserPolicies"] = as_aws_own
    events = account.acting.iam.meta.events
    events.register("before-parameter-build.iam", lambda params, **_: read_instead(params), unique_id="instead")
    try:
        found = {held.place: held for held in policies_of(account).of_principal(USER)}
    finally:
        events.unregister("before-parameter-build.iam", unique_id="instead")
    assert {place.holder: place.is_aws_own for place in found} == {own.holder: False, aws_own: True}
    assert {held.text for held in found.values()} == {PLAIN}


def test_a_namesake_on_another_path_isnt_the_principal(account: Account) -> None:
    """IAM asks for a name alone, so the whole ARN is compared."""
    account.stand(PolicyKind.USER_INLINE, PLAIN)
    with pytest.raises(PrincipalGoneError, match="ocp-installer is arn:"):
        policies_of(account).of_principal(f"arn:aws:iam::{ACCOUNT}:user/ocp-installer")


@pytest.mark.parametrize("arn", [USER, ROLE])
def test_a_principal_that_doesnt_exist_is_gone(account: Account, arn: str) -> None:
    """No such user or role is told as such."""
    with pytest.raises(PrincipalGoneError, match="doesn't exist"):
        policies_of(account).of_principal(arn)


@pytest.mark.parametrize("kind", KINDS)
def test_a_policy_that_doesnt_exist_reads_as_none(account: Account, kind: PolicyKind) -> None:
    """Neither the policy nor its holder has to be there."""
    holders = {PolicyKind.ROLE_INLINE: ROLE, PolicyKind.USER_INLINE: USER}
    holder = holders.get(kind, f"arn:aws:iam::{ACCOUNT}:{'group' if kind is PolicyKind.GROUP_INLINE else 'policy'}/no")
    assert policies_of(account).read(PolicyPlace(kind, holder, "no")) is None


def test_a_boundary_is_written_under_no_second_name(account: Account) -> None:
    """The ledger knows a policy by one place; a slip would open it twice."""
    place = PolicyPlace(PolicyKind.BOUNDARY, f"arn:aws:iam::{ACCOUNT}:policy/limits", "limits")
    with pytest.raises(ValueError, match="the managed policy that it is"):
        policies_of(account).write(place, PLAIN, None)


def versions(account: Account, place: PolicyPlace) -> dict[str, bool]:
    """A managed policy's versions, and whether each is the default."""
    listed = account.aside.iam.list_policy_versions(PolicyArn=place.holder)["Versions"]
    return {version["VersionId"]: version["IsDefaultVersion"] for version in listed}


@pytest.mark.parametrize(("keep", "gone"), [("v1", "v2"), ("v2", "v1"), (None, "v1")])
def test_of_five_versions_the_oldest_spare_one_goes(account: Account, keep: str | None, gone: str) -> None:
    """Neither the default nor the baseline's version is given up for a new one."""
    place = account.stand(PolicyKind.MANAGED, PLAIN)
    for _ in range(4):
        account.edit(place, PLAIN)
    made = policies_of(account).write(place, PLAIN + " ", keep)
    assert made == "v6"
    assert versions(account, place) == {
        version: version == "v6" for version in ("v1", "v2", "v3", "v4", "v5", "v6") if version != gone
    }


def test_switching_back_to_a_version_that_is_gone_tells_so(account: Account) -> None:
    """Then the caller writes the text anew."""
    place = account.stand(PolicyKind.MANAGED, PLAIN)
    account.edit(place, PLAIN + " ")
    adapter = policies_of(account)
    assert adapter.switch_back(place, "v1")
    assert versions(account, place) == {"v1": True, "v2": False}
    adapter.delete_versions(place, ["v2", "v2"])
    assert not adapter.switch_back(place, "v2")
    assert versions(account, place) == {"v1": True}
