"""The request for approval: what people decide on, readable at a glance."""

from __future__ import annotations

from datetime import datetime

from airlock.grants.approval import Form, Plan
from airlock.grants.grant import Grant
from airlock.grants.life import exemption_of
from airlock.messages.about import about_data, about_lines, attributes_of
from airlock.messages.differences import for_machines, shown
from airlock.messages.layout import minutes, moment, name_of
from airlock.messages.message import Language, Message
from airlock.messages.opening import opening_data, opening_lines
from airlock.messages.voice import Voice
from airlock.messages.wider import approve_command, is_wider, wider_lines
from airlock.policy.exemption import Exemption, iso
from airlock.policy.ladder import Widening

KIND = "approval-request"


def request_of(grant: Grant, link: str | None, language: Language) -> Message:
    """Ask people whether a grant may open.

    Args:
        grant: one that waits for an answer; its plan is what is asked for.
        link: to the page on which the request can be answered; None where links are off. It is a secret, and stands
            nowhere but here.
        language: of the text.
    """
    voice = Voice(language)
    facts, progress = grant.facts, grant.progress
    plan = progress.plan or Plan(exemption_of(facts, progress.form), ())
    texts = "lifted" if plan.exemption.lift else "wider" if is_wider(grant) else "scoped"
    return Message(
        subject=voice.subject(f"request.subject.{texts}", "who", infra_id=facts.infra_id, who=name_of(facts.principal)),
        text="\n".join(_lines(voice, grant, plan, link)) + "\n",
        data={
            **about_data(KIND, grant),
            "opens": opening_data(plan.exemption),
            "changes": for_machines(plan.changes),
            "answer_until": iso(_answer_until(grant)),
            "not_after": iso(plan.exemption.not_after),
            "link": link,
        },
        attributes=attributes_of(KIND, grant),
    )


def _answer_until(grant: Grant) -> datetime:
    return grant.progress.answer_until or grant.facts.not_after


def _lines(voice: Voice, grant: Grant, plan: Plan, link: str | None) -> list[str]:
    exemption = plan.exemption
    asked_at = grant.progress.asked_at or grant.facts.requested_at
    not_after, left = moment(exemption.not_after), minutes(asked_at, exemption.not_after)
    lines = [
        *voice.lines("request.what.wider" if is_wider(grant) else "request.what"),
        "",
        *about_lines(voice, grant.facts),
        "",
        voice.say("request.opens"),
        *(f"  {line}" for line in opening_lines(voice, exemption)),
        "",
        *([*wider, ""] if (wider := wider_lines(voice, grant)) else []),
        *voice.lines("request.until", not_after=not_after, minutes=left),
        "",
        *voice.lines(f"request.stays.{_stays(grant.progress.form, exemption)}"),
        "",
        voice.say("request.answer", answer_until=moment(_answer_until(grant))),
        *([f"  {link}"] if link else []),
        f"  {approve_command(grant.id, grant.progress.form)}",
        f"  airlock reject {grant.id}",
        "",
        *voice.lines("request.silence"),
    ]
    if plan.changes:
        cut_note = "diff.cut.page" if link else "diff.cut"
        lines += ["", voice.say("request.changes"), *shown(voice, plan.changes, cut_note, grant.id)]
    return lines


def _stays(form: Form, exemption: Exemption) -> str:
    """Name of the text that says what stays denied, and whether it is to become narrower."""
    if exemption.lift:
        return "lifted"
    what = "any-action." if exemption.any_action else ""
    if exemption.network is not None:
        return f"{what}network"
    return f"{what}any-for-good" if Widening.NETWORK in form.widenings else f"{what}any-yet"
