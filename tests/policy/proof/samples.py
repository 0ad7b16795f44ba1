"""The rewritings of the sample policies that are proven and timed: every form, shared and not."""

from __future__ import annotations

import json
from dataclasses import replace

from airlock.install.names import Era
from airlock.policy.exemption import Address, Exemption
from airlock.policy.render import render
from tests.policy.proof.prove import Rewriting
from tests.policy.strategies import INFRA_IDS, NOW, OTHER_USER, SAMPLES, STRANGER, VPCS, exemption

NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))
NARROWED = exemption(era=Era.CAPA, vpc=VPCS[0])
LIFT = exemption(lift=True)
SECOND = exemption(INFRA_IDS[1], minutes=90, region=None)
OF_ANOTHER = exemption(INFRA_IDS[1], era=Era.CAPA, principal=OTHER_USER, vpc=VPCS[1])
LIFT_OF_ANOTHER = exemption(lift=True, minutes=90, principal=OTHER_USER)

ALONE: dict[str, list[Exemption]] = {
    "first signal": [exemption(region=None)],
    "narrowed": [NARROWED],
    "from an address": [replace(NARROWED, network=Address("198.51.100.0/24"))],
    "from an IPv6 address": [replace(NARROWED, network=Address("2001:db8:1::/48"))],
    "unencrypted": [exemption(era=Era.TERRAFORM)],
    "two grants": [NARROWED, SECOND],
    "three grants": [NARROWED, SECOND, exemption(INFRA_IDS[2], era=Era.CAPA, vpc=VPCS[2], minutes=5)],
    "lift": [LIFT],
    "lift, then a grant": [LIFT, replace(SECOND, network=NARROWED.network)],
    "grant past its time": [NARROWED, exemption(INFRA_IDS[1], minutes=0)],
}
SHARED = ALONE | {
    "grants of two principals": [NARROWED, OF_ANOTHER],
    "lift beside another's grant": [LIFT, OF_ANOTHER],
    "lifts of two principals": [LIFT, LIFT_OF_ANOTHER],
    "lifts and grants of three": [LIFT, LIFT_OF_ANOTHER, SECOND, exemption(INFRA_IDS[2], principal=STRANGER)],
}
CASES = {name: (exemptions, False) for name, exemptions in ALONE.items()} | {
    f"shared, {name}": (exemptions, True) for name, exemptions in SHARED.items()
}

FEW = ("first signal", "two grants", "lift, then a grant", "shared, narrowed", "shared, lifts and grants of three")
"""Of these cases, those that write most kinds of statements."""


def text_of(sample: str) -> str:
    """A sample policy's text."""
    return (SAMPLES / f"{sample}.json").read_text()


def rewriting(text: str, exemptions: list[Exemption], *, shared: bool = False) -> Rewriting:
    """What the renderer makes of a policy, to be proven."""
    after = render(text, exemptions, NOW, shared=shared)
    return Rewriting(before=json.loads(text), after=json.loads(after), exemptions=exemptions, now=NOW, shared=shared)


def sample(name: str, case: str) -> Rewriting:
    """A sample policy opened in one of the cases."""
    exemptions, shared = CASES[case]
    return rewriting(text_of(name), exemptions, shared=shared)
