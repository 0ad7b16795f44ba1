"""The life of one grant in the order of time, from what the ledger has of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from airlock.grants.approval import Form, Way
from airlock.grants.grant import CloseReason, Grant, Progress
from airlock.policy.exemption import Exemption, Vpc, iso
from airlock_cli.operators.forms import form_words

_WAYS = {Way.LINK: "by the link in the request", Way.IAM: "signed with IAM credentials", Way.AHEAD: "ahead of time"}
_ENDED = {
    CloseReason.INSTANCE_ENDED: "the bootstrap instance shut down",
    CloseReason.BUCKET_DELETED: "the bootstrap bucket was deleted",
    CloseReason.FETCHED: "the bootstrap node has its Ignition file",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened.

    Attributes:
        at: when, UTC.
        what: a word or two.
        detail: more, in plain words; parts of it others may have written.
    """

    at: datetime
    what: str
    detail: str


def story_of(grant: Grant) -> list[Moment]:
    """Everything of a grant that has a time."""
    told = [*_heard(grant), *_asked(grant), *_done(grant.progress, grant.facts.not_after)]
    # Of one moment, in the order in which things follow from each other.
    return sorted(told, key=lambda moment: moment.at)


def network_of(exemption: Exemption) -> str:
    """From where requests pass, in plain words."""
    network = exemption.network
    if network is None:
        return "any network"
    return network.vpc_id if isinstance(network, Vpc) else network.cidr


def _heard(grant: Grant) -> list[Moment]:
    facts = grant.facts
    told = [Moment(facts.requested_at, "requested", f"install {facts.infra_id} was first heard of")]
    told += [Moment(at, "launched", f"bootstrap instance {instance}") for instance, at in sorted(facts.boots)]
    heard = dict(facts.boots)
    told += [
        Moment(at, "launched", f"{instance}, which EC2 shows with the bootstrap node's tags; no event told of it")
        for instance, at in sorted(facts.found)
        if instance not in heard
    ]
    if facts.fetched:
        told.append(Moment(facts.fetched, "fetched", "the console shows that the node has its Ignition file"))
    told += [Moment(at, "rebooted", f"{instance}, whose fetch was refused") for instance, at in sorted(facts.rebooted)]
    if facts.ended:
        reason, at = facts.ended
        told.append(Moment(at, "install over", _ENDED.get(reason, str(reason))))
    return told


def _asked(grant: Grant) -> list[Moment]:
    progress, answer, order = grant.progress, grant.answer, grant.close_order
    told = []
    if progress.asked_at:
        until = f"; an answer counts until {iso(progress.answer_until)}" if progress.answer_until else ""
        told.append(Moment(progress.asked_at, "asked", f"for {_opening(progress.form)}{until}"))
    if answer:
        word = "approved" if answer.approved else "rejected"
        told.append(Moment(answer.at, word, f"by {answer.by}, {_WAYS[answer.way]}{_note(answer.note)}"))
    if order:
        told.append(Moment(order.at, "close ordered", f"by {order.by}{_note(order.note)}"))
    return told


def _done(progress: Progress, not_after: datetime) -> list[Moment]:
    told = []
    if progress.opened_at:
        wide = "" if progress.form is Form.SCOPED else f"{form_words(progress.form)}, "
        told.append(Moment(progress.opened_at, "opened", f"{wide}until {iso(not_after)} at the latest"))
    if progress.effective_at and progress.effective_at != progress.opened_at:
        told.append(Moment(progress.effective_at, "in force", "IAM was seen to hold what is open"))
    if progress.narrowed_at:
        exemption = progress.exemption
        where = f"to requests from {network_of(exemption)}" if exemption and exemption.network else ""
        told.append(Moment(progress.narrowed_at, "narrowed", where))
    if progress.closed_at:
        reason = f" ({progress.reason})" if progress.reason else ""
        told.append(Moment(progress.closed_at, str(progress.state), f"{progress.detail or ''}{reason}".strip()))
    return told


def _opening(form: Form) -> str:
    """A form, as what somebody was asked for."""
    return f"a {form} opening" if form in (Form.SCOPED, Form.LIFTED) else f"an opening {form_words(form)}"


def _note(note: str) -> str:
    return f": {note}" if note else ""
