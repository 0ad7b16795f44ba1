"""Each rung, from the exact form to the lift, opens what its own exemption says and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airlock.policy.clauses import CannotRenderError
from airlock.policy.exemption import Exemption
from airlock.policy.ladder import rungs
from tests.policy.proof.logic import no
from tests.policy.proof.prove import Formulas, disproof
from tests.policy.proof.samples import NAMES, NARROWED, SECOND, rewriting, text_of
from tests.policy.proof.space import Reading

RUNGS = {" and ".join(rung.widenings) or "exact": rung.exemption for rung in rungs(NARROWED)}
BESIDE: dict[str, list[Exemption]] = {
    "alone": [],
    "beside an exact one": [SECOND],
    "beside one of any action": [replace(SECOND, any_action=True)],
}
FENCED = sorted({*NAMES} - {"nothing-to-open"})
# Of what names the objects by "arn:aws:s3:::*", GetObject alone can be taken out.
HAVE_NO_FORM_FOR_ANY_ACTION = ("s3-only",)


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("name", NAMES)
def test_a_rung_opens_exactly_what_it_says(name: str, rung: str, beside: str) -> None:
    """Alone, and beside others that end later, in a policy of one principal and, read otherwise, in a shared one."""
    exemptions = [RUNGS[rung], *BESIDE[beside]]
    for shared, reading in zip((False, True), Reading, strict=True):
        if name in HAVE_NO_FORM_FOR_ANY_ACTION and any(one.any_action for one in exemptions):
            with pytest.raises(CannotRenderError):
                rewriting(text_of(name), exemptions, shared=shared)
        else:
            assert disproof(rewriting(text_of(name), exemptions, shared=shared), reading) is None


@pytest.mark.parametrize("rung", [*RUNGS][1:])
@pytest.mark.parametrize("name", FENCED)
def test_a_rung_opens_more_than_the_exact_form(name: str, rung: str) -> None:
    """Nothing that the exact form opens is shut on a wider one, and some other request is let through."""
    if name in HAVE_NO_FORM_FOR_ANY_ACTION and RUNGS[rung].any_action:
        return
    exact, wider = (rewriting(text_of(name), [one]) for one in (NARROWED, RUNGS[rung]))
    formulas = Formulas(replace(wider, before=exact.after))
    assert formulas.request(formulas.after, no(formulas.before)) is None
    assert formulas.request(formulas.before, no(formulas.after))
