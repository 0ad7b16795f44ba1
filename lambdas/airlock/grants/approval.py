"""What people have a say in: when a grant may open, what is asked of them, and what they answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from airlock.install.names import normalised_cluster_name
from airlock.policy.exemption import Exemption
from airlock.policy.ladder import Widening
from airlock.policy.place import PolicyPlace


class Mode(StrEnum):
    """When a principal's grants may open."""

    AUTOMATIC = "automatic"
    APPROVAL = "approval"
    """Somebody has to agree first."""
    OBSERVE = "observe"
    """Never: the airlock tells what it would have done."""


class Form(StrEnum):
    """How far a grant opens the deny: a rung of the ladder, from the tightest to the widest."""

    SCOPED = "scoped"
    """For exactly the fetch."""
    ANY_NETWORK = "any-network"
    """For the fetch, from wherever it comes."""
    ANY_ACTION = "any-action"
    """For every action on the objects."""
    ANY_NETWORK_OR_ACTION = "any-network-or-action"
    """For every action on the objects, from wherever it comes."""
    LIFTED = "lifted"
    """For every call of the principal, until the not-after time."""

    @classmethod
    def of(cls, widenings: Iterable[Widening]) -> Form:
        """The form that is wider than asked in these ways.

        Raises:
            KeyError: no rung has these together.
        """
        return {form.widenings: form for form in cls}[frozenset(widenings)]

    @property
    def widenings(self) -> frozenset[Widening]:
        """In what it is wider than asked."""
        return _WIDENINGS[self]

    def covers(self, other: Form) -> bool:
        """Whether an approval of this form is an approval of the other too."""
        return self is Form.LIFTED or other.widenings <= self.widenings


_WIDENINGS = {
    Form.SCOPED: frozenset[Widening](),
    Form.ANY_NETWORK: frozenset({Widening.NETWORK}),
    Form.ANY_ACTION: frozenset({Widening.ACTIONS}),
    Form.ANY_NETWORK_OR_ACTION: frozenset({Widening.NETWORK, Widening.ACTIONS}),
    Form.LIFTED: frozenset({Widening.LIFT}),
}


class Leave(StrEnum):
    """What the configuration says of one way to open wider than asked; the later, the stricter."""

    AUTOMATIC = "automatic"
    APPROVAL = "approval"
    """Somebody has to agree first."""
    OFF = "off"
    """Never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wider:
    """Which ways to open wider than asked the configuration leaves to the airlock.

    Attributes:
        network: the fetch from any network, where the install's own is known.
        actions: every action on the objects.
        lift: every call of the principal.
    """

    network: Leave = Leave.APPROVAL
    actions: Leave = Leave.APPROVAL
    lift: Leave = Leave.APPROVAL

    def leave(self, form: Form) -> Leave:
        """What it says of a form: the strictest of what it says of its widenings."""
        said = {Widening.NETWORK: self.network, Widening.ACTIONS: self.actions, Widening.LIFT: self.lift}
        return max((said[one] for one in form.widenings), key=list(Leave).index, default=Leave.AUTOMATIC)


class Way(StrEnum):
    """How an answer came."""

    LINK = "link"
    """By the page behind the link of the request; who held the link isn't known."""
    IAM = "iam"
    """By a request signed with somebody's IAM credentials, whose ARN is known."""
    AHEAD = "ahead"
    """By an approval given before the install began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody decided about a request. There is one a grant, and it stays as it is.

    Attributes:
        approved: yes, or no.
        form: what the answer is about; an approval of a scoped grant isn't one of a lift.
        at: when, UTC.
        by: the ARN of whoever signed; for a link, the address that it came from.
        way: how it came.
        note: what they wrote beside it, at most 200 characters; nobody has checked it.
    """

    approved: bool
    form: Form
    at: datetime
    by: str
    way: Way
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseOrder:
    """An operator's order to close a grant before its time.

    Attributes:
        at: when, UTC.
        by: the operator's ARN.
        note: what they wrote beside it, at most 200 characters.
    """

    at: datetime
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """An approval given before the install began.

    Attributes:
        id: its name, such as ``ahead-3f9c2a71``.
        principal: ARN of the enrolled principal.
        cluster: the cluster's name; None for any.
        form: the widest that it approves.
        since: from when it counts, UTC.
        until: the last second at which it counts, UTC.
        by: the operator's ARN.
        note: what they wrote beside it, at most 200 characters.
        revoked: who took it back and when; None while it stands.
    """

    id: str
    principal: str
    cluster: str | None
    form: Form
    since: datetime
    until: datetime
    by: str
    note: str = ""
    revoked: tuple[str, datetime] | None = None

    def approves(self, principal: str, infra_id: str, form: Form, now: datetime) -> bool:
        """Whether it is an approval of this grant at this moment.

        An infra ID is the cluster's name, made safe and cut to 21 characters, a hyphen and five random characters
        (openshift/installer, pkg/asset/installconfig/clusterid.go). So of two clusters whose names begin with the
        same 21 characters, an approval of one is an approval of both.
        """
        if self.revoked is not None or principal != self.principal or not self.form.covers(form):
            return False
        named = self.cluster is None or infra_id.rpartition("-")[0] == normalised_cluster_name(self.cluster)
        return named and self.since <= now <= self.until


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one policy.

    Attributes:
        place: the policy.
        before: its text before.
        after: its text after.
    """

    place: PolicyPlace
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a grant opens, in which policies: as asked for, as it would have been, or as it was written last.

    Attributes:
        exemption: what is opened.
        changes: of the policies, in the order of their places.
    """

    exemption: Exemption
    changes: tuple[Change, ...]
