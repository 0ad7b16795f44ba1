"""What humans may do to a policy, and when: the acts and the moments that the tests cross."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from airlock.policy.document import statements_of
from airlock.policy.place import PolicyKind, PolicyPlace
from tests.events import Install
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import ROLE, USER, Account, at, install
from tests.reconcile.interference import Crash

POLICY = (SAMPLES / "aws-example.json").read_text()
DENY: dict[str, Any] = statements_of(json.loads(POLICY))[0]
BY_HUMAN = {"Sid": "ByHuman", "Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
LOOKALIKE = {"Sid": "Airlock7", "Effect": "Deny", "Action": "iam:*", "Resource": "*"}
WRITING = {
    PolicyKind.USER_INLINE: "PutUserPolicy",
    PolicyKind.ROLE_INLINE: "PutRolePolicy",
    PolicyKind.GROUP_INLINE: "PutGroupPolicy",
    PolicyKind.MANAGED: "CreatePolicyVersion",
}


@dataclass(frozen=True, slots=True)
class Act:
    """A human's text in place of what stands.

    Attributes:
        edit: gives it.
        keeps: the statements of the human's own in it.
        denies: whether the original deny is in it as it was before.
        anew: whether the policy is deleted first, and made anew with the text.
    """

    edit: Callable[[str], str]
    keeps: tuple[dict[str, Any], ...] = (BY_HUMAN,)
    denies: bool = False
    anew: bool = False


def _text(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _beside(text: str) -> str:
    document = json.loads(text)
    return json.dumps({**document, "Statement": [BY_HUMAN, *statements_of(document)]})


def _without_the_first(text: str) -> str:
    document = json.loads(text)
    return json.dumps({**document, "Statement": [*statements_of(document)[1:], BY_HUMAN]})


def _normal(part: Any) -> Any:  # noqa: ANN401 - any part of a policy
    """Lists sorted, and lists of one without their brackets, as programs have it."""
    if isinstance(part, dict):
        return {key: _normal(value) for key, value in part.items()}
    if isinstance(part, list):
        return _normal(part[0]) if len(part) == 1 else sorted(part)
    return part


def _normalised(text: str) -> str:
    document = json.loads(text)
    return json.dumps({**document, "Statement": [BY_HUMAN, *map(_normal, statements_of(document))]})


ACTS = {
    "edits beside": Act(_beside),
    "normalises": Act(_normalised),
    "takes a statement out": Act(_without_the_first),
    "replaces it": Act(lambda _: _text(DENY, BY_HUMAN), denies=True),
    "replaces it without the deny": Act(lambda _: _text(BY_HUMAN)),
    "replaces it by a lone statement": Act(lambda _: json.dumps({"Version": "2012-10-17", "Statement": BY_HUMAN})),
    "replaces it by a lookalike": Act(lambda _: _text(LOOKALIKE), keeps=(LOOKALIKE,)),
    "lays it out anew": Act(lambda text: json.dumps(json.loads(text), indent=7), keeps=()),
    "puts it back": Act(lambda _: POLICY, keeps=(), denies=True),
    "deletes it, makes it anew": Act(lambda _: _text(DENY, BY_HUMAN), denies=True, anew=True),
    "deletes it, makes it anew without the deny": Act(lambda _: _text(BY_HUMAN), anew=True),
    "deletes it, makes it anew with ours": Act(lambda text: text, keeps=(), anew=True),
    "deletes it, makes it anew with ours and an edit": Act(_beside, anew=True),
}


@dataclass(slots=True)
class Scene:
    """One policy with grants on it, at the moment at which a human acts.

    Attributes:
        account: the account.
        place: the policy.
        installs: whose grants concern it, or did.
    """

    account: Account
    place: PolicyPlace
    installs: tuple[Install, ...]

    def do(self, act: Act) -> str:
        """Let the human act; gives the text that stands then."""
        text = act.edit(str(self.account.text(self.place)))
        if act.anew:
            delete(self.account, self.place)
            self._make(text)
        else:
            self.account.edit(self.place, text)
        return text

    def _make(self, text: str) -> None:
        if self.place.kind is not PolicyKind.MANAGED:
            self.account.edit(self.place, text)
            return
        iam = self.account.aside.iam
        iam.create_policy(PolicyName=self.place.name, PolicyDocument=text)
        iam.attach_user_policy(UserName=USER.rpartition("/")[2], PolicyArn=self.place.holder)


MOMENTS = ("open", "opening, unwritten", "opening, written", "closing, unwritten", "closing, written", "two", "second")


def scene(account: Account, kind: PolicyKind, moment: str) -> Scene:
    """Come to a moment.

    Args:
        account: an empty one.
        kind: where the policy stands.
        moment: while one grant is open, or two are, or the second still is; or a process died before or after the
            write by which a grant was opened or closed, and its lease has ended.
    """
    place = account.stand(kind, POLICY)
    principal = ROLE if kind is PolicyKind.ROLE_INLINE else USER
    one, two = install("prod-7xk2q", principal), install("lab-9mz4c", principal)
    if moment.startswith("opening"):
        _die(account, WRITING[kind], moment, lambda: account.deliver(one.create_vpc(at(0))))
        return Scene(account, place, (one,))
    account.deliver(one.create_vpc(at(0)))
    if moment.startswith("closing"):
        call = "SetDefaultPolicyVersion" if kind is PolicyKind.MANAGED else WRITING[kind]
        _die(account, call, moment, lambda: account.deliver(one.delete_bucket(at(60))))
    if moment in ("two", "second"):
        account.deliver(two.create_vpc(at(5)))
    if moment == "second":
        account.deliver(one.delete_bucket(at(60)))
    account.clock.sleep(60)
    return Scene(account, place, (one, two) if moment in ("two", "second") else (one,))


def _die(account: Account, call: str, moment: str, work: Callable[[], object]) -> None:
    account.calls.failures[call, "after" if moment.endswith(", written") else "before"] = [Crash()]
    try:
        work()
    except Crash:
        account.calls.failures.clear()
        account.revive()
        account.clock.sleep(91)
    else:
        raise AssertionError(f"nothing died at {call}")


def delete(account: Account, place: PolicyPlace) -> None:
    """Delete a policy, wherever it stands."""
    iam, holder = account.aside.iam, place.holder.rpartition("/")[2]
    match place.kind:
        case PolicyKind.USER_INLINE:
            iam.delete_user_policy(UserName=holder, PolicyName=place.name)
        case PolicyKind.ROLE_INLINE:
            iam.delete_role_policy(RoleName=holder, PolicyName=place.name)
        case PolicyKind.GROUP_INLINE:
            iam.delete_group_policy(GroupName=holder, PolicyName=place.name)
        case _:
            entities = iam.list_entities_for_policy(PolicyArn=place.holder)
            for user in entities["PolicyUsers"]:
                iam.detach_user_policy(UserName=user["UserName"], PolicyArn=place.holder)
            for version in iam.list_policy_versions(PolicyArn=place.holder)["Versions"]:
                if not version["IsDefaultVersion"]:
                    iam.delete_policy_version(PolicyArn=place.holder, VersionId=version["VersionId"])
            iam.delete_policy(PolicyArn=place.holder)
