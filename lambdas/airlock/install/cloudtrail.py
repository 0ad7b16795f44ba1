"""From an EventBridge event to signals. Nothing outside this package knows what CloudTrail's records look like."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from airlock.install import calls
from airlock.install.caller import caller
from airlock.install.fields import (
    MalformedError,
    NoSignalError,
    account_id,
    dig,
    event_id,
    instance_id,
    moment,
    region_name,
    shown,
    text,
)
from airlock.install.signal import Signal, SignalKind, Skipped

API_CALL = "AWS API Call via CloudTrail"
STATE_CHANGE = "EC2 Instance State-change Notification"
ENDED_STATES = ("shutting-down", "terminated")


@dataclass(frozen=True, slots=True)
class _Call:
    service: str
    kind: SignalKind
    read: Callable[[Signal, object, object], tuple[Signal, ...]]


_CALLS = {
    "CreateRole": _Call("iam", SignalKind.ROLE_CREATED, calls.role_created),
    "CreateVpc": _Call("ec2", SignalKind.VPC_CREATED, calls.vpc_created),
    "CreateVpcEndpoint": _Call("ec2", SignalKind.ENDPOINT_CREATED, calls.endpoint_created),
    "CreateLoadBalancer": _Call("elasticloadbalancing", SignalKind.LOAD_BALANCER_CREATED, calls.load_balancer_created),
    "CreateBucket": _Call("s3", SignalKind.BUCKET_CREATED, calls.bucket_created),
    "RunInstances": _Call("ec2", SignalKind.INSTANCE_STARTED, calls.instance_started),
    "TerminateInstances": _Call("ec2", SignalKind.INSTANCE_ENDED, calls.instances_ended),
    "DeleteBucket": _Call("s3", SignalKind.BUCKET_DELETED, calls.bucket_deleted),
}

WATCHED_CALLS: dict[str, str] = {name: f"{call.service}.amazonaws.com" for name, call in _CALLS.items()}
"""What a rule must let through: each call's eventName, and its eventSource (the same in every partition)."""

_OWNED_ALREADY = "BucketAlreadyOwnedByYou"
"""S3's answer to an owner who makes the bucket again. CAPA does so on each reconcile; the first call may go unseen."""


def parse(event: object) -> tuple[Signal, ...] | Skipped:
    """Read one event as EventBridge delivers it.

    Args:
        event: the envelope, `{id, detail-type, source, account, time, region, detail, ...}`, as JSON gives it. Anything
            may come; nothing makes this raise.

    Returns:
        At least one signal (several for a TerminateInstances of several), or why there is none.
    """
    try:
        return _signals(event)
    except NoSignalError as error:
        return Skipped(str(error), error.malformed, _readable_id(event))


def _signals(event: object) -> tuple[Signal, ...]:
    if not isinstance(event, dict):
        raise MalformedError("the event is not an object")
    known_id = event_id(dig(event, "id"))
    kind = text(dig(event, "detail-type"), "detail-type")
    if kind == API_CALL:
        return _api_call(event, known_id)
    if kind == STATE_CHANGE:
        return _state_change(event, known_id)
    raise NoSignalError(f"unknown detail type: {shown(kind)}")


def _readable_id(event: object) -> str | None:
    try:
        return event_id(dig(event, "id"))
    except MalformedError:
        return None


def _api_call(event: object, known_id: str) -> tuple[Signal, ...]:
    detail = dig(event, "detail")
    name = text(dig(detail, "eventName"), "eventName")
    source = text(dig(detail, "eventSource"), "eventSource")
    call = _CALLS.get(name)
    # Other services have calls of the same name: OpenSearch has a CreateVpcEndpoint too.
    if call is None or WATCHED_CALLS[name] != source:
        raise NoSignalError(f"not a watched call: {shown(name)} of {shown(source)}")
    _require_source(event, call.service)
    _require_success(detail, name)
    account = account_id(dig(event, "account"), "account")
    principal, partition = caller(detail, account)
    signal = Signal(
        kind=call.kind,
        event_id=known_id,
        at=_when(event),
        account=account,
        region=None if call.service == "iam" else _where(event),
        partition=partition,
        principal=principal,
    )
    return call.read(signal, dig(detail, "requestParameters"), dig(detail, "responseElements"))


def _state_change(event: object, known_id: str) -> tuple[Signal, ...]:
    """EC2's own notification: detail.{instance-id, state}, no actor, no tags (EC2 user guide, state change events)."""
    _require_source(event, "ec2")
    state = text(dig(event, "detail", "state"), "state")
    ended = instance_id(dig(event, "detail", "instance-id"), "instance-id")
    if state not in ENDED_STATES:
        raise NoSignalError(f"the instance has not ended: {shown(state)}")
    return (
        Signal(
            kind=SignalKind.INSTANCE_ENDED,
            event_id=known_id,
            at=moment(dig(event, "time"), "time"),
            account=account_id(dig(event, "account"), "account"),
            region=region_name(dig(event, "region"), "region"),
            instance_id=ended,
        ),
    )


def _require_source(event: object, service: str) -> None:
    """Refuse what somebody put on the bus: PutEvents lets nobody but AWS use a source that starts with `aws.`."""
    if dig(event, "source") != f"aws.{service}":
        raise MalformedError(f"source is not 'aws.{service}'")


def _require_success(detail: object, name: str) -> None:
    error = dig(detail, "errorCode")
    if error is None or (name == "CreateBucket" and error == _OWNED_ALREADY):
        return
    raise NoSignalError(f"the call failed: {shown(text(error, 'errorCode'))}")


def _when(event: object) -> datetime:
    told = dig(event, "detail", "eventTime")
    return moment(dig(event, "time"), "time") if told is None else moment(told, "eventTime")


def _where(event: object) -> str:
    told = dig(event, "detail", "awsRegion")
    return region_name(dig(event, "region"), "region") if told is None else region_name(told, "awsRegion")
