"""A plan as people read it."""

from __future__ import annotations

from collections.abc import Iterator

from airlock.policy.document import size_of
from airlock.policy.exemption import GET_OBJECT, Exemption, iso
from airlock.policy.ladder import what_it_adds
from airlock.policy.place import PolicyKind
from airlock_cli.operators.difference import Kind, difference
from airlock_cli.operators.page import Page
from airlock_cli.plan.calls import Denial
from airlock_cli.plan.planning import Planned
from airlock_cli.plan.result import actions_of, network_of

_STYLES = {Kind.ADDED: "green", Kind.REMOVED: "red", Kind.PLACE: "cyan", Kind.SAME: ""}
_INLINE = (PolicyKind.USER_INLINE, PolicyKind.GROUP_INLINE, PolicyKind.ROLE_INLINE)


def tell_plan(page: Page, planned: Planned) -> None:
    """Tell what stops the node, and what opening it would come to."""
    tell_denials(page, planned.stopping)
    others = [one for one in planned.denials if one not in planned.stopping]
    if others:
        page.heading("May stop it too, for another reason than its network")
        _tell_each(page, others)
    if planned.rung is not None:
        _tell_hole(page, planned, planned.rung.exemption)
    elif planned.refused is not None:
        page.heading("The airlock refuses")
        page.line(f"{planned.refused.detail} ({planned.refused.reason}).", "red", indent=2)
    else:
        page.heading("Nothing has to be opened: the policy stays as it is.")


def tell_denials(page: Page, denials: tuple[Denial, ...]) -> None:
    """Tell what is denied to the node, by which statement and why."""
    if not denials:
        page.line("No statement denies the node its fetch because of its network.", "bold")
        return
    page.line("Denied to the node", "bold")
    _tell_each(page, denials)


def hole_of(planned: Planned, exemption: Exemption) -> str:
    """What the hole is, in one plain sentence."""
    until, who = iso(exemption.not_after), exemption.principal
    if exemption.lift:
        return f"Until {until} the deny is off for {who}: every action, on everything, from any network."
    actions = actions_of(planned, exemption)
    what = "do anything (every action) with" if actions == ["*"] else "read (s3:GetObject)"
    keys = ""
    if any(action.startswith("kms:") for action in actions):
        keys = ", and S3 may use its KMS key for that"
        if GET_OBJECT not in actions:
            return f"Until {until} S3 may use the KMS key of {_objects(exemption)} for {who}."
    return f"Until {until} {who} may {what} {_objects(exemption)}, from {_network(exemption)}{keys}."


def stays_denied(planned: Planned, exemption: Exemption) -> Iterator[str]:
    """What the opened policy goes on denying."""
    if not exemption.lift:
        if not exemption.any_action:
            yield "every other action, on these objects too"
        yield "every other object and resource"
        if exemption.network is not None:
            yield f"these objects from any network but {network_of(exemption)}"
    if planned.shared:
        yield "all of it to every other principal under the policy"
    yield f"all of it again after {iso(exemption.not_after)}, by IAM itself"


def _tell_hole(page: Page, planned: Planned, exemption: Exemption) -> None:
    page.heading("The hole")
    page.line(hole_of(planned, exemption), indent=2)
    if any(action.startswith("kms:") for action in actions_of(planned, exemption)):
        page.line(_why_without_network(exemption), indent=2)
    if planned.rung is not None and planned.rung.widenings:
        page.heading("Wider than asked, for the exact form can't be had")
        if planned.why_wider:
            page.line(f"{planned.why_wider}.", indent=2)
        for one in planned.rung.widenings:
            page.line(f"{one}: {what_it_adds(one)}", "yellow", indent=2)
    page.heading("What the policy denies stays denied")
    for line in stays_denied(planned, exemption):
        page.line(line, indent=2)
    page.heading("Change of the policy")
    tell_change(page, planned.before, planned.after)
    page.heading("Size")
    shared = "; the holder's other inline policies count too" if planned.kind in _INLINE else ""
    page.line(f"{size_of(planned.after)} of {planned.limit} characters for {planned.kind}{shared}.", indent=2)


def _why_without_network(exemption: Exemption) -> str:
    """Why the part about KMS isn't held to a network."""
    where = f"S3 in {exemption.region}" if exemption.region else "S3"
    return (
        "S3 asks KMS in the principal's name, by a call that carries nothing of the node's network and isn't spared by "
        f"aws:ViaAWSService here; so that part is held to these objects and to {where}, not to a network."
    )


def tell_change(page: Page, before: str, after: str) -> None:
    """The difference of a policy, line by line."""
    for line in difference(before, after):
        page.verbatim(line.text, _STYLES[line.kind])


def _tell_each(page: Page, denials: tuple[Denial, ...] | list[Denial]) -> None:
    for one in denials:
        page.line(f"{one.name}{'' if one.certain else ', perhaps'}", indent=2)
        for why in one.why:
            page.line(why, indent=4)


def _objects(exemption: Exemption) -> str:
    return " and ".join(exemption.objects)


def _network(exemption: Exemption) -> str:
    return "any network" if exemption.network is None else network_of(exemption)
