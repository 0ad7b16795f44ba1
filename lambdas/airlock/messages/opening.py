"""What an exemption opens, in words and as data."""

from __future__ import annotations

from airlock.messages.voice import Voice
from airlock.policy.exemption import GET_OBJECT, Exemption, Vpc, iso


def opening_lines(voice: Voice, exemption: Exemption) -> list[str]:
    """What is open, to be read at a glance: of which objects, from where; loud where it is everything."""
    if exemption.lift:
        return voice.lines("opens.lifted")
    network = exemption.network
    where = "vpc" if isinstance(network, Vpc) else "any" if network is None else "address"
    what, kms = ("any-action", "kms-any-action") if exemption.any_action else ("scoped", "kms")
    return [
        *voice.lines(f"opens.{what}", action=GET_OBJECT),
        *(f"  {arn}" for arn in exemption.objects),
        *voice.lines(f"opens.from-{where}", network=_network(exemption)),
        *(voice.lines(f"opens.{kms}") if exemption.encrypted else ()),
    ]


def opening_data(exemption: Exemption | None) -> dict[str, object] | None:
    """The same for machines; of a lift, everything."""
    if exemption is None:
        return None
    return {
        "actions": ["*"] if exemption.lift or exemption.any_action else [GET_OBJECT],
        "objects": ["*"] if exemption.lift else list(exemption.objects),
        "network": _network(exemption),
        "not_after": iso(exemption.not_after),
    }


def _network(exemption: Exemption) -> str:
    network = None if exemption.lift else exemption.network
    if network is None:
        return "any"
    return network.vpc_id if isinstance(network, Vpc) else network.cidr
