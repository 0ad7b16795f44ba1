"""How much longer a policy becomes, by sample and by rung of the ladder."""

from __future__ import annotations

from dataclasses import dataclass

from airlock.policy.clauses import CannotRenderError
from airlock.policy.document import size_of
from airlock.policy.ladder import rungs
from airlock.policy.render import render
from tests.bench.plan import narrowed
from tests.policy.proof.samples import NAMES, text_of
from tests.policy.strategies import NOW

RUNGS = tuple(" and ".join(rung.widenings) or "exact" for rung in rungs(narrowed(0)))


@dataclass(frozen=True, slots=True)
class Sizes:
    """One sample policy opened in every form.

    Attributes:
        policy: the sample's name.
        characters: of the baseline, white space not counted.
        ratios: to that the opened text's, by rung; None where the rung has no form.
    """

    policy: str
    characters: int
    ratios: tuple[float | None, ...]


def sizes() -> list[Sizes]:
    """Open each sample for one narrowed grant."""
    return [_sizes_of(name) for name in NAMES]


def _sizes_of(name: str) -> Sizes:
    text = text_of(name)
    ratios: list[float | None] = []
    for rung in rungs(narrowed(0)):
        try:
            ratios.append(size_of(render(text, [rung.exemption], NOW)) / size_of(text))
        except CannotRenderError:
            ratios.append(None)
    return Sizes(name, size_of(text), tuple(ratios))
