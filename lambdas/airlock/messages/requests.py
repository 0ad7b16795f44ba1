"""The request for approval: what people decide on, readable at a glance."""

from __future__ import annotations

from datetime import datetime

from airlock.grants.approval import Form, Plan
from airlock.grants.grant import Grant
from airlock.grants.life import exemption_of
from airlock.messages.about import about_data, about_lines, attributes_of
from airlock.messages.differences import for_machines, shown
from airlock.messages.layout import minutes, moment, name_of, subject_line
from airlock.messages.message import Language, Message
from airlock.messages.opening import opening_data, opening_lines
from airlock.messages.voice import Voice
from airlock.policy.exemption import iso

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
    asked_at = progress.asked_at or facts.requested_at
    answer_until = progress.answer_until or facts.not_after
    form = "lifted" if progress.form is Form.LIFTED or plan.exemption.lift else "scoped"
    subject = voice.say(f"request.subject.{form}", infra_id=facts.infra_id, who=name_of(facts.principal))
    return Message(
        subject=subject_line(subject),
        text="\n".join(_lines(voice, grant, plan, link, asked_at, answer_until)) + "\n",
        data={
            **about_data(KIND, grant),
            "opens": opening_data(plan.exemption),
            "changes": for_machines(plan.changes),
            "answer_until": iso(answer_until),
            "not_after": iso(plan.exemption.not_after),
            "link": link,
        },
        attributes=attributes_of(KIND, grant),
    )


def _lines(  # noqa: PLR0913, PLR0917 - the parts of one text, in its order
    voice: Voice, grant: Grant, plan: Plan, link: str | None, asked_at: datetime, answer_until: datetime
) -> list[str]:
    exemption = plan.exemption
    if exemption.lift:
        stays = "request.stays.lifted"
    else:
        stays = "request.stays.any" if exemption.network is None else "request.stays.network"
    lines = [
        *voice.lines("request.what"),
        "",
        *about_lines(voice, grant.facts),
        "",
        voice.say("request.opens"),
        *(f"  {line}" for line in opening_lines(voice, exemption)),
        "",
        *voice.lines(
            "request.until", not_after=moment(exemption.not_after), minutes=minutes(asked_at, exemption.not_after)
        ),
        "",
        *voice.lines(stays),
        "",
        voice.say("request.answer", answer_until=moment(answer_until)),
        *([f"  {link}"] if link else []),
        f"  airlock approve {grant.id}",
        f"  airlock reject {grant.id}",
        *voice.lines("request.silence"),
    ]
    if plan.changes:
        cut_note = "diff.cut.page" if link else "diff.cut"
        lines += ["", voice.say("request.changes"), *shown(voice, plan.changes, cut_note, grant.id)]
    return lines
