"""How many grants fit a policy at once, by kind of policy and by rung of the ladder."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from airlock.install.names import Era
from airlock.policy.document import size_of
from airlock.policy.exemption import Exemption
from airlock.policy.ladder import rungs
from airlock.policy.place import SIZE_LIMITS, PolicyKind
from airlock.policy.render import render
from tests.policy.strategies import NOW, SAMPLES, USER, exemption

EXAMPLE = (SAMPLES / "aws-example.json").read_text()
KINDS = (PolicyKind.USER_INLINE, PolicyKind.GROUP_INLINE, PolicyKind.MANAGED, PolicyKind.ROLE_INLINE)
SHARED = (PolicyKind.GROUP_INLINE, PolicyKind.MANAGED)


def narrowed(number: int, *, own_principal: bool) -> Exemption:
    """One grant of many: its bucket and its VPC are known, and it ends at a time of its own."""
    return exemption(
        f"lab{number:02}-l8dh4",
        era=Era.CAPA,
        vpc=f"vpc-{number:017}",
        minutes=60 + number,
        principal=f"{USER}-{number:02}" if own_principal else USER,
    )


def sizes(rung: int, *, shared: bool, own_principals: bool) -> Iterator[int]:
    """The characters of AWS's example document with one grant, with two, and so on, all of one rung."""
    for grants in count(1):
        open_here = [rungs(narrowed(number, own_principal=own_principals))[rung].exemption for number in range(grants)]
        yield size_of(render(EXAMPLE, open_here, NOW, shared=shared))


def how_many(kind: PolicyKind, rung: int, *, own_principals: bool = False, enough: int = 100) -> int:
    """How many grants of one rung fit a policy of this kind; no more than ``enough`` are tried."""
    found = sizes(rung, shared=kind in SHARED, own_principals=own_principals)
    for fitting, size in zip(range(enough), found, strict=False):
        if size > SIZE_LIMITS[kind]:
            return fitting
    return enough
