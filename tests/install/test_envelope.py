"""What comes before the fields of a call: the envelope, failure, times and regions."""

from datetime import timedelta

import pytest

from airlock.install.cloudtrail import WATCHED_CALLS, parse
from airlock.install.signal import Signal, SignalKind, Skipped
from tests.events import Event, api_call, state_change
from tests.install.helpers import AT, CAPA, USER, changed, read, refused


@pytest.mark.parametrize("event", [None, True, 0, 1.5, "event", b"", [], [{}], (), object(), {1, 2}])
def test_no_object(event: object) -> None:
    """An event that is no object at all is malformed, and has no ID."""
    assert parse(event) == Skipped("the event is not an object", malformed=True, event_id=None)


@pytest.mark.parametrize("given", [None, "", 7, "x" * 10_000, "a b", {"a": 1}])
def test_no_id(given: object) -> None:
    """An envelope without a usable ID can't be told from a repeat, so it is malformed."""
    assert "id " in refused(changed(CAPA.create_bucket(AT), "id", given), malformed=True)


def test_unknown_detail_type() -> None:
    """Another detail type isn't a signal; the reason names it, cut short."""
    event = changed(CAPA.create_bucket(AT), "detail-type", "Scheduled Event" + "!" * 10_000)
    found = parse(event)
    assert isinstance(found, Skipped)
    assert found.reason.startswith("unknown detail type: 'Scheduled Event!")
    assert len(found.reason) < 100
    assert not found.malformed
    assert found.event_id == event["id"]


def test_no_control_characters_in_reasons() -> None:
    """Somebody else's text is escaped, so that it can't forge a line of the log."""
    found = parse(changed(CAPA.create_bucket(AT), "detail.requestParameters.bucketName", "a\nb\x1b[31m\ud800"))
    assert isinstance(found, Skipped)
    assert found.reason.isprintable()


@pytest.mark.parametrize("given", [None, 3, [], ""])
def test_no_detail_type(given: object) -> None:
    """An envelope without a detail type is malformed."""
    assert "detail-type" in refused(changed(CAPA.create_bucket(AT), "detail-type", given), malformed=True)


@pytest.mark.parametrize("name", ["PutObject", "GetRole", "CreateRoles", "createbucket", "x" * 10_000])
def test_other_calls(name: str) -> None:
    """A call outside the eight isn't a signal."""
    event = api_call(name, {}, principal=USER, region="us-east-2", at=AT, service="s3")
    assert "not a watched call" in refused(event, malformed=False)


def test_same_name_of_another_service() -> None:
    """OpenSearch has a CreateVpcEndpoint too: a call counts only with its own service."""
    event = api_call("CreateVpcEndpoint", {}, principal=USER, region="us-east-2", at=AT, service="es")
    assert "not a watched call" in refused(event, malformed=False)


@pytest.mark.parametrize("given", [None, "custom.app", "aws.ec2", 5])
def test_forged_source(given: object) -> None:
    """Only AWS can put events on the bus with its own source; a record under another one is refused."""
    assert "source is not 'aws.s3'" in refused(changed(CAPA.create_bucket(AT), "source", given), malformed=True)
    changed_state = state_change(CAPA.bootstrap, "terminated", account=CAPA.account, region="us-east-2", at=AT)
    assert "source is not 'aws.ec2'" in refused(changed(changed_state, "source", "custom.app"), malformed=True)


def test_watched_calls() -> None:
    """The eight calls and their event sources are public, for the rules' patterns."""
    assert WATCHED_CALLS == {
        "CreateRole": "iam.amazonaws.com",
        "CreateVpc": "ec2.amazonaws.com",
        "CreateVpcEndpoint": "ec2.amazonaws.com",
        "CreateLoadBalancer": "elasticloadbalancing.amazonaws.com",
        "CreateBucket": "s3.amazonaws.com",
        "RunInstances": "ec2.amazonaws.com",
        "TerminateInstances": "ec2.amazonaws.com",
        "DeleteBucket": "s3.amazonaws.com",
    }


@pytest.mark.parametrize(
    "event",
    [
        CAPA.create_role(AT),
        CAPA.create_vpc(AT),
        CAPA.create_vpc_endpoint(AT),
        CAPA.create_load_balancer(AT),
        CAPA.create_bucket(AT),
        CAPA.run_instances(AT),
        CAPA.terminate_instances(AT),
        CAPA.delete_bucket(AT),
    ],
    ids=lambda event: event["detail"]["eventName"],
)
@pytest.mark.parametrize("code", ["AccessDenied", "Client.DryRunOperation", "BucketAlreadyExists"])
def test_failed_calls(event: Event, code: str) -> None:
    """A call that failed, or a dry run, made nothing and is no signal."""
    failed = {**event, "detail": {**event["detail"], "errorCode": code}}
    assert f"the call failed: '{code}'" in refused(failed, malformed=False)
    assert "errorCode" in refused({**event, "detail": {**event["detail"], "errorCode": {}}}, malformed=True)
    read({**event, "detail": {**event["detail"], "errorCode": None}})


def test_bucket_already_owned() -> None:
    """CreateBucket again by the owner counts as seen: the first call's event may have been lost."""
    assert read(CAPA.create_bucket(AT, "BucketAlreadyOwnedByYou")).kind is SignalKind.BUCKET_CREATED


def test_already_owned_counts_for_create_bucket_only() -> None:
    """The same word from another call is a failure."""
    event = changed(CAPA.delete_bucket(AT), "detail.errorCode", "BucketAlreadyOwnedByYou")
    assert "the call failed" in refused(event, malformed=False)


def test_time_of_the_call() -> None:
    """A signal's time is when the call was made, not when it was delivered; without one, the envelope's."""
    event = changed(CAPA.create_bucket(AT), "time", "2026-11-24T02:06:30Z")
    assert read(event).at == AT
    del event["detail"]["eventTime"]
    assert read(event).at == AT + timedelta(seconds=90)


def test_fractions_of_a_second() -> None:
    """Fractions are read, in UTC."""
    event = changed(CAPA.create_bucket(AT), "detail.eventTime", "2026-11-24T02:05:00.123456789Z")
    assert read(event).at == AT.replace(microsecond=123456)


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-24 02:05:00",
        "2026-11-24T02:05:00",
        "2026-11-24T02:05:00+09:00",
        "2026-13-24T02:05:00Z",
        "2026-02-30T02:05:00Z",
        "2026-11-24T25:05:00Z",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "2026-11-24T02:05:00Z\n",
        "yesterday",
        "",
        1_795_485_900,
        {},
    ],
)
def test_no_time(time: object) -> None:
    """A time that can't be read, or that sums would overflow with, is malformed, not guessed."""
    assert "eventTime" in refused(changed(CAPA.create_bucket(AT), "detail.eventTime", time), malformed=True)
    ended = CAPA.state(AT, "terminated")
    assert "time" in refused(changed(ended, "time", time), malformed=True)


@pytest.mark.parametrize("region", ["", "US-EAST-1", "us-east-1/../x", "x" * 33, "*", 1])
def test_no_region(region: object) -> None:
    """A region out of form is malformed, wherever it comes from."""
    assert "awsRegion" in refused(changed(CAPA.create_vpc(AT), "detail.awsRegion", region), malformed=True)
    assert "region" in refused(changed(CAPA.state(AT, "terminated"), "region", region), malformed=True)


def test_region_of_the_envelope() -> None:
    """The envelope's region stands in for awsRegion."""
    event = CAPA.create_vpc(AT)
    del event["detail"]["awsRegion"]
    assert read(event).region == "us-east-2"


@pytest.mark.parametrize("state", ["shutting-down", "terminated"])
def test_ended_instances(state: str) -> None:
    """EC2's notification of an ending tells which instance and where, but neither whose nor by whom."""
    event = CAPA.state(AT, state)
    assert read(event) == Signal(
        kind=SignalKind.INSTANCE_ENDED,
        event_id=event["id"],
        at=AT,
        account="111122223333",
        region="us-east-2",
        instance_id=CAPA.bootstrap,
    )


@pytest.mark.parametrize("state", ["pending", "running", "stopping", "stopped", "hibernating"])
def test_other_states(state: str) -> None:
    """A reboot or a stop isn't an end."""
    assert "has not ended" in refused(CAPA.state(AT, state), malformed=False)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("detail.state", None),
        ("detail.state", 48),
        ("detail", None),
        ("detail", []),
        ("detail.instance-id", None),
        ("detail.instance-id", "i-1"),
        ("detail.instance-id", "i-XYZ45678"),
        ("detail.instance-id", "i-*"),
        ("account", None),
    ],
)
def test_malformed_state_changes(path: str, value: object) -> None:
    """A state change without a state, an instance or an account is malformed."""
    refused(changed(CAPA.state(AT, "terminated"), path, value), malformed=True)
