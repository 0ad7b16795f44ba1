"""From a grant to the page about it, in one language. Pure."""

from __future__ import annotations

from datetime import datetime

from airlock.grants.approval import Answer, Plan
from airlock.grants.grant import Grant
from airlock.grants.life import exemption_of
from airlock.messages.differences import difference_of
from airlock.messages.layout import free_text, minutes
from airlock.messages.wider import is_wider, why_wider, widenings_of
from airlock.page.note import NOTE_LIMIT
from airlock.page.problems import Problem
from airlock.page.speech import Speech
from airlock.page.standing import Standing, standing_of
from airlock.page.views import Difference, Line, Opening, Page, Question, Row, Section, time_row
from airlock.policy.exemption import Exemption, Vpc
from airlock.policy.ladder import Widening

_SHOWS_OPENING = frozenset({Standing.WAITING, Standing.APPROVED, Standing.OPEN})
_KINDS = {"+": "added", "-": "removed", " ": "kept"}


def ask_page(grant: Grant, token: str, now: datetime, speech: Speech) -> Page:
    """The page on which a request that waits can be answered."""
    plan = _plan(grant)
    lifted, wider = plan.exemption.lift, is_wider(grant)
    form, approve = (
        ("lifted", "approve-lift") if lifted else ("wider", "approve-wider") if wider else ("scoped", "approve")
    )
    until = grant.progress.answer_until or grant.facts.not_after
    return Page(
        status=200,
        heading=speech.say(f"ask.heading.{form}"),
        lead=(speech.say("ask.what"), *([speech.say("ask.wider")] if wider else []), speech.say("ask.unknown")),
        sections=(_about(grant, speech),),
        opening=_opening(grant, plan.exemption, speech),
        differences=_differences(plan, speech),
        no_differences=speech.say("changes.none", grant=grant.id),
        question=Question(
            token=token,
            until=speech.say("answer.until", until=until, minutes=minutes(now, until)),
            approve=speech.say(f"answer.{approve}"),
            lifted=lifted,
        ),
    )


def standing_page(grant: Grant, now: datetime, speech: Speech) -> Page:
    """The page that tells what stands, where nothing can be answered any more, or not yet."""
    standing, plan = standing_of(grant, now), _plan(grant)
    texts = (f"standing.{standing}.{part}" for part in ("what", "next"))
    shows_opening = standing in _SHOWS_OPENING
    return Page(
        status=200,
        heading=speech.say(f"standing.{standing}.heading"),
        lead=tuple(speech.say(key, until=plan.exemption.not_after, grant=grant.id) for key in texts),
        sections=_decided(grant, speech) + _ended(grant, speech) + (_about(grant, speech),),
        opening=_opening(grant, plan.exemption, speech) if shows_opening else None,
        differences=_differences(plan, speech) if shows_opening else None,
        no_differences=speech.say("changes.none", grant=grant.id),
    )


def expired_page(grant: Grant | None, until: datetime, now: datetime, speech: Speech) -> Page:
    """The page behind a link whose time is over; its holder was asked once, so it tells about what, and what came."""
    lead = [speech.say("problem.expired.what", until=until)]
    standing = standing_of(grant, now) if grant else None
    if standing is not None and standing is not Standing.WAITING:
        lead.append(speech.say("problem.expired.stands", standing=speech.say(f"standing.{standing}.heading")))
    return Page(
        status=Problem.EXPIRED.status,
        heading=speech.say("problem.expired.heading"),
        lead=(*lead, speech.say("problem.expired.next")),
        sections=(*_decided(grant, speech), _about(grant, speech)) if grant else (),
    )


def problem_page(problem: Problem, speech: Speech) -> Page:
    """The page that tells what is wrong with what came, and what to do."""
    key = f"problem.{problem.text_key}"
    return Page(
        status=problem.status,
        heading=speech.say(f"{key}.heading"),
        lead=(speech.say(f"{key}.what", limit=NOTE_LIMIT), speech.say(f"{key}.next")),
    )


def _plan(grant: Grant) -> Plan:
    return grant.progress.plan or Plan(exemption_of(grant.facts, grant.progress.form), ())


def _about(grant: Grant, speech: Speech) -> Section:
    facts, asked_at = grant.facts, grant.progress.asked_at or grant.facts.requested_at
    regions = ", ".join(sorted(facts.regions))
    return Section(
        speech.say("about.heading"),
        (
            Row(speech.say("about.principal"), facts.principal, code=True),
            Row(speech.say("about.infra-id"), facts.infra_id, code=True),
            Row(speech.say("about.account"), facts.account, code=True),
            Row(speech.say("about.region"), regions or speech.say("about.region-unknown"), code=bool(regions)),
            Row(speech.say("about.grant"), grant.id, code=True),
            time_row(speech.say("about.asked"), speech.time(asked_at), asked_at),
        ),
    )


def _opening(grant: Grant, exemption: Exemption, speech: Speech) -> Opening:
    until, why = exemption.not_after, _why_wider(grant)
    if exemption.lift:
        return Opening(
            lead=speech.say("lift.everything", until=until),
            objects=(),
            more=(speech.say("lift.who"), speech.say("opens.until", until=until)),
            stays=speech.say("stays.lifted"),
            lifted=True,
            why=why,
        )
    wider = [one for one in Widening if one in widenings_of(grant)]
    follows = Widening.NETWORK not in wider
    more = [_where(exemption, speech, follows=follows)]
    kms = "opens.kms-any-action" if exemption.any_action else "opens.kms"
    more += [speech.say(kms)] if exemption.encrypted else []
    more.append(speech.say("opens.until", until=until))
    # Where the network is given up, there is nothing to follow.
    more += [speech.say("opens.later")] if follows else []
    what = "stays.any-action" if exemption.any_action else "stays"
    return Opening(
        lead=speech.say("opens.any-action" if exemption.any_action else "opens.scoped"),
        objects=exemption.objects,
        choice=speech.say("opens.one-of-two") if len(exemption.objects) > 1 else "",
        more=tuple(more),
        stays=speech.say(f"{what}.any" if exemption.network is None else f"{what}.network"),
        lifted=False,
        wider=tuple(speech.say(f"wider.{one}") for one in wider),
        why=why,
    )


def _why_wider(grant: Grant) -> str | None:
    why = why_wider(grant)
    return free_text(why) if why else None


def _where(exemption: Exemption, speech: Speech, *, follows: bool) -> str:
    """From where it opens.

    Args:
        exemption: what opens.
        speech: whose language is spoken.
        follows: whether it is narrowed once the install's network is known.
    """
    network = exemption.network
    if network is None:
        return speech.say("opens.from-any" if follows else "opens.from-any-for-good")
    if isinstance(network, Vpc):
        return speech.say("opens.from-vpc", network=network.vpc_id)
    return speech.say("opens.from-address", network=network.cidr)


def _differences(plan: Plan, speech: Speech) -> tuple[Difference, ...]:
    return tuple(
        # The first two lines name the policy, before and after; the label does that.
        Difference(speech.say("changes.of", place=change.place), tuple(map(_line, difference_of(change)[2:])))
        for change in plan.changes
    )


def _line(text: str) -> Line:
    kind = _KINDS.get(text[:1], "place")
    return Line(kind, "" if kind == "place" else text[:1], text if kind == "place" else text[1:])


def _decided(grant: Grant, speech: Speech) -> tuple[Section, ...]:
    """Who decided, what and when."""
    sections = []
    if grant.answer is not None:
        word = speech.say("decision.approved" if grant.answer.approved else "decision.rejected")
        rows = (
            Row(speech.say("decision.answer"), word),
            Row(speech.say("decision.by"), _who(grant.answer, speech)),
            time_row(speech.say("decision.at"), speech.time(grant.answer.at), grant.answer.at),
            *_note(grant.answer.note, speech),
        )
        sections.append(Section(speech.say("decision.heading"), rows))
    order = grant.close_order
    if order is not None:
        rows = (
            Row(speech.say("decision.by"), order.by, code=True),
            time_row(speech.say("decision.at"), speech.time(order.at), order.at),
            *_note(order.note, speech),
        )
        sections.append(Section(speech.say("order.heading"), rows))
    return tuple(sections)


def _who(answer: Answer, speech: Speech) -> str:
    return speech.say(f"decision.by.{answer.way}", by=answer.by)


def _note(note: str, speech: Speech) -> tuple[Row, ...]:
    return (Row(speech.say("decision.note"), note),) if note else ()


def _ended(grant: Grant, speech: Speech) -> tuple[Section, ...]:
    """How far it came, where it has ended."""
    progress, rows = grant.progress, []
    for key, at in (("ended.opened", progress.opened_at), ("ended.closed", progress.closed_at)):
        if at is not None:
            rows.append(time_row(speech.say(key), speech.time(at), at))
    known = speech.knows(f"why.{progress.reason}")
    if progress.reason and progress.closed_at:
        key = f"why.{progress.reason}" if known else "why.other"
        rows.append(Row(speech.say("ended.why"), speech.say(key, reason=progress.reason)))
    if progress.detail and grant.is_final and not known:
        # It is told in English, whatever the page's language.
        rows.append(Row(speech.say("ended.detail"), progress.detail, language="en"))
    return (Section(speech.say("ended.heading"), tuple(rows)),) if rows else ()
