"""The ledger's items: grants, scopes and instances as JSON text, and back.

The layout is told in docs/how-it-works.md. Attributes that DynamoDB itself must see (keys, index, conditions, lease)
stand beside the JSON.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airlock.adapters.answer_items import answer_of, close_order_of
from airlock.adapters.schema import Part, read, written
from airlock.grants.approval import Change, Form, Plan
from airlock.grants.grant import CloseReason, Facts, Grant, Progress, State
from airlock.install.names import Era
from airlock.policy.exemption import Address, Exemption, Vpc, from_iso, iso
from airlock.policy.place import PolicyKind, PolicyPlace
from airlock.records import PolicyRecord, Scope

Item = dict[str, Any]


def facts_to_text(facts: Facts) -> str:
    """Facts as JSON."""
    return written(
        {
            "id": facts.id,
            "account": facts.account,
            "partition": facts.partition,
            "principal": facts.principal,
            "infra_id": facts.infra_id,
            "requested_at": iso(facts.requested_at),
            "not_after": iso(facts.not_after),
            "called_at": _iso(facts.called_at),
            "regions": sorted(facts.regions),
            "eras": sorted(facts.eras),
            "own_vpcs": sorted(facts.own_vpcs),
            "endpoint_vpcs": sorted(facts.endpoint_vpcs),
            "instance_vpcs": sorted(facts.instance_vpcs),
            "boots": _times(facts.boots),
            "found": _times(facts.found),
            "fetched": _iso(facts.fetched),
            "refused": sorted(facts.refused),
            "shut_vpcs": sorted(facts.shut_vpcs),
            "rebooted": _times(facts.rebooted),
            "ended": [str(facts.ended[0]), iso(facts.ended[1])] if facts.ended else None,
            "event_ids": list(facts.event_ids),
        }
    )


def facts_from_text(text: str) -> Facts:
    """Facts from JSON."""
    kept = read(Part.FACTS, text)
    return Facts(
        id=kept["id"],
        account=kept["account"],
        partition=kept["partition"],
        principal=kept["principal"],
        infra_id=kept["infra_id"],
        requested_at=from_iso(kept["requested_at"]),
        not_after=from_iso(kept["not_after"]),
        called_at=_from_iso(kept.get("called_at")),
        regions=frozenset(kept["regions"]),
        eras=frozenset(Era(era) for era in kept["eras"]),
        own_vpcs=frozenset(kept["own_vpcs"]),
        endpoint_vpcs=frozenset(kept["endpoint_vpcs"]),
        instance_vpcs=frozenset(kept["instance_vpcs"]),
        boots=_times_from(kept["boots"]),
        found=_times_from(kept["found"]),
        fetched=_from_iso(kept["fetched"]),
        refused=frozenset(kept["refused"]),
        shut_vpcs=frozenset(kept["shut_vpcs"]),
        rebooted=_times_from(kept["rebooted"]),
        ended=(CloseReason(kept["ended"][0]), from_iso(kept["ended"][1])) if kept["ended"] else None,
        event_ids=tuple(kept["event_ids"]),
    )


def progress_to_text(progress: Progress) -> str:
    """Progress as JSON, but for the state, which is an attribute of its own."""
    return written(
        {
            "opened_at": _iso(progress.opened_at),
            "narrowed_at": _iso(progress.narrowed_at),
            "closed_at": _iso(progress.closed_at),
            "reason": progress.reason,
            "detail": progress.detail,
            "exemption": _exemption(progress.exemption) if progress.exemption else None,
            "scopes": list(progress.scopes),
            "form": str(progress.form),
            "why_wider": progress.why_wider,
            "second_opinion": progress.second_opinion,
            "effective_at": _iso(progress.effective_at),
            "plan": _plan(progress.plan) if progress.plan else None,
            "asked_at": _iso(progress.asked_at),
            "answer_until": _iso(progress.answer_until),
            "approved_by": progress.approved_by,
            "alarmed": progress.alarmed,
        }
    )


def progress_from_text(state: str, text: str) -> Progress:
    """Progress from its state and JSON."""
    kept = read(Part.PROGRESS, text)
    return Progress(
        state=State(state),
        opened_at=_from_iso(kept["opened_at"]),
        narrowed_at=_from_iso(kept["narrowed_at"]),
        closed_at=_from_iso(kept["closed_at"]),
        reason=kept["reason"],
        detail=kept["detail"],
        exemption=_exemption_from(kept["exemption"]) if kept["exemption"] else None,
        scopes=tuple(kept["scopes"]),
        form=Form(kept["form"]),
        why_wider=kept["why_wider"],
        second_opinion=kept["second_opinion"],
        effective_at=_from_iso(kept["effective_at"]),
        plan=_plan_from(kept["plan"]) if kept["plan"] else None,
        asked_at=_from_iso(kept["asked_at"]),
        answer_until=_from_iso(kept["answer_until"]),
        approved_by=kept["approved_by"],
        alarmed=kept["alarmed"],
    )


def grant_from_item(item: Item, answer: Item | None = None, order: Item | None = None) -> Grant:
    """A grant from its item, and those of its answer and its close order where there are any."""
    return Grant(
        facts_from_text(item["facts"]["S"]),
        progress_from_text(item["state"]["S"], item["progress"]["S"]),
        answer_of(answer) if answer else None,
        close_order_of(order) if order else None,
        item["audit_head"]["S"] if "audit_head" in item else None,
    )


def scope_to_text(scope: Scope) -> str:
    """What is open in a scope, as JSON."""
    return written(
        {
            "grants": sorted(scope.grants),
            "begun": {grant_id: iso(at) for grant_id, at in sorted(scope.begun.items())},
            "refused": [iso(at) for at in scope.refused],
            "limit_told": _iso(scope.limit_told),
            "policies": [
                {
                    **_place(record.place),
                    "baseline": record.baseline,
                    "baseline_version": record.baseline_version,
                    "written": record.written,
                    "intended": record.intended,
                    "versions": list(record.versions),
                    "past": list(record.past),
                    "written_at": iso(record.written_at) if record.written_at else None,
                    "neighbours": record.neighbours,
                }
                for _, record in sorted(scope.policies.items())
            ],
        }
    )


def scope_from_item(scope_id: str, item: Item) -> Scope:
    """A scope from its item; an empty one where the item only holds a lease."""
    if "content" not in item:
        return Scope(scope_id)
    kept = read(Part.SCOPE, item["content"]["S"])
    records = [
        PolicyRecord(
            place=_place_from(record),
            baseline=record["baseline"],
            baseline_version=record["baseline_version"],
            written=record["written"],
            intended=record["intended"],
            versions=tuple(record["versions"]),
            past=tuple(record["past"]),
            written_at=_from_iso(record["written_at"]),
            neighbours=record["neighbours"],
        )
        for record in kept["policies"]
    ]
    return Scope(
        scope_id,
        {record.place: record for record in records},
        set(kept["grants"]),
        begun={grant_id: from_iso(at) for grant_id, at in kept["begun"].items()},
        refused=[from_iso(at) for at in kept["refused"]],
        limit_told=_from_iso(kept["limit_told"]),
    )


def _exemption(exemption: Exemption) -> Item:
    network = exemption.network
    return {
        "principal": exemption.principal,
        "objects": list(exemption.objects),
        "encrypted": list(exemption.encrypted),
        "region": exemption.region,
        "vpc": network.vpc_id if isinstance(network, Vpc) else None,
        "cidr": network.cidr if isinstance(network, Address) else None,
        "not_after": iso(exemption.not_after),
        "lift": exemption.lift,
        "any_action": exemption.any_action,
    }


def _exemption_from(kept: Item) -> Exemption:
    return Exemption(
        principal=kept["principal"],
        objects=tuple(kept["objects"]),
        encrypted=tuple(kept["encrypted"]),
        region=kept["region"],
        network=Vpc(kept["vpc"]) if kept["vpc"] else Address(kept["cidr"]) if kept["cidr"] else None,
        not_after=from_iso(kept["not_after"]),
        lift=kept["lift"],
        any_action=kept["any_action"],
    )


def _plan(plan: Plan) -> Item:
    changes = [{**_place(change.place), "before": change.before, "after": change.after} for change in plan.changes]
    return {"exemption": _exemption(plan.exemption), "changes": changes}


def _plan_from(kept: Item) -> Plan:
    changes = tuple(Change(_place_from(change), change["before"], change["after"]) for change in kept["changes"])
    return Plan(_exemption_from(kept["exemption"]), changes)


def _place(place: PolicyPlace) -> Item:
    return {"kind": str(place.kind), "holder": place.holder, "name": place.name}


def _place_from(kept: Item) -> PolicyPlace:
    return PolicyPlace(PolicyKind(kept["kind"]), kept["holder"], kept["name"])


def _times(pairs: frozenset[tuple[str, datetime]]) -> list[list[str]]:
    return [[instance_id, iso(at)] for instance_id, at in sorted(pairs)]


def _times_from(kept: list[list[str]]) -> frozenset[tuple[str, datetime]]:
    return frozenset((instance_id, from_iso(at)) for instance_id, at in kept)


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None


def _from_iso(text: str | None) -> datetime | None:
    return from_iso(text) if text else None
