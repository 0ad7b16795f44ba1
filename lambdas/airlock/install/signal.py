"""What one AWS event tells about an install, free of CloudTrail's shapes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from airlock.install.names import Era


class SignalKind(StrEnum):
    """What happened."""

    ROLE_CREATED = "role-created"
    VPC_CREATED = "vpc-created"
    ENDPOINT_CREATED = "endpoint-created"
    """A gateway endpoint of S3: from now on fetches from its VPC go through it."""
    LOAD_BALANCER_CREATED = "load-balancer-created"
    BUCKET_CREATED = "bucket-created"
    """The bootstrap bucket was made, or was found to be there already and the caller's own."""
    INSTANCE_STARTED = "instance-started"
    """The bootstrap instance was launched; never a master's or a worker's launch."""
    INSTANCE_FOUND = "instance-found"
    """EC2 shows an instance with the bootstrap node's tags; who launched it, it doesn't tell."""
    INSTANCE_ENDED = "instance-ended"
    """Some instance is shutting down or terminated; whose it was, the event doesn't tell."""
    BUCKET_DELETED = "bucket-deleted"
    FETCH_SUCCEEDED = "fetch-succeeded"
    """The bootstrap node's console shows that it has its Ignition file. The airlock tells itself, as for the rest."""
    FETCH_REFUSED = "fetch-refused"
    """The console shows a 403; with ``vpc_id`` where the grant was held to that VPC, and that was the reason."""
    REBOOTED = "rebooted"
    """The airlock has rebooted the bootstrap instance."""
    SERVED = "served"
    """The node has its file, and the principal's grants close on that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One thing that an install did, as one event tells it. What the event doesn't tell is None."""

    kind: SignalKind
    event_id: str
    """The EventBridge envelope's ID, for the audit trail."""
    at: datetime
    """When it happened, aware, in UTC."""
    account: str
    """12 digits."""
    region: str | None = None
    """None for IAM's calls: IAM is global, so they tell no region."""
    partition: str | None = None
    """From the principal's ARN; None for a state change, which names nobody."""
    principal: str | None = None
    """The ARN of the IAM user, or of the role behind a session, path included; None for a state change."""
    infra_id: str | None = None
    """None only for INSTANCE_ENDED, and for an ENDPOINT_CREATED whose tags don't name an install."""
    era: Era | None = None
    """Only where names or tags prove it."""
    vpc_id: str | None = None
    endpoint_id: str | None = None
    bucket: str | None = None
    instance_id: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """Why an event gave no signal."""

    reason: str
    """In plain words, short enough for a log line."""
    malformed: bool
    """True when the event isn't of the shape its type promises; False when it's simply not a signal."""
    event_id: str | None
    """The EventBridge envelope's ID, where it could be read."""
