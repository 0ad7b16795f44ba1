"""Where facts, answers and time want a grant to be, and what it opens. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from airlock.grants.approval import Form
from airlock.grants.grant import CloseReason, Facts, Grant, State
from airlock.install.names import Era, bootstrap_object_arns
from airlock.policy.exemption import Exemption, Vpc
from airlock.policy.ladder import Widening, widened

JUST_NOW = timedelta(seconds=1)


def is_new(grant: Grant, now: datetime) -> bool:
    """Whether one signal alone is known of the grant, and just came, so that nobody can have worked on it yet.

    A signal that comes again later isn't news, but somebody may have ordered the grant's end meanwhile.
    """
    return len(grant.facts.event_ids) <= 1 and now - grant.facts.requested_at < JUST_NOW


def exemption_of(facts: Facts, form: Form = Form.SCOPED) -> Exemption:
    """What the grant has to open, given what is known.

    Both eras' objects until one era shows itself. Any network until an S3 gateway endpoint is seen in one VPC;
    and any network again if the bootstrap instance turns out to run elsewhere, or was refused from there, for then
    its fetch takes another way. A lift isn't narrowed: it is open for everything, so nothing can be learnt for it.

    Args:
        facts: what the signals told.
        form: in what it is opened wider than that.
    """
    lift = form is Form.LIFTED
    era = next(iter(facts.eras)) if len(facts.eras) == 1 and not lift else None
    exact = Exemption(
        principal=facts.principal,
        objects=bootstrap_object_arns(facts.infra_id, facts.partition, era),
        # CAPA's installer stores the object under aws:kms (openshift/installer, pkg/infrastructure/aws/clusterapi).
        encrypted=() if era is Era.TERRAFORM else bootstrap_object_arns(facts.infra_id, facts.partition, Era.CAPA),
        region=next(iter(facts.regions)) if len(facts.regions) == 1 and not lift else None,
        network=_network(facts),
        not_after=facts.not_after,
    )
    return widened(exact, form.widenings)


def is_left_wide(grant: Grant) -> bool:
    """Whether an open grant stands for any network although its install's own is known, and nothing makes it smaller.

    Not before an era has shown itself: as long as both eras' objects are named for want of knowledge, room may yet be
    made. If both have, they stay named.
    """
    return is_unnarrowed(grant) and bool(grant.facts.eras)


def is_unnarrowed(grant: Grant) -> bool:
    """Whether a grant has any network open although its install's own is known, and its form asks for that alone."""
    held = grant.progress.exemption
    asked = held is None or held.lift or held.network is not None or Widening.NETWORK in grant.progress.form.widenings
    return not asked and exemption_of(grant.facts).network is not None


def is_approved(grant: Grant) -> bool:
    """Whether people have agreed to what was asked, in time."""
    answer, until = grant.answer, grant.progress.answer_until
    in_time = answer is not None and (until is None or answer.at <= until)
    return answer is not None and in_time and answer.approved and answer.form.covers(grant.progress.form)


def is_over(grant: Grant, now: datetime) -> bool:
    """Whether nothing more shall be open for the grant, whatever state it is in."""
    if grant.facts.ended is not None or grant.close_order is not None or now >= grant.facts.not_after:
        return True
    progress = grant.progress
    if progress.state is not State.PENDING or is_approved(grant):
        return progress.state is State.CLOSING or grant.is_final
    rejected = grant.answer is not None and not grant.answer.approved
    return rejected or (progress.answer_until is not None and now > progress.answer_until)


def wants_open(grant: Grant, now: datetime) -> bool:
    """Whether the grant's exemption should be in the policies at this moment."""
    stays = grant.progress.state in (State.REQUESTED, State.OPEN)
    return (stays or (grant.progress.state is State.PENDING and is_approved(grant))) and not is_over(grant, now)


def why_it_ends(grant: Grant) -> tuple[str, str]:
    """The reason for which a grant that isn't wanted open is closed, and the same in plain words."""
    progress, ended, order, answer = grant.progress, grant.facts.ended, grant.close_order, grant.answer
    if progress.state is State.CLOSING and progress.reason:
        return progress.reason, progress.detail or ""
    if ended is not None:
        return str(ended[0]), _ENDINGS[ended[0]]
    if order is not None:
        return str(CloseReason.OPERATOR), f"{order.by} ordered it{f': {order.note}' if order.note else ''}"
    if progress.state is State.PENDING and answer is not None and not answer.approved:
        return str(CloseReason.REJECTED), f"rejected by {answer.by}{f': {answer.note}' if answer.note else ''}"
    if progress.state is State.PENDING and not is_approved(grant):
        return str(CloseReason.UNANSWERED), "nobody answered in time"
    return str(CloseReason.TIMEOUT), "its time ran out"


_ENDINGS = {
    CloseReason.INSTANCE_ENDED: "the bootstrap instance shut down",
    CloseReason.BUCKET_DELETED: "the bootstrap bucket was deleted",
    CloseReason.FETCHED: "the bootstrap node has its Ignition file",
}


def _network(facts: Facts) -> Vpc | None:
    # An endpoint in a VPC that the install is known not to have made says nothing of where its node will run.
    candidates = facts.endpoint_vpcs & facts.own_vpcs if facts.own_vpcs else facts.endpoint_vpcs
    if len(candidates) != 1:
        return None
    vpc = next(iter(candidates))
    return Vpc(vpc) if facts.instance_vpcs <= {vpc} and vpc not in facts.shut_vpcs else None
