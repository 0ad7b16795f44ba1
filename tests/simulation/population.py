"""Who installs in the simulated account, and the policies that deny them by network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from airlock.adapters.answers import DynamoAnswers
from airlock.grants.approval import Ahead, Form
from airlock.policy.place import PolicyKind, PolicyPlace
from tests.policy.strategies import SAMPLES

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

ACCOUNT = "111122223333"
_IAM = f"arn:aws:iam::{ACCOUNT}"
SHARED_BY = 4
# Each tenth principal is of the same kind; each seventeenth has the same say: the two go through all pairs.
KINDS = ("user", "group", "role", "managed", "boundary", "user", "group", "role", "managed", "user")
_PLAIN: dict[str, object] = {}
CHARACTERS: tuple[tuple[str, dict[str, object]], ...] = (
    ("automatic", _PLAIN),
    ("approval", {"mode": "approval"}),
    ("automatic", _PLAIN),
    ("lifted", {"strategy": "lift", "lifting": "automatic"}),
    ("automatic", _PLAIN),
    ("automatic", {"close_on": "fetched"}),
    ("automatic", _PLAIN),
    ("approved ahead", {"mode": "approval"}),
    ("automatic", {"timeout_minutes": 45}),
    ("lifted, asked", {"strategy": "lift"}),
    ("automatic", {"timeout_minutes": 90}),
    ("automatic", {"close_on": "fetched"}),
    ("automatic", _PLAIN),
    ("approval", {"mode": "approval", "close_on": "fetched"}),
    ("automatic", _PLAIN),
    ("automatic", {"rescue": False}),
    ("automatic", _PLAIN),
)
_DENYING = (
    "aws-example",
    "no-via-service-guard",
    "not-action",
    "perimeter",
    "s3-only",
    "single-statement-object",
    "with-allow-and-mfa",
)


@dataclass(frozen=True, slots=True)
class Member:
    """One principal.

    Attributes:
        arn: its ARN.
        kind: where its deny stands: user, role, group, managed, boundary.
        character: whether people have a say, and whether the deny is lifted.
        options: as the configuration has them.
        places: all of its policies.
    """

    arn: str
    kind: str
    character: str
    options: Mapping[str, object]
    places: tuple[PolicyPlace, ...]

    @property
    def window(self) -> timedelta:
        """For how long a grant of its may be open."""
        minutes = self.options.get("timeout_minutes", 60)
        assert isinstance(minutes, int)
        return timedelta(minutes=minutes)

    @property
    def is_user(self) -> bool:
        """Whether it is an IAM user; else it is a role."""
        return ":user/" in self.arn

    @property
    def name(self) -> str:
        """Its name."""
        return self.arn.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Population:
    """All principals, and the texts of all their policies before anything is opened."""

    members: tuple[Member, ...]
    texts: Mapping[PolicyPlace, str]

    def settings(self) -> str:
        """What the functions are told of them."""
        return json.dumps({member.arn: dict(member.options) for member in self.members})

    def under(self, place: PolicyPlace) -> list[Member]:
        """Who is under a policy."""
        return [member for member in self.members if place in member.places]

    def settle(self, iam: IAMClient) -> None:
        """Make them all in IAM."""
        for place, text in self.texts.items():
            if place.kind is PolicyKind.MANAGED:
                iam.create_policy(PolicyName=place.name, PolicyDocument=text)
        for member in self.members:
            _settle(iam, member, self.texts)

    def approve_ahead(self, answers: DynamoAnswers, now: datetime) -> None:
        """Approve the installs of those whose operators do so in the morning."""
        for number, member in enumerate(one for one in self.members if one.character == "approved ahead"):
            answers.approve_ahead(
                Ahead(
                    id=f"ahead-{number:08x}",
                    principal=member.arn,
                    cluster=None,
                    form=Form.ANY_NETWORK,
                    since=now,
                    until=now + timedelta(days=2),
                    by=f"{_IAM}:role/operator",
                )
            )


def a_population(size: int, seed: int) -> Population:
    """So many principals of all kinds; four at a time share a group, a managed policy or a boundary."""
    random = Random(f"{seed} population")  # noqa: S311 - a simulation's dice
    texts: dict[PolicyPlace, str] = {}
    members = []
    numbers = dict.fromkeys(KINDS, 0)
    for index in range(size):
        kind = KINDS[index % len(KINDS)]
        character, options = CHARACTERS[index % len(CHARACTERS)]
        member = _member(index, kind, numbers[kind], character, options)
        numbers[kind] += 1
        for place in member.places:
            sample = "nothing-to-open" if place.name == "work" else random.choice(_DENYING)
            texts.setdefault(place, _written(sample, random))
        members.append(member)
    return Population(tuple(members), texts)


def _member(index: int, kind: str, number: int, character: str, options: Mapping[str, object]) -> Member:
    # moto knows no boundary of users.
    is_user = kind in ("user", "group") or (kind == "managed" and number % 2 == 0)
    path = ("", "ci/", "teams/platform/")[index % 3]
    arn = f"{_IAM}:{'user' if is_user else 'role'}/{path}installer-{index:03}"
    shared = f"net-{kind}-{number // SHARED_BY:02}"
    more: dict[str, object] = {}
    match kind:
        case "user":
            place = PolicyPlace(PolicyKind.USER_INLINE, arn, "net")
        case "role":
            place = PolicyPlace(PolicyKind.ROLE_INLINE, arn, "net")
        case "group":
            place = PolicyPlace(PolicyKind.GROUP_INLINE, f"{_IAM}:group/{shared}", "net")
            more = {"groups": [place.holder]}
        case _:
            place = PolicyPlace(PolicyKind.MANAGED, f"{_IAM}:policy/{shared}", shared)
            more = {"policies": [place.holder]}
    own = PolicyKind.USER_INLINE if is_user else PolicyKind.ROLE_INLINE
    # What else its team has put on it denies nothing by network. A user's room of 2,048 characters is small as it is.
    work = (PolicyPlace(own, arn, "work"),) if kind != "user" and index % 3 else ()
    return Member(arn, kind, character, {**options, **more}, (place, *work))


def _written(sample: str, random: Random) -> str:
    """A sample policy as somebody else would have typed it."""
    document: dict[str, Any] = json.loads((SAMPLES / f"{sample}.json").read_text())
    indent = random.choice((None, 1, 2, 4))
    separators = random.choice(((",", ":"), (", ", ": "), (" ,", " : ")))
    return json.dumps(document, indent=indent, separators=separators) + random.choice(("", "\n", " \n"))


def _settle(iam: IAMClient, member: Member, texts: Mapping[PolicyPlace, str]) -> None:
    path = "/" + "/".join(member.arn.split("/")[1:-1])
    boundary: Any = {"PermissionsBoundary": member.places[0].holder} if member.kind == "boundary" else {}
    path += "/" if len(path) > 1 else ""
    if member.is_user:
        iam.create_user(UserName=member.name, Path=path, **boundary)
    else:
        iam.create_role(RoleName=member.name, Path=path, AssumeRolePolicyDocument="{}", **boundary)
    for place in member.places:
        _put(iam, member, place, texts[place])


def _put(iam: IAMClient, member: Member, place: PolicyPlace, text: str) -> None:
    match place.kind:
        case PolicyKind.USER_INLINE:
            iam.put_user_policy(UserName=member.name, PolicyName=place.name, PolicyDocument=text)
        case PolicyKind.ROLE_INLINE:
            iam.put_role_policy(RoleName=member.name, PolicyName=place.name, PolicyDocument=text)
        case PolicyKind.GROUP_INLINE:
            group = place.holder.rsplit("/", 1)[-1]
            with suppress(iam.exceptions.EntityAlreadyExistsException):
                iam.create_group(GroupName=group)
            iam.put_group_policy(GroupName=group, PolicyName=place.name, PolicyDocument=text)
            iam.add_user_to_group(GroupName=group, UserName=member.name)
        case _ if member.kind == "boundary":
            pass  # it came with the principal
        case _ if member.is_user:
            iam.attach_user_policy(UserName=member.name, PolicyArn=place.holder)
        case _:
            iam.attach_role_policy(RoleName=member.name, PolicyArn=place.holder)
