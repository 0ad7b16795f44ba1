"""What the tests of single events share: two installs, and short ways to build, break and read an event."""

from datetime import UTC, datetime
from typing import Any

from airlock.install.cloudtrail import parse
from airlock.install.names import Era
from airlock.install.signal import Signal, Skipped
from tests.events import Event, Install, api_call

AT = datetime(2026, 11, 24, 2, 5, tzinfo=UTC)
USER = "arn:aws:iam::111122223333:user/ocp-installer"
CAPA = Install(infra_id="prod-7xk2q", principal=USER, region="us-east-2", era=Era.CAPA)
TERRAFORM = Install(infra_id="test-l8dh4", principal=USER, region="ap-northeast-1", era=Era.TERRAFORM)
CLUSTER = "kubernetes.io/cluster/"


def read(event: object) -> Signal:
    """Parse an event that must give one signal."""
    found = parse(event)
    assert isinstance(found, tuple), found
    (signal,) = found
    return signal


def refused(event: object, *, malformed: bool) -> str:
    """Parse an event that must give none; give the reason."""
    found = parse(event)
    assert isinstance(found, Skipped), found
    assert found.malformed is malformed, found
    return found.reason


def call(name: str, request: Event, response: Event | None = None, region: str = "us-east-2") -> Event:
    """Build a call by the user of these tests."""
    return api_call(name, request, response, principal=USER, region=region, at=AT)


def tags(**named: str) -> list[Event]:
    """Build a tag list from keywords; `cluster_x` stands for `kubernetes.io/cluster/x`, with `_` for `-`."""
    keys = {
        key: CLUSTER + key.removeprefix("cluster_").replace("_", "-") if key.startswith("cluster_") else key
        for key in named
    }
    return [{"key": keys[key], "value": value} for key, value in named.items()]


def changed(event: Event, path: str, value: Any) -> Event:  # noqa: ANN401  a JSON value of any type
    """Put a value at a dotted path of a freshly built event."""
    *parents, last = path.split(".")
    place = event
    for key in parents:
        place = place[key]
    place[last] = value
    return event
