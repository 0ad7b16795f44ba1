"""What is about to be written is looked at with other eyes first; a doubt closes what it is about."""

from __future__ import annotations

from airlock.grants.grant import CloseReason, State
from airlock.policy.clauses import CannotRenderError
from airlock.policy.document import parse_document
from airlock.policy.place import PolicyPlace
from airlock.reconcile.run import Run

DETAIL = "the rewritten policy failed the airlock's own check"


def doubts(run: Run) -> dict[str, tuple[str, str]]:
    """The grants whose exemptions a rewritten policy doesn't do justice to: a reason for each, and what shows it.

    Each text is looked at once a run.

    Args:
        run: the reconciliation, with its texts chosen.
    """
    found: dict[str, tuple[str, str]] = {}
    for place, record in run.records().items():
        text = run.choice.texts.get(place, record.baseline)
        if text == record.baseline:
            continue
        key = (place, text)
        if key not in run.checked:
            run.checked[key] = _look(run, place, record.baseline, text)
        doubt = run.checked[key]
        if doubt is not None:
            found |= dict.fromkeys(_open_here(run, place), doubt)
    return found


def end_doubtful(run: Run, doubtful: dict[str, tuple[str, str]]) -> None:
    """Let no grant be opened, or stay open, by a text that is in doubt."""
    for grant_id, (reason, detail) in doubtful.items():
        if run.grants[grant_id].progress.state is State.OPEN:
            run.begin_closing([grant_id], reason, detail)


def _open_here(run: Run, place: PolicyPlace) -> list[str]:
    return [grant_id for grant_id in run.choice.exemptions if grant_id in run.scopes[place.holder].grants]


def _look(run: Run, place: PolicyPlace, baseline: str, text: str) -> tuple[str, str] | None:
    # Only what writes a policy needs the evaluator; it is a tenth of the imports of a cold start.
    from airlock.policy.check import check  # noqa: PLC0415 - see above

    exemptions = [run.choice.exemptions[grant_id] for grant_id in _open_here(run, place)]
    try:
        finding = check(parse_document(baseline), parse_document(text), exemptions, run.now, shared=place.shared)
    except CannotRenderError as error:
        return error.reason, f"{place}: {error.detail}"
    return None if finding is None else (str(CloseReason.CHECK_FAILED), f"{DETAIL}: {place}: {finding}")
