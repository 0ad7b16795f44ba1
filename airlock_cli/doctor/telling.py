"""What the doctor found, as people read it."""

from __future__ import annotations

from airlock.policy.ladder import what_it_adds
from airlock_cli.doctor.examining import Examined, Missing
from airlock_cli.doctor.governing import Governed
from airlock_cli.doctor.result import Diagnosis, Verdict, condition_of
from airlock_cli.operators.page import Page

_VERDICTS = {
    Verdict.PASSES: ("An install would pass: nothing that the account shows stops the fetch.", "green"),
    Verdict.OPENED: ("An install would fail, and the airlock would open it.", "green"),
    Verdict.FAILS: ("An install would fail, and the airlock can't help.", "red"),
}


def tell_diagnosis(page: Page, diagnosis: Diagnosis) -> None:
    """Tell whether an install would pass, what stops it, and what the airlock would do."""
    page.line(*_VERDICTS[diagnosis.verdict])
    if diagnosis.verdict is not Verdict.FAILS:
        for limit in diagnosis.may_fail:
            page.line(f"But something that the airlock doesn't reach may stop it: see {limit.what} below.", "yellow")
    page.line(f"Looked at: {diagnosis.principal.arn}", indent=2)
    made_up = ", made up; give your own with --infra-id" if diagnosis.sample else ""
    page.line(f"infra ID {diagnosis.infra_id}{made_up}", indent=2)
    page.heading("The calls of an install")
    for call in diagnosis.findings.calls:
        stops = diagnosis.findings.stopped_by(call)
        page.line(f"{call}: {'stopped by' if stops else 'passes'}", "red" if stops else "green", indent=2)
        for one in stops:
            page.line(one, indent=4)
    for examined in diagnosis.findings.stopping:
        _tell_policy(page, examined)
    for governed in diagnosis.findings.governing:
        _tell_governed(page, governed)
    for missing in diagnosis.findings.missing:
        _tell_missing(page, missing)
    page.heading("Out of the airlock's reach")
    page.rows([(one.what, one.state, one.detail) for one in diagnosis.limits])


def _tell_policy(page: Page, one: Examined) -> None:
    page.heading(f"{one.policy.place}{', its permissions boundary' if one.policy.boundary else ''}")
    for denial in one.planned.stopping if one.planned else ():
        page.line(f"{denial.name}{'' if denial.certain else ', perhaps'}", indent=2)
        for why in denial.why:
            page.line(why, indent=4)
    if one.helpless is not None or one.planned is None or one.planned.rung is None:
        why_not = f"{one.helpless.detail} ({one.helpless.reason})" if one.helpless else "it can't be read"
        page.line(f"The airlock can't open it: {why_not}.", "red", indent=2)
        return
    widenings = one.planned.rung.widenings
    condition = f", {condition_of(one)}" if condition_of(one) else ""
    page.line(f"The airlock opens it {'wider than exactly' if widenings else 'exactly'}{condition}.", "green", indent=2)
    for widening in widenings:
        page.line(f"{widening}: {what_it_adds(widening)}", "yellow", indent=4)


def _tell_governed(page: Page, one: Governed) -> None:
    page.heading(str(one))
    for denial in one.denials:
        page.line(f"{denial.name}{'' if denial.certain else ', perhaps'}", indent=2)
        for why in denial.why:
            page.line(why, indent=4)
    if one.trouble:
        page.line(f"It can't be read: {one.trouble}.", "yellow", indent=2)
    page.line("The airlock can't open it: it is the organization's.", "red" if one.certain else "yellow", indent=2)


def _tell_missing(page: Page, one: Missing) -> None:
    if one.certain:
        page.heading(f"Not allowed: {one.call}")
        page.line(
            f"There is no Allow for it in {one.by}. The airlock takes denies away, and adds no Allow.", "red", indent=2
        )
    else:
        page.heading(f"Perhaps not allowed: {one.call}")
        page.line(f"There is an Allow for it in {one.by} for some VPCs only.", "yellow", indent=2)
    for why in one.why:
        page.line(f"An Allow holds for other networks only: {why}", indent=4)
