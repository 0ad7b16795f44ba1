"""From the tightest opening to the widest: what to offer where the exact difference can't be written or doesn't fit.

Each rung is an exemption that ``render`` takes like any other, with the names of what makes it wider than asked
(docs/decisions/0010-ladder.md). Which of them may be used is not decided here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

from airlock.policy.exemption import Exemption


class Widening(StrEnum):
    """One way in which an opening is wider than asked."""

    NETWORK = "network"
    ACTIONS = "actions"
    LIFT = "lift"


@dataclass(frozen=True, slots=True)
class Rung:
    """One form of an opening.

    Attributes:
        exemption: what is rendered.
        widenings: in what it is wider than asked, in the order of the enumeration; empty for the exact form.
    """

    exemption: Exemption
    widenings: tuple[Widening, ...] = ()


def rungs(exemption: Exemption) -> tuple[Rung, ...]:
    """The forms of an opening, from the tightest to the widest, without repeats.

    The exact form comes first. A part that the exemption hasn't got can't be dropped: without a network the two rungs
    that drop it are left out, likewise those that open the other actions where they are open already. A lift has no
    wider form.
    """
    if exemption.lift:
        return (Rung(exemption),)
    found: dict[Exemption, Rung] = {}
    for widenings in _LADDER:
        wide = widened(exemption, widenings)
        found.setdefault(wide, Rung(wide, widenings))
    return tuple(found.values())


def widened(exemption: Exemption, widenings: Collection[Widening]) -> Exemption:
    """The same opening, wider in the named ways. A lift has neither a network nor actions of its own."""
    if Widening.LIFT in widenings:
        return replace(exemption, network=None, any_action=False, lift=True)
    return replace(
        exemption,
        network=None if Widening.NETWORK in widenings else exemption.network,
        any_action=exemption.any_action or Widening.ACTIONS in widenings,
    )


_LADDER = (
    (),
    (Widening.NETWORK,),
    (Widening.ACTIONS,),
    (Widening.NETWORK, Widening.ACTIONS),
    (Widening.LIFT,),
)


_ADDS = {
    Widening.NETWORK: "The objects can be fetched from any network, not from the install's VPC alone.",
    Widening.ACTIONS: (
        "Every action on the objects is let through, not their reading (s3:GetObject) alone, and every KMS call of S3's"
        " about the encrypted ones, where the deny catches such calls."
    ),
    Widening.LIFT: (
        "The deny is off for the principal as a whole: every action on every resource from every network, not the"
        " objects alone."
    ),
}


def what_it_adds(widening: Widening) -> str:
    """Say in one sentence what a widening lets through beyond what was asked."""
    return _ADDS[widening]
