"""How far a new grant is opened: the tightest form that can be written, fits, and may be used.

The forms are the rungs of the ladder (policy/ladder.py); the configuration says which of them may be used
(docs/decisions/0012-wider-forms.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airlock.grants.approval import Form, Way
from airlock.grants.grant import Grant
from airlock.grants.life import exemption_of
from airlock.policy.ladder import Widening, rungs
from airlock.policy.place import HeldPolicy
from airlock.reconcile.opening import (
    Obstacle,
    admit,
    choose_texts,
    decide_texts,
    drop_doubtful,
    refuse,
    what_hinders,
    withdraw,
)
from airlock.reconcile.run import Run
from airlock.settings import Enrolled

_NO_HELP_FROM_WIDER = frozenset({"overlapping-objects", "stray-airlock-statement"})
"""Reasons that are about something else than the form. A lift would get round the first, and shouldn't: whoever names
another's install could have people asked for a lift."""


def climb(run: Run, grant_id: str, found: Sequence[HeldPolicy], enrolled: Enrolled) -> None:
    """Choose the form of a new grant, what is open and in which texts; end the grant where no form serves.

    Args:
        run: the reconciliation, with what was found out about the policies taken note of.
        grant_id: of the new grant.
        found: every policy of its principal.
        enrolled: the principal.
    """
    run.measure_room(found)
    obstacles: list[Obstacle] = []
    for form in forms_to_try(run.grants[grant_id], enrolled):
        run.grants[grant_id] = run.grants[grant_id].with_progress(
            form=form, why_wider=obstacles[0].detail if obstacles else None
        )
        obstacle = _try(run, grant_id, found)
        if obstacle is None:
            drop_doubtful(run, grant_id)
            return
        obstacles.append(obstacle)
        withdraw(run, grant_id)
        if not obstacle.depends_on_form or obstacle.reason in _NO_HELP_FROM_WIDER:
            break
    # Told as the tightest form's trouble: that is what was asked for.
    run.grants[grant_id] = run.grants[grant_id].with_progress(form=enrolled.form, why_wider=None)
    refuse(run, grant_id, *_told(obstacles))
    decide_texts(run)


def forms_to_try(grant: Grant, enrolled: Enrolled) -> Iterator[Form]:
    """The forms in which a grant may be opened, or asked for, from the tightest on.

    Once people have agreed, no wider than what they agreed to or what needs no agreement: there is one answer a grant.
    """
    approved = approved_widenings(grant)
    if enrolled.form is Form.LIFTED and (approved is None or Widening.LIFT in approved):
        yield Form.LIFTED
        return
    for rung in rungs(exemption_of(grant.facts)):
        form = Form.of(rung.widenings)
        agreed = approved is None or Widening.LIFT in approved or form.widenings <= approved
        if not enrolled.bars(form) and (agreed or not enrolled.asks(form)):
            yield form


def approved_widenings(grant: Grant) -> frozenset[Widening] | None:
    """In what a grant may be wider than asked by what people have agreed to; None where they haven't (yet).

    Who agreed before the install's network was known has agreed to any network: the request said so.
    """
    if grant.progress.approved_by is None or grant.answer is None or not grant.answer.approved:
        return None
    plan = grant.progress.plan
    # Who agreed ahead of time was shown no request; a plan is then one that was only observed.
    asked = grant.answer.way is not Way.AHEAD
    any_network = asked and plan is not None and plan.exemption.network is None
    return grant.answer.form.widenings | ({Widening.NETWORK} if any_network else frozenset())


def _try(run: Run, grant_id: str, found: Sequence[HeldPolicy]) -> Obstacle | None:
    """Enter the grant in its form, and choose; what is in its way, or None where it is chosen, or has ended."""
    obstacle = admit(run, grant_id, found)
    choose_texts(run)
    if obstacle is None and not run.grants[grant_id].is_final:
        obstacle = what_hinders(run, grant_id, found)
    return obstacle


def _told(obstacles: Sequence[Obstacle]) -> tuple[str, str]:
    first, last = obstacles[0], obstacles[-1]
    more = "" if first.detail == last.detail else f"; nor does a wider form serve: {last.detail}"
    return first.reason, first.detail + more
