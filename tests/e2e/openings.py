"""What the airlock writes into the sample policies, and what a server that enforces it should answer, and when.

Every form of opening goes into every sample policy, each under a user of its own, so that all wait together for their
ends. The server is asked the same requests before, while open, after each end with nothing touched, and once restored.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

from airlock.install.names import Era, bootstrap_bucket, bootstrap_object_arns, bootstrap_object_key
from airlock.policy.exemption import Address, Exemption, Vpc
from airlock.policy.ladder import Widening, rungs
from airlock.policy.render import render
from demo.cloud import USER
from demo.gate import send
from demo.local_world import NODE_ADDRESS, OFFICE_ADDRESS

SAMPLES: Final = Path(__file__).parents[1] / "samples" / "policies"
FENCES: Final = tuple(sorted(path.name for path in SAMPLES.glob("*.json") if path.name != "nothing-to-open.json"))
# The fetch and one more: PutObject, the worst to let through. Both servers tell it from GetObject.
ACTIONS: Final = ("s3:GetObject", "s3:PutObject")

VPC: Final = "vpc-98615dcbe810beacd"
SECOND_VPC: Final = "vpc-0b2c4d6e8f0a1b3c5"
PUBLIC_ADDRESS: Final = "198.51.100.7"
SECOND_NODE_ADDRESS: Final = "127.0.0.3"
PUBLIC_NODE_ADDRESS: Final = "127.0.0.4"
STRANGER_ADDRESS: Final = "127.0.0.5"
NODES: Final = {VPC: NODE_ADDRESS, SECOND_VPC: SECOND_NODE_ADDRESS, PUBLIC_ADDRESS: PUBLIC_NODE_ADDRESS}
CALLERS: Final = (*NODES.values(), STRANGER_ADDRESS)

_INFRA_ID: Final = "prod-7xk2q"
_SECOND_INFRA_ID: Final = "test-4mzt9"
_BUCKET: Final = bootstrap_bucket(_INFRA_ID, Era.CAPA)
_KEY: Final = bootstrap_object_key(_INFRA_ID, Era.CAPA)
_SECOND_BUCKET: Final = bootstrap_bucket(_SECOND_INFRA_ID, Era.CAPA)
_SECOND_KEY: Final = bootstrap_object_key(_SECOND_INFRA_ID, Era.CAPA)
_COLLEAGUE: Final = f"{USER}-colleague"
_POLICY: Final = "fence"

# How long an opening lasts beyond what writing it and looking at it should take, and when the next look may begin:
# conditions compare whole seconds.
_SPARE: Final = timedelta(seconds=2)
_PAST: Final = timedelta(seconds=1.2)

Document = Mapping[str, Any]
Principal = str | Mapping[str, str]
"""One principal's ARN; or, of those who share a policy, each one's ARN and its user's name."""


class Signer(Protocol):
    """A user of a server."""

    def presign(self, bucket: str, key: str, seconds: int = 3600, *, method: str = "GET") -> str:
        """Sign a GET or a PUT of an object."""


User = TypeVar("User", bound=Signer)


class Server(Protocol[User]):
    """A real S3 server with IAM."""

    def put_object(self, bucket: str, key: str, body: bytes) -> None:
        """Store an object, and make its bucket if need be."""

    def add_user(self, name: str, *, colleague: User | None = None) -> User:
        """Make a user who may do whatever isn't denied; one with a colleague has that user's policies."""

    def enforce_all(self, policies: Mapping[User, Mapping[str, Document]]) -> object:
        """Replace the policies of several users."""

    def held(self, user: User) -> Mapping[str, Document]:
        """Read a user's policies as the server holds them."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request that a server is asked, again and again.

    Attributes:
        source: the local address that it comes from.
        method: GET or PUT.
        bucket: the bucket's name.
        key: the object's key.
        colleague: whether it is signed by the one who shares the policy.
    """

    source: str
    method: str = "GET"
    bucket: str = _BUCKET
    key: str = _KEY
    colleague: bool = False


REQUESTS: Final = {
    "fetch": Request(NODE_ADDRESS),
    "fetch by the office": Request(OFFICE_ADDRESS),
    "fetch from the other VPC": Request(SECOND_NODE_ADDRESS),
    "fetch from the address": Request(PUBLIC_NODE_ADDRESS),
    "fetch by a stranger": Request(STRANGER_ADDRESS),
    "write": Request(NODE_ADDRESS, "PUT"),
    "write by a stranger": Request(STRANGER_ADDRESS, "PUT"),
    "another object": Request(NODE_ADDRESS, key="control-plane/another"),
    "write of another object": Request(NODE_ADDRESS, "PUT", key="control-plane/another"),
    "another bucket": Request(NODE_ADDRESS, bucket="other-bucket"),
    "other install's fetch": Request(SECOND_NODE_ADDRESS, bucket=_SECOND_BUCKET, key=_SECOND_KEY),
    "other install's object": Request(NODE_ADDRESS, bucket=_SECOND_BUCKET, key=_SECOND_KEY),
}
COLLEAGUES: Final = {
    "colleague's fetch by the office": Request(OFFICE_ADDRESS, colleague=True),
    "colleague's fetch": Request(NODE_ADDRESS, colleague=True),
    "colleague's other object": Request(NODE_ADDRESS, key="control-plane/another", colleague=True),
}
ALWAYS: Final = frozenset({"fetch by the office", "colleague's fetch by the office"})

_FETCH: Final = frozenset({"fetch"})
_FETCHES: Final = frozenset(name for name in REQUESTS if name.startswith("fetch"))
_WRITES: Final = frozenset({"write", "write by a stranger"})
_LETS_THROUGH: Final[Mapping[tuple[Widening, ...], frozenset[str]]] = {
    (): _FETCH,
    (Widening.NETWORK,): _FETCHES,
    (Widening.ACTIONS,): _FETCH | {"write"},
    (Widening.NETWORK, Widening.ACTIONS): _FETCHES | _WRITES,
    (Widening.LIFT,): frozenset(REQUESTS),
}
"""What each rung lets through; a rung that isn't here fails the tests as they are collected."""


class Stage(StrEnum):
    """When a server is asked."""

    BEFORE = "before"
    OPEN = "open"
    FIRST_IS_OVER = "past the first end, with nothing touched"
    ALL_IS_OVER = "past the last end, with nothing touched"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Opening:
    """One form of what the airlock writes.

    Attributes:
        name: what tests call it.
        exemptions: makes the exemptions, from the first end and the last one.
        lets_through: names of requests that are let through, and when, besides ALWAYS.
        shared: whether a colleague has the same policy.
        left_out: the number of a statement that is left out of what the airlock writes, as if by mistake.
    """

    name: str
    exemptions: Callable[[datetime, datetime], Sequence[Exemption]] = field(compare=False)
    lets_through: Mapping[Stage, frozenset[str]] = field(compare=False)
    shared: bool = False
    left_out: int | None = None

    @property
    def requests(self) -> dict[str, Request]:
        """What is asked of it, by name."""
        return REQUESTS | COLLEAGUES if self.shared else REQUESTS


def _exact(end: datetime) -> Exemption:
    """An install of which all is known."""
    return Exemption(
        principal=USER,
        objects=bootstrap_object_arns(_INFRA_ID, "aws", Era.CAPA),
        encrypted=bootstrap_object_arns(_INFRA_ID, "aws", Era.CAPA),
        region="us-east-2",
        network=Vpc(VPC),
        not_after=end,
    )


def _before_narrowing(end: datetime) -> Exemption:
    """The same, when no more than the infra ID is known."""
    return Exemption(
        principal=USER,
        objects=bootstrap_object_arns(_INFRA_ID, "aws", None),
        encrypted=bootstrap_object_arns(_INFRA_ID, "aws", Era.CAPA),
        not_after=end,
    )


def _by_address(end: datetime) -> Exemption:
    """The same, where the node calls from a public address."""
    return Exemption(
        principal=USER,
        objects=bootstrap_object_arns(_INFRA_ID, "aws", Era.CAPA),
        encrypted=bootstrap_object_arns(_INFRA_ID, "aws", Era.CAPA),
        region="us-east-2",
        network=Address(f"{PUBLIC_ADDRESS}/32"),
        not_after=end,
    )


def _other_install(end: datetime) -> Exemption:
    """Another install by the same principal, in another VPC."""
    return Exemption(
        principal=USER,
        objects=bootstrap_object_arns(_SECOND_INFRA_ID, "aws", Era.CAPA),
        encrypted=bootstrap_object_arns(_SECOND_INFRA_ID, "aws", Era.CAPA),
        region="us-east-2",
        network=Vpc(SECOND_VPC),
        not_after=end,
    )


def _rung(number: int) -> Callable[[datetime, datetime], Sequence[Exemption]]:
    return lambda first, _last: [rungs(_exact(first))[number].exemption]


def _openings() -> list[Opening]:
    ladder = [
        Opening("-and-".join(rung.widenings) or "exact", _rung(number), {Stage.OPEN: _LETS_THROUGH[rung.widenings]})
        for number, rung in enumerate(rungs(_exact(datetime.now(UTC))))
    ]
    lifted = next(number for number, opening in enumerate(ladder) if opening.name == Widening.LIFT)
    other_install = frozenset({"other install's fetch"})
    by_address = frozenset({"fetch from the address"})
    return [
        *ladder,
        Opening("before-narrowing", lambda first, _last: [_before_narrowing(first)], {Stage.OPEN: _FETCHES}),
        Opening("address", lambda first, _last: [_by_address(first)], {Stage.OPEN: by_address}),
        Opening(
            "two-grants",
            lambda first, last: [_exact(first), _other_install(last)],
            {Stage.OPEN: _FETCH | other_install, Stage.FIRST_IS_OVER: other_install},
        ),
        Opening("shared", _rung(0), ladder[0].lets_through, shared=True),
        Opening("shared-lift", _rung(lifted), ladder[lifted].lets_through, shared=True),
    ]


def _openings_with_a_mistake() -> list[Opening]:
    """The exact form of one deny, each time without one of its four statements, and what that lets through."""
    objects = frozenset({"another object", "another bucket", "other install's object"})
    without: list[Mapping[Stage, frozenset[str]]] = [
        {Stage.OPEN: _FETCH | {"write"}},
        {Stage.OPEN: _FETCH | objects},
        {Stage.OPEN: _FETCHES},
        dict.fromkeys((Stage.OPEN, Stage.FIRST_IS_OVER, Stage.ALL_IS_OVER), _FETCH),
    ]
    return [
        Opening(f"without-statement-{number}", _rung(0), lets_through, left_out=number)
        for number, lets_through in enumerate(without, start=1)
    ]


@dataclass(frozen=True, slots=True)
class Case:
    """One opening of one sample policy.

    Attributes:
        fence: the sample's file name.
        opening: what is opened.
    """

    fence: str
    opening: Opening

    def __str__(self) -> str:
        return f"{self.opening.name}-{self.fence.removesuffix('.json')}"

    @property
    def users(self) -> list[str]:
        """The names of the users for whom it is opened, or who share the policy."""
        return [str(self), f"{self}-colleague"] if self.opening.shared else [str(self)]

    @property
    def baseline(self) -> str:
        """The policy's text before."""
        return (SAMPLES / self.fence).read_text()

    def opened(self, first: datetime, last: datetime) -> str:
        """The policy's text while it is open.

        Raises:
            CannotRenderError: it can't be opened in this form.
        """
        exemptions = self.opening.exemptions(first, last)
        text = render(self.baseline, exemptions, datetime.now(UTC), shared=self.opening.shared)
        if self.opening.left_out is None:
            return text
        document = json.loads(text)
        del document["Statement"][self.opening.left_out - 1]
        return json.dumps(document)

    def expected(self, stage: Stage) -> dict[str, int]:
        """The statuses that a server should answer with."""
        through = ALWAYS | self.opening.lets_through.get(stage, frozenset())
        return {name: 200 if name in through else 403 for name in self.opening.requests}


# Of arn:aws:s3:::* GetObject alone can be taken out (docs/policy-algebra.md, "The ladder").
_WITHOUT_FORM: Final = frozenset({"actions-s3-only", "network-and-actions-s3-only"})
_CASES: Final = tuple(Case(fence, opening) for opening in _openings() for fence in FENCES)
WRITTEN: Final = tuple(case for case in _CASES if str(case) not in _WITHOUT_FORM)
UNWRITTEN: Final = tuple(case for case in _CASES if str(case) in _WITHOUT_FORM)
MISTAKES: Final = tuple(Case("aws-example.json", opening) for opening in _openings_with_a_mistake())


@dataclass(slots=True)
class Seen:
    """What a server answered of one case.

    Attributes:
        answers: the statuses, by the requests' names.
        held: the policy as the server held it.
    """

    answers: dict[Stage, dict[str, int]] = field(default_factory=dict)
    held: dict[Stage, Document] = field(default_factory=dict)


Translate = Callable[[Document, Principal], Document]


class _Watch(Generic[User]):
    """A server with a user for each case."""

    def __init__(self, server: Server[User], cases: Sequence[Case], translate: Translate) -> None:
        for bucket in (_BUCKET, "other-bucket"):
            server.put_object(bucket, _KEY, b"{}")
        server.put_object(_BUCKET, "control-plane/another", b"{}")
        server.put_object(_SECOND_BUCKET, _SECOND_KEY, b"{}")
        self._server, self._translate = server, translate
        self._users: dict[Case, User] = {}
        self._principals: dict[Case, Principal] = {}
        self._signed: dict[Case, dict[str, tuple[str, str, str]]] = {}
        self.seen = {case: Seen() for case in cases}
        for case in cases:
            self._add(case)

    def _add(self, case: Case) -> None:
        user = colleague = self._server.add_user(case.users[0])
        self._users[case], self._principals[case] = user, USER
        if case.opening.shared:
            colleague = self._server.add_user(case.users[1], colleague=user)
            self._principals[case] = dict(zip((USER, _COLLEAGUE), case.users, strict=True))
        self._signed[case] = {
            name: (
                one.method,
                (colleague if one.colleague else user).presign(one.bucket, one.key, method=one.method),
                one.source,
            )
            for name, one in case.opening.requests.items()
        }

    def translated(self, case: Case, text: str) -> Document:
        """The policy as the server gets it."""
        return self._translate(json.loads(text), self._principals[case])

    def put(self, texts: Mapping[Case, str]) -> None:
        """Give each case's user its policy."""
        self._server.enforce_all(
            {self._users[case]: {_POLICY: self.translated(case, text)} for case, text in texts.items()}
        )

    def look(self, stage: Stage) -> timedelta:
        """Ask everything; returns how long it took."""
        begin = datetime.now(UTC)
        for case, signed in self._signed.items():
            self.seen[case].answers[stage] = {name: send(*request) for name, request in signed.items()}
        return datetime.now(UTC) - begin

    def read(self, stage: Stage) -> None:
        """Read every policy back."""
        for case, user in self._users.items():
            self.seen[case].held[stage] = self._server.held(user)[_POLICY]


def watch(server: Server[User], cases: Sequence[Case], translate: Translate) -> dict[Case, Seen]:
    """Play all cases at once.

    Args:
        server: the server, ready.
        cases: what to open.
        translate: writes a policy so that this server decides the requests as AWS would.
    """
    watched = _Watch(server, cases, translate)
    begin = datetime.now(UTC)
    watched.put({case: case.baseline for case in cases})
    looking = watched.look(Stage.BEFORE)
    putting_and_looking = datetime.now(UTC) - begin
    watched.read(Stage.BEFORE)

    # A slow machine gets more time to look while all is open.
    now = datetime.now(UTC)
    first = _whole(now + _SPARE + 1.5 * putting_and_looking)
    last = _whole(first + _PAST + _SPARE + 1.5 * looking)
    watched.put({case: case.opened(first, last) for case in cases})
    watched.look(Stage.OPEN)
    _require_before(first)

    _sleep_until(first + _PAST)
    watched.look(Stage.FIRST_IS_OVER)
    _require_before(last)

    _sleep_until(last + _PAST)
    watched.look(Stage.ALL_IS_OVER)

    watched.put({case: render(case.baseline, [], now, shared=case.opening.shared) for case in cases})
    watched.look(Stage.RESTORED)
    watched.read(Stage.RESTORED)
    return watched.seen


def meaning(document: Document) -> list[str]:
    """A policy's statements without what says nothing: names, order, and whether one value stands in a list."""
    return sorted(json.dumps(_spread(one), sort_keys=True) for one in _listed(document["Statement"]))


def _spread(statement: Document) -> dict[str, Any]:
    condition = {
        operator: {key: sorted(map(str, _listed(value))) for key, value in keys.items()}
        for operator, keys in statement.get("Condition", {}).items()
    }
    elements = {name: value for name, value in statement.items() if name not in ("Sid", "Condition")}
    return {name: sorted(_listed(value)) for name, value in elements.items()} | {"Condition": condition}


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - IAM takes a value and a list of one for the same
    return list(value) if isinstance(value, list) else [value]


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0) + timedelta(seconds=1)


def _sleep_until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))


def _require_before(end: datetime) -> None:
    late = datetime.now(UTC) - end
    assert late < timedelta(0), f"this machine is too slow: looking took until {late} after the end"
