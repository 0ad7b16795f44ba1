"""The parser under fire: whatever comes, it answers, and what it lets through is clean."""

import copy
import json
import re
from datetime import UTC
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from airlock.install.cloudtrail import API_CALL, STATE_CHANGE, WATCHED_CALLS, parse
from airlock.install.names import is_infra_id
from airlock.install.signal import Signal, SignalKind, Skipped

SAMPLES = Path(__file__).parents[1] / "samples" / "installs"
# One event of each kind is enough to mutate: the samples repeat themselves.
REAL = list(
    {
        (event["detail"].get("eventName"), event["detail"].get("state"), event["detail"].get("errorCode")): event
        for path in sorted(SAMPLES.glob("*.jsonl"))
        for event in (json.loads(line)["event"] for line in path.read_text().splitlines())
    }.values()
)

words = st.sampled_from(
    [
        "",
        "*",
        "prod-7xk2q",
        "prod-7xk2q-bootstrap",
        "openshift-bootstrap-data-prod-7xk2q",
        "prod-7xk2q-bootstrap\n",
        "*-7xk2q-bootstrap",
        "prod-7xk2q-master-role",
        "i-70c415ed7e70cad19",
        "vpc-98615dcbe810beacd",
        "kubernetes.io/cluster/*",
        "owned",
        "x" * 10_000,
        "\ud800",
        *WATCHED_CALLS,
    ]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | words
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | st.text(max_size=8), inner, max_size=3)
)
# An envelope whose outside is right, so that what is inside gets its turn.
envelopes = st.fixed_dictionaries(
    {
        "id": st.just("cf1822ff-bc68-4778-ab49-1044d5e34124"),
        "detail-type": st.sampled_from([API_CALL, STATE_CHANGE]),
        "source": st.sampled_from(["aws.ec2", "aws.s3", "aws.iam", "aws.elasticloadbalancing"]),
        "account": st.just("111122223333"),
        "time": st.just("2026-11-24T02:00:00Z"),
        "region": st.just("us-east-2"),
        "detail": json_values,
    }
)


def paths(value: object, here: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """List the way to every node below a JSON value."""
    children: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    found = []
    for key, child in children:
        found += [(*here, key), *paths(child, (*here, key))]
    return found


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A real event with one to three of its nodes replaced by anything, or taken away."""
    event: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(REAL)))
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from(paths(event)))
        place: Any = event
        for key in parents:
            place = place[key]
        if draw(st.booleans()):
            place[last] = draw(json_values)
        else:
            del place[last]
        if not event:
            break
    return event


def clean(found: tuple[Signal, ...] | Skipped) -> None:
    """Hold an answer to what its types promise."""
    if isinstance(found, Skipped):
        assert found.reason.isprintable()
        assert 0 < len(found.reason) < 200
        return
    assert found
    for one in found:
        assert isinstance(one.kind, SignalKind)
        assert re.fullmatch("[0-9]{12}", one.account)
        assert one.at.tzinfo is UTC
        assert one.infra_id is None or is_infra_id(one.infra_id)
        assert one.infra_id is not None or one.kind in {SignalKind.INSTANCE_ENDED, SignalKind.ENDPOINT_CREATED}
        assert one.region is None or re.fullmatch("[a-z0-9-]{1,32}", one.region)
        assert (one.principal is None) is (one.partition is None)
        assert one.principal is None or not set(one.principal) & set("*?$\n")
        assert one.instance_id is None or re.fullmatch("i-[0-9a-f]{8,17}", one.instance_id)
        assert one.vpc_id is None or re.fullmatch("vpc-[0-9a-z]{8,32}", one.vpc_id)
        assert one.endpoint_id is None or re.fullmatch("vpce-[0-9a-z]{8,32}", one.endpoint_id)
        assert (one.instance_id is not None) is (one.kind in {SignalKind.INSTANCE_STARTED, SignalKind.INSTANCE_ENDED})
        assert (one.bucket is not None) is (one.kind in {SignalKind.BUCKET_CREATED, SignalKind.BUCKET_DELETED})


@given(json_values | envelopes)
@example({})
@example({"id": "x", "detail-type": API_CALL, "source": "aws.s3", "detail": None})
def test_any_json(event: object) -> None:
    """Whatever JSON comes, parse answers with clean signals or a reason."""
    clean(parse(event))


@given(mutated())
def test_mutated_events(event: dict[str, Any]) -> None:
    """A real event with pieces broken, swapped or lost gives clean signals or a reason."""
    clean(parse(event))


@given(mutated())
def test_pure(event: dict[str, Any]) -> None:
    """Parsing changes nothing in the event, and gives the same answer again."""
    before = copy.deepcopy(event)
    assert parse(event) == parse(event)
    assert repr(event) == repr(before)


def test_endless_nesting() -> None:
    """Nesting deeper than Python's stack, at any place, is an answer like another."""
    deep: Any = "bottom"
    for _ in range(100_000):
        deep = {"items": [deep]}
    clean(parse(deep))
    for event in REAL:
        for *parents, last in paths(event):
            place = shaken = copy.deepcopy(event)
            for key in parents:
                place = place[key]
            place[last] = deep
            clean(parse(shaken))


def test_endless_texts() -> None:
    """Texts of 10 kB at any place, and times of any year, are answers like others."""
    for event in REAL:
        for *parents, last in paths(event):
            for value in ("-" * 10_000, "a-" * 5_000, "9999-12-31T23:59:59.999999Z"):
                place = shaken = copy.deepcopy(event)
                for key in parents:
                    place = place[key]
                place[last] = value
                clean(parse(shaken))
