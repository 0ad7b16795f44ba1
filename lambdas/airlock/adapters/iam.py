"""IAM: reading a principal's policies to the byte, and writing them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from airlock.adapters.clients import was_tried_before
from airlock.errors import OldReadError, PrincipalGoneError, RefusedByIamError
from airlock.policy.place import HeldPolicy, PolicyKind, PolicyPlace

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

# Codes of refusals that a retry won't change (IAM API reference, "PutUserPolicy" and "CreatePolicyVersion").
_LASTING = frozenset(
    {"AccessDenied", "AccessDeniedException", "MalformedPolicyDocument", "LimitExceeded", "UnmodifiableEntity"}
)


class IamPolicies:
    """The port :class:`airlock.ports.Policies` on IAM.

    The client must hand out policy documents undecoded, as :func:`airlock.adapters.clients.make_clients` sees to.
    """

    def __init__(self, iam: IAMClient) -> None:
        self._iam = iam

    def of_principal(self, principal: str) -> list[HeldPolicy]:
        """Every policy whose text can deny the principal's calls, each once, AWS's own among them.

        Raises:
            PrincipalGoneError: there is no such user or role.
        """
        is_user, name = principal.split(":", 5)[5].startswith("user/"), _name_of(principal)
        holder: Any
        try:
            holder = self._iam.get_user(UserName=name)["User"] if is_user else self._iam.get_role(RoleName=name)["Role"]
        except self._iam.exceptions.NoSuchEntityException as error:
            raise PrincipalGoneError(f"{principal} doesn't exist (any more)") from error
        if holder["Arn"] != principal:  # IAM finds it by its name alone
            raise PrincipalGoneError(f"{principal} doesn't exist (any more): {name} is {holder['Arn']}")
        attached = list(self._of_user(principal, name) if is_user else self._of_role(principal, name))
        boundary = list(_boundary(holder))
        return [
            replace(held, boundary=place in boundary, attached=place in attached)
            for place in dict.fromkeys([*attached, *boundary])
            # Somebody may have deleted what has just been listed.
            if (held := self.read(place)) is not None
        ]

    def read(self, place: PolicyPlace) -> HeldPolicy | None:
        """One policy as it is now; None where it, or its holder, is gone."""
        try:
            match place.kind:
                case PolicyKind.USER_INLINE:
                    return self._user_inline(place.holder, place.name)
                case PolicyKind.ROLE_INLINE:
                    return self._role_inline(place.holder, place.name)
                case PolicyKind.GROUP_INLINE:
                    return self._group_inline(place.holder, place.name)
                case _:
                    return self._managed(place)
        except self._iam.exceptions.NoSuchEntityException:
            return None

    def write(self, place: PolicyPlace, text: str, keep_version: str | None, ours: Sequence[str] = ()) -> str | None:
        """Make the text the policy's text.

        Args:
            place: the policy.
            text: its new text.
            keep_version: of a managed policy, the version that must survive if one has to go, because IAM keeps five.
            ours: versions that the airlock made; if one has to go, one of these goes first.

        Returns:
            Of a managed policy, the new version's ID; else None.

        Raises:
            RefusedByIamError: IAM won't take it, now or later.
        """
        with _refusals_named(place):
            return self._write(place, text, keep_version, ours)

    def _write(self, place: PolicyPlace, text: str, keep_version: str | None, ours: Sequence[str]) -> str | None:
        holder = _name_of(place.holder)
        match place.kind:
            case PolicyKind.USER_INLINE:
                self._iam.put_user_policy(UserName=holder, PolicyName=place.name, PolicyDocument=text)
            case PolicyKind.ROLE_INLINE:
                self._iam.put_role_policy(RoleName=holder, PolicyName=place.name, PolicyDocument=text)
            case PolicyKind.GROUP_INLINE:
                self._iam.put_group_policy(GroupName=holder, PolicyName=place.name, PolicyDocument=text)
            case PolicyKind.MANAGED:
                return self._new_version(place, text, keep_version, ours)
            case PolicyKind.BOUNDARY:
                raise ValueError(f"{place} is written as the managed policy that it is")
        return None

    def switch_back(self, place: PolicyPlace, version: str) -> bool:
        """Make an older version the default again; False where that version is gone."""
        try:
            self._iam.set_default_policy_version(PolicyArn=place.holder, VersionId=version)
        except self._iam.exceptions.NoSuchEntityException:
            return False
        return True

    def delete_versions(self, place: PolicyPlace, versions: Sequence[str]) -> None:
        """Delete versions that the airlock made; those already gone are no error."""
        for version in versions:
            try:
                self._iam.delete_policy_version(PolicyArn=place.holder, VersionId=version)
            except self._iam.exceptions.NoSuchEntityException:
                continue

    def _of_user(self, arn: str, name: str) -> Iterator[PolicyPlace]:
        for policy in _pages(self._iam.list_user_policies, "PolicyNames", UserName=name):
            yield PolicyPlace(PolicyKind.USER_INLINE, arn, policy)
        for policy in _pages(self._iam.list_attached_user_policies, "AttachedPolicies", UserName=name):
            yield _managed_place(policy)
        for group in _pages(self._iam.list_groups_for_user, "Groups", UserName=name):
            yield from self._of_group(group["Arn"], group["GroupName"])

    def _of_role(self, arn: str, name: str) -> Iterator[PolicyPlace]:
        for policy in _pages(self._iam.list_role_policies, "PolicyNames", RoleName=name):
            yield PolicyPlace(PolicyKind.ROLE_INLINE, arn, policy)
        for policy in _pages(self._iam.list_attached_role_policies, "AttachedPolicies", RoleName=name):
            yield _managed_place(policy)

    def _of_group(self, arn: str, name: str) -> Iterator[PolicyPlace]:
        for policy in _pages(self._iam.list_group_policies, "PolicyNames", GroupName=name):
            yield PolicyPlace(PolicyKind.GROUP_INLINE, arn, policy)
        for policy in _pages(self._iam.list_attached_group_policies, "AttachedPolicies", GroupName=name):
            yield _managed_place(policy)

    def _user_inline(self, arn: str, policy: str) -> HeldPolicy:
        got = self._iam.get_user_policy(UserName=_name_of(arn), PolicyName=policy)
        return HeldPolicy(PolicyPlace(PolicyKind.USER_INLINE, arn, policy), _text(got["PolicyDocument"]))

    def _role_inline(self, arn: str, policy: str) -> HeldPolicy:
        got = self._iam.get_role_policy(RoleName=_name_of(arn), PolicyName=policy)
        return HeldPolicy(PolicyPlace(PolicyKind.ROLE_INLINE, arn, policy), _text(got["PolicyDocument"]))

    def _group_inline(self, arn: str, policy: str) -> HeldPolicy:
        got = self._iam.get_group_policy(GroupName=_name_of(arn), PolicyName=policy)
        return HeldPolicy(PolicyPlace(PolicyKind.GROUP_INLINE, arn, policy), _text(got["PolicyDocument"]))

    def _managed(self, place: PolicyPlace) -> HeldPolicy:
        arn = place.holder
        version = self._iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        try:
            got = self._iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
        except self._iam.exceptions.NoSuchEntityException as error:
            # The policy isn't gone: its default is another version by now, and this one was deleted.
            raise OldReadError(f"IAM shows {version} as the default of {arn}, which has no such version") from error
        return HeldPolicy(place, _text(got["Document"]), version)

    def _new_version(self, place: PolicyPlace, text: str, keep_version: str | None, ours: Sequence[str]) -> str | None:
        try:
            return self._create_version(place, text)
        except self._iam.exceptions.LimitExceededException:
            self._make_room(place.holder, keep_version, ours)
            return self._create_version(place, text)

    def _create_version(self, place: PolicyPlace, text: str) -> str | None:
        arn = place.holder
        try:
            answer = self._iam.create_policy_version(PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)
        except self._iam.exceptions.LimitExceededException as error:
            held = self._managed(place) if was_tried_before(error) else None
            if held is not None and held.text == text:
                # It was an earlier try, whose answer was lost, that filled the fifth place.
                return held.version
            raise
        version = answer["PolicyVersion"]["VersionId"]
        tries = answer["ResponseMetadata"]["RetryAttempts"]
        if tries:
            self._delete_lost_tries(arn, text, version, tries)
        return version

    def _delete_lost_tries(self, arn: str, text: str, version: str, tries: int) -> None:
        """Delete the versions that earlier tries made without an answer: those just before, with the same text.

        What fails here is left: such a version is no default, so it opens nothing, and the policy is written.
        """
        number = int(version.removeprefix("v"))
        for earlier in range(max(1, number - tries), number):
            with contextlib.suppress(ClientError):
                got = self._iam.get_policy_version(PolicyArn=arn, VersionId=f"v{earlier}")["PolicyVersion"]
                if not got["IsDefaultVersion"] and _text(got["Document"]) == text:
                    self._iam.delete_policy_version(PolicyArn=arn, VersionId=f"v{earlier}")

    def _make_room(self, arn: str, keep_version: str | None, ours: Sequence[str]) -> None:
        """Delete the oldest version that is neither the default nor the baseline; leftovers of ours first."""
        versions = list(_pages(self._iam.list_policy_versions, "Versions", PolicyArn=arn))
        spare = [v for v in versions if not v["IsDefaultVersion"] and v["VersionId"] != keep_version]
        oldest = min(spare, key=lambda one: (one["VersionId"] not in ours, int(one["VersionId"].removeprefix("v"))))
        # Gone already, where the answer to a try was lost; or somebody else made room.
        with contextlib.suppress(self._iam.exceptions.NoSuchEntityException):
            self._iam.delete_policy_version(PolicyArn=arn, VersionId=oldest["VersionId"])


@contextlib.contextmanager
def _refusals_named(place: PolicyPlace) -> Iterator[None]:
    """Tell IAM's lasting refusals from its passing troubles, which go on as they are.

    A refusal of a second try is one of these: the first may have been carried out, and a later call will tell.
    """
    try:
        yield
    except ClientError as error:
        told = error.response.get("Error", {})
        if told.get("Code") not in _LASTING or was_tried_before(error):
            raise
        message = f"IAM refused to write {place}: {told.get('Code')}: {told.get('Message', '')}"
        raise RefusedByIamError(message) from error


def _pages(call: Callable[..., Any], element: str, **arguments: str) -> Iterator[Any]:
    """Every element of a listing, page after page, one call each."""
    marker: dict[str, str] = {}
    while True:
        page = call(**arguments, **marker)
        yield from page[element]
        if not page.get("IsTruncated"):
            return
        marker = {"Marker": page["Marker"]}


def _text(document: object) -> str:
    """The document as IAM holds it: the API sends it URL-encoded (IAM API reference, "GetUserPolicy").

    Some stand-ins for IAM send it as it is. Encoded, it has no braces, so the two can be told apart.
    """
    if isinstance(document, str):
        return document if "{" in document else unquote(document)
    raise TypeError(f"the IAM client decoded a policy document into {json.dumps(document)[:60]}; its bytes are lost")


def _name_of(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _managed_place(attached: Any) -> PolicyPlace:  # noqa: ANN401 - of three listings, shaped alike
    return PolicyPlace(PolicyKind.MANAGED, attached["PolicyArn"], attached["PolicyName"])


def _boundary(holder: Any) -> Iterator[PolicyPlace]:  # noqa: ANN401 - a User or a Role, shaped alike
    """The managed policy that is the principal's permissions boundary, if it has one."""
    arn = holder.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    if arn:
        yield PolicyPlace(PolicyKind.MANAGED, arn, _name_of(arn))
