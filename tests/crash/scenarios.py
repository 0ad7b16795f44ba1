"""What a process is at when it dies: an account made ready up to a moment, and the handler's work from there on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import ClientError

from airlock.grants.approval import Answer, CloseOrder, Form, Way
from airlock.grants.grant import grant_id
from airlock.policy.place import PolicyKind, PolicyPlace
from tests.events import Event, Install
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import ACCOUNT, OTHER_USER, ROLE, USER, Account, at, install
from tests.reconcile.interference import refusal

WINDOW_MINUTES = 10
OTHER_VPC = "vpc-0e15e0000000000e1"
OPERATOR = f"arn:aws:iam::{ACCOUNT}:role/Operators"


class Where(StrEnum):
    """Where the deny stands."""

    USER = "user-inline"
    ROLE = "role-inline"
    GROUP = "group-inline"
    MANAGED = "managed"
    FIVE_VERSIONS = "managed, five versions"
    BOUNDARY = "boundary"


class Doing(StrEnum):
    """What the handler is at."""

    OPEN = "open"
    OPEN_TWO = "open two policies"
    UNDO = "open two policies, of which IAM fails to take the second"
    NARROW = "narrow"
    WIDEN = "widen"
    END = "close: instance ended"
    END_TWO = "close two policies"
    TIMEOUT = "close: timeout, in the sweep"
    ORDER = "close: an operator's order"
    ASK = "ask for approval"
    APPROVED = "open once approved"


SECOND_WRITES = {Where.USER: "PutUserPolicy", Where.ROLE: "PutRolePolicy", Where.BOUNDARY: "PutRolePolicy"}
"""Where a grant opens two policies, the call that writes the second; of the others it is a managed policy's."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A kind of policy, a handler's work, and how many grants there are.

    Attributes:
        where: where the deny stands.
        doing: what the handler is at.
        overlapping: whether another grant is open on the same policy meanwhile.
    """

    where: Where
    doing: Doing
    overlapping: bool = False

    def __str__(self) -> str:
        return f"{self.where}, {self.doing}, {'two grants' if self.overlapping else 'one grant'}"

    @property
    def principal(self) -> str:
        """Whose install it is."""
        return ROLE if self.where in (Where.ROLE, Where.BOUNDARY) else USER

    @property
    def other_principal(self) -> str:
        """Whose the overlapping install is: somebody else's under the same policy, where policies can be shared."""
        if self.where in (Where.USER, Where.ROLE):
            return self.principal
        return USER if self.where is Where.BOUNDARY else OTHER_USER


SCENARIOS = tuple(
    Scenario(where, doing, overlapping) for overlapping in (False, True) for where in Where for doing in Doing
)


@dataclass(frozen=True, slots=True)
class Stage:
    """An account ready for the handler.

    Attributes:
        act: the handler's work.
        baselines: by policy, its text before any exemption.
        concerned: by policy, the principals whose grants open it.
        installs: by grant ID, the installs whose grants there may be.
        versions: of each managed policy, its versions before, the default last.
        by_approval: whether grants open on somebody's approval alone.
    """

    act: Callable[[], object]
    baselines: Mapping[PolicyPlace, str]
    concerned: Mapping[PolicyPlace, frozenset[str]]
    installs: Mapping[str, Install]
    versions: Mapping[PolicyPlace, tuple[str, ...]]
    by_approval: bool


def versions_of(account: Account, place: PolicyPlace) -> tuple[str, ...]:
    """A managed policy's versions, the default last."""
    listed = account.aside.iam.list_policy_versions(PolicyArn=place.holder)["Versions"]
    return tuple(one["VersionId"] for one in sorted(listed, key=lambda one: one["IsDefaultVersion"]))


def stage(account: Account, scenario: Scenario) -> Stage:
    """Make an account ready for a scenario."""
    by_approval = scenario.doing in (Doing.ASK, Doing.APPROVED)
    one = install("prod-7xk2q", scenario.principal)
    other = install("lab-9mz4c", scenario.other_principal)
    concerned = dict(_policies(account, scenario))
    for principal in account.principals:
        mode = "approval" if by_approval else "automatic"
        account.principals[principal] |= {"timeout_minutes": WINDOW_MINUTES, "mode": mode}
    account.revive()
    baselines = {place: account.text(place) or "" for place in concerned}
    versions = {place: versions_of(account, place) for place in concerned if place.kind is PolicyKind.MANAGED}
    if scenario.overlapping and scenario.doing is not Doing.TIMEOUT:
        _open(account, other, 5, by_approval=by_approval)
    act = _act(account, one, scenario.doing)
    if scenario.doing is Doing.UNDO:
        act = _failing(account, act, SECOND_WRITES.get(scenario.where, "CreatePolicyVersion"))
    if scenario.overlapping and scenario.doing is Doing.TIMEOUT:
        # The younger one, so that it is open still when the other's time is over.
        _open(account, other, 400)
    grants = {_id(each): each for each in (one, other)[: 2 if scenario.overlapping else 1]}
    return Stage(act, baselines, concerned, grants, versions, by_approval)


def _id(one: Install) -> str:
    return grant_id(ACCOUNT, one.principal, one.infra_id)


def _policies(account: Account, scenario: Scenario) -> Iterator[tuple[PolicyPlace, frozenset[str]]]:
    """Put the denies up; each policy with the principals whose grants open it."""
    mine, other = scenario.principal, scenario.other_principal
    principals = {mine, other} if scenario.overlapping else {mine}
    for principal in sorted(principals, key=lambda one: one != mine):
        place = _stand(account, scenario.where, principal)
    yield place, frozenset(principals)
    if scenario.doing in (Doing.OPEN_TWO, Doing.UNDO, Doing.END_TWO):
        text = (SAMPLES / "s3-only.json").read_text()
        match scenario.where:
            case Where.USER | Where.MANAGED | Where.FIVE_VERSIONS:
                second = account.stand(PolicyKind.GROUP_INLINE, text, mine, name="second")
            case Where.ROLE | Where.GROUP:
                second = account.stand(PolicyKind.MANAGED, text, mine, name="second")
            case Where.BOUNDARY:
                second = account.stand(PolicyKind.ROLE_INLINE, text, mine, name="second")
        yield second, frozenset({mine, other} if mine == other else {mine})


def _stand(account: Account, where: Where, principal: str) -> PolicyPlace:
    text = (SAMPLES / "aws-example.json").read_text()
    match where:
        case Where.USER:
            return account.stand(PolicyKind.USER_INLINE, text, principal)
        case Where.ROLE:
            return account.stand(PolicyKind.ROLE_INLINE, text, principal)
        case Where.GROUP:
            return account.stand(PolicyKind.GROUP_INLINE, text, principal)
        case Where.BOUNDARY:
            text = (SAMPLES / "with-allow-and-mfa.json").read_text()
    place = account.stand(PolicyKind.MANAGED, text, principal)
    if where is Where.FIVE_VERSIONS and len(versions_of(account, place)) == 1:
        for _ in range(4):
            account.edit(place, text)
    if where is Where.BOUNDARY and principal == ROLE:
        role = ROLE.rsplit("/", 1)[1]
        account.aside.iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=place.holder)
        account.aside.iam.detach_role_policy(RoleName=role, PolicyArn=place.holder)
    return place


def _open(account: Account, one: Install, seconds: float, *, by_approval: bool = False) -> None:
    account.deliver(one.create_vpc(at(seconds)))
    if by_approval:
        account.answer(one.infra_id, one.principal)


def _act(account: Account, one: Install, doing: Doing) -> Callable[[], object]:
    """Bring the install to the moment before, and give what comes then."""
    if doing not in (Doing.OPEN, Doing.OPEN_TWO, Doing.UNDO, Doing.ASK, Doing.APPROVED):
        _open(account, one, 10)
    match doing:
        case Doing.TIMEOUT:
            over = at(10 + WINDOW_MINUTES * 60 + 1)
            return lambda: account.sweep((over - account.clock.now()).total_seconds())
        case Doing.ORDER | Doing.APPROVED:
            _decide(account, one, doing)
            return lambda: account.order(_id(one))
    event = _event(account, one, doing)
    return lambda: account.deliver(event)


def _failing(account: Account, act: Callable[[], object], call: str) -> Callable[[], object]:
    """The same, but for IAM's passing trouble at one call; the handler fails, unless it dies before."""

    def fail() -> None:
        account.calls.failures[call, "before"] = [refusal()]
        with contextlib.suppress(ClientError):
            act()

    return fail


def _event(account: Account, one: Install, doing: Doing) -> Event:
    """The event that the handler is at."""
    match doing:
        case Doing.NARROW:
            return one.create_vpc_endpoint(at(40))
        case Doing.WIDEN:
            account.deliver(one.create_vpc_endpoint(at(40)))
            return _elsewhere(one.run_instances(at(50)))
        case Doing.END | Doing.END_TWO:
            account.deliver(one.run_instances(at(50)))
            return one.state(at(300), "shutting-down")
    return one.create_role(at(10))


def _decide(account: Account, one: Install, doing: Doing) -> None:
    """Keep what somebody decided, of which the handler is about to hear."""
    moment = at(100)
    if doing is Doing.ORDER:
        account.answers.order_close(_id(one), CloseOrder(at=moment, by=OPERATOR, note="by hand"))
    else:
        account.deliver(one.create_role(at(10)))
        told = Answer(approved=True, form=Form.SCOPED, at=moment, by=OPERATOR, way=Way.IAM)
        account.answers.give(_id(one), told)
    account.clock.moment = moment


def _elsewhere(event: Event) -> Event:
    """The bootstrap instance starts in another VPC than the endpoint's."""
    event["detail"]["responseElements"]["instancesSet"]["items"][0]["vpcId"] = OTHER_VPC
    return event
