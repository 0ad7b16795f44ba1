"""A plan as data, and the words that it shares with the account for people."""

from __future__ import annotations

from typing import Any

from airlock.policy.document import parse_document, size_of, statements_of
from airlock.policy.exemption import GET_OBJECT, KMS_ACTIONS, Exemption, Vpc, iso
from airlock.policy.ladder import what_it_adds
from airlock.policy.render import what_it_catches
from airlock_cli.plan.planning import Planned


def plan_json(planned: Planned) -> dict[str, Any]:
    """The plan as data; where nothing opens, ``opens`` has no actions and ``after`` is the policy as it was."""
    refused = planned.refused
    return {
        "statements": [{"sid": one.sid, "index": one.index, "why": "; ".join(one.why)} for one in planned.stopping],
        "after": parse_document(planned.after),
        "exact": refused is None and not widenings_of(planned),
        "wider": [
            {"widening": str(one), "adds": what_it_adds(one), "because": planned.why_wider} for one in _wider(planned)
        ],
        "opens": _opens(planned),
        "size": {"characters": size_of(planned.after), "limit": planned.limit},
        "refused": None if refused is None else {"reason": refused.reason, "detail": refused.detail},
    }


def widenings_of(planned: Planned) -> tuple[str, ...]:
    """In what the form is wider than asked, by name."""
    return tuple(str(one) for one in _wider(planned))


def actions_of(planned: Planned, exemption: Exemption) -> list[str]:
    """The actions that the hole lets through; S3's own calls to KMS only where the policy stops them."""
    if exemption.lift or exemption.any_action:
        return ["*"]
    caught = [what_it_catches(one, [exemption]) for one in statements_of(parse_document(planned.before))]
    reads = [GET_OBJECT] if any(one.fetches for one in caught) else []
    return [*reads, *(KMS_ACTIONS if any(one.service_calls for one in caught) else ())]


def network_of(exemption: Exemption) -> str:
    """Where requests may come from, in a word."""
    if exemption.lift or exemption.network is None:
        return "any"
    return exemption.network.vpc_id if isinstance(exemption.network, Vpc) else exemption.network.cidr


def _wider(planned: Planned) -> tuple[Any, ...]:
    return planned.rung.widenings if planned.rung else ()


def _opens(planned: Planned) -> dict[str, Any]:
    not_after = iso(planned.asked.not_after)
    if planned.rung is None:
        return {"actions": [], "resources": [], "network": None, "not_after": not_after}
    exemption = planned.rung.exemption
    return {
        "actions": actions_of(planned, exemption),
        "resources": ["*"] if exemption.lift else list(exemption.objects),
        "network": network_of(exemption),
        "not_after": not_after,
    }
