"""The day's installs: who starts one when, what it does, and the requests that its bootstrap node makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from string import ascii_lowercase, digits

from airlock.grants.grant import grant_id
from airlock.install.cloudtrail import ENDED_STATES, STATE_CHANGE, WATCHED_CALLS
from airlock.install.names import Era, bootstrap_bucket, bootstrap_object_arns
from airlock.policy.evaluate import Request
from airlock.policy.requests import Fetch
from tests.events import Event, Install, install_stream
from tests.simulation.population import ACCOUNT, Member

FETCH_AFTER = timedelta(seconds=20)
"""How long after RunInstances a node asks for its Ignition file."""
_ENDING = 1800
"""The second of an install's stream from which its end is told."""
_PUBLIC = "198.51.100.7"
_PRIVATE = "10.0.14.7"
_REGIONS = ("us-east-1", "us-east-2", "eu-central-1", "ap-northeast-1")
_NEVER_TERMINATES = 0.03
_OWN_VPC = 0.75
_RUSHES = (0.38, 0.58)
"""When in the day many start at once: in the morning, and after noon."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One install.

    Attributes:
        member: who installs.
        install: its names and events.
        start: when it begins.
        terminates: whether it removes its bootstrap node and bucket in the end.
        own_vpc: whether it makes its VPC, with an S3 endpoint in it.
    """

    member: Member
    install: Install
    start: datetime
    terminates: bool
    own_vpc: bool

    @property
    def grant(self) -> str:
        """The ID of its grant."""
        return grant_id(ACCOUNT, self.member.arn, self.install.infra_id)

    @property
    def launched(self) -> datetime:
        """When the bootstrap node is launched."""
        return self.start + timedelta(seconds=345 if self.install.era is Era.TERRAFORM else 360)

    def signals(self) -> Iterator[tuple[datetime, Event]]:
        """What it does until its node is up, as far as the stack's rules let it through."""
        yield from self._events(self.start, ending=False)

    def ending(self, served: datetime) -> Iterator[tuple[datetime, Event]]:
        """What it does in the end, if its node has got its file; the later, the later that was."""
        delay = served - (self.launched + FETCH_AFTER)
        if self.terminates:
            yield from self._events(self.start + delay, ending=True)

    def fetch(self, at: datetime) -> list[Request]:
        """The node's request for its file, and S3's call to KMS for it."""
        return [*self.read(at), *self._decrypt(at)]

    def read(self, at: datetime) -> list[Request]:
        """The first of these alone."""
        return list(self._get(self._object(), at))

    def control(self, at: datetime) -> list[Request]:
        """The node's request for another object of the same bucket, which nothing should let through."""
        bucket = bootstrap_bucket(self.install.infra_id, self.install.era)
        return list(self._get(f"arn:aws:s3:::{bucket}/another", at))

    def _object(self) -> str:
        return bootstrap_object_arns(self.install.infra_id, "aws", self.install.era)[0]

    def _get(self, arn: str, at: datetime) -> Iterator[Request]:
        get = Fetch(arn, self.member.arn, at, complete=True)
        if self.own_vpc:
            yield get.from_vpc(self.install.vpc, endpoint_id=self.install.endpoint, private_ip=_PRIVATE)
        else:
            yield get.from_address(_PUBLIC)

    def _decrypt(self, at: datetime) -> Iterator[Request]:
        if self.install.era is Era.CAPA:
            yield Fetch(self._object(), self.member.arn, at, complete=True).kms_call(self.install.region)

    def _events(self, start: datetime, *, ending: bool) -> Iterator[tuple[datetime, Event]]:
        one = self.install
        for second, event in install_stream(
            one.infra_id, one.principal, one.region, one.era, start, own_vpc=self.own_vpc
        ):
            if (second >= _ENDING) is ending and _is_matched(event):
                yield start + timedelta(seconds=second), event


def installs(members: tuple[Member, ...], many: int, start: datetime, hours: float, seed: int) -> list[Cluster]:
    """So many installs in so many hours: half of them at any time, and half of them in two rushes."""
    random = Random(f"{seed} installs")  # noqa: S311 - a simulation's dice
    seconds = hours * 3600
    made = []
    for number in range(many):
        share = random.random()
        if number % 2:
            share = min(max(random.gauss(_RUSHES[number // 2 % 2], 0.03), 0.0), 1.0)
        # Each principal installs once before any does again, and not always in the same order.
        member = members[number % len(members)] if number < len(members) else random.choice(members)
        infra_id = f"cluster{number:04}-{''.join(random.choices(ascii_lowercase + digits, k=5))}"
        era = random.choice((Era.TERRAFORM, Era.CAPA))
        region = random.choice(_REGIONS)
        made.append(
            Cluster(
                member=member,
                install=Install(infra_id=infra_id, principal=member.arn, region=region, era=era),
                start=start + timedelta(seconds=int(share * seconds)),
                terminates=random.random() >= _NEVER_TERMINATES,
                own_vpc=random.random() < _OWN_VPC,
            )
        )
    return made


def _is_matched(event: Event) -> bool:
    """Whether the stack's rules let an event through to the watcher (infra/event_patterns.py)."""
    detail = event["detail"]
    if event["detail-type"] == STATE_CHANGE:
        return detail["state"] in ENDED_STATES
    return detail["eventName"] in WATCHED_CALLS
