"""Notices: what happened, what it means and what to do, on one screen."""

from __future__ import annotations

from collections.abc import Mapping

from airlock.grants.approval import Form
from airlock.grants.grant import CloseReason
from airlock.messages.about import SCHEMA, about_data, about_lines, attributes_of
from airlock.messages.layout import free_text, minutes, moment, name_of, wrapped
from airlock.messages.message import Language, Message
from airlock.messages.opening import opening_data, opening_lines
from airlock.messages.voice import Voice
from airlock.messages.wider import is_wider, wider_lines
from airlock.policy.exemption import Exemption, iso
from airlock.policy.place import PolicyKind
from airlock.reconcile.happening import Decision, Drift, Happening

ALARM = "alarm"
KINDS: Mapping[str, str] = {
    "open": "opened",
    "narrow": "narrowed",
    "widen": "narrowed",
    "keep-as-is": "narrowed",
    "close": "closed",
    "expire": "closed",
    "end-unopened": "closed",
    "refuse": "refused",
    "approve": "approved",
    "reject": "rejected",
    "unanswered": "unanswered",
    "observe": "observed",
    "observe-change": "observed",
    "observe-end": "observed",
    "rescue": "rescued",
    "rescue-failed": ALARM,
    "not-helped": ALARM,
    "close-failed": ALARM,
}
"""The decisions that people are told of, and the kind of notice by which subscribers filter.

``narrowed`` is whatever later signals made of an open grant, a widening and a narrowing that can't be written included.
``closed`` is any end that isn't a refusal or an answer, also of a grant that was never open.
Of the rest people aren't told: a request tells of itself, and the others change nothing.
"""
_ANSWERS = frozenset({"approve", "reject", "unanswered"})
_ENDS_OF_A_REQUEST = frozenset({"end-unopened", "expire", "refuse"})
_ANSWERED = frozenset({"approve", "reject"})
_ENDS = frozenset({"close", "expire", "end-unopened", "observe-end"})
_OBSERVED = frozenset({"observe", "observe-change", "observe-end"})
_SHOW_CHANGES = frozenset({"observe", "observe-change"})
_SAY_WHAT_IS_OPEN = frozenset({"open", "narrow", "widen", "keep-as-is", *_SHOW_CHANGES})
_SAY_DETAIL = frozenset({"refuse", "keep-as-is", "close-failed"})
_ABOUT_A_MACHINE = frozenset({"rescue", "rescue-failed", "not-helped"})
_FAULTS = frozenset({str(CloseReason.CHECK_FAILED), "simulator-disagrees"})
"""Reasons that tell of a fault of the airlock's, or of IAM's simulator."""
_UNWRITABLE = frozenset({"too-large", "condition-taken", "action-pattern", "resource-pattern"})
_REMEDIES_BY_LIFTING = frozenset(f"remedy.{reason}" for reason in (*_UNWRITABLE, "other"))


def notice_of(happening: Happening, language: Language) -> Message | None:
    """What people are told of it; None where it concerns nobody."""
    if isinstance(happening, Decision):
        return _of_decision(happening, Voice(language)) if happening.name in KINDS else None
    if isinstance(happening, Drift):
        return _of_edit(happening, Voice(language))
    # Writes are told of by the decisions that they were made for.
    return None


def for_approvers(happening: Happening) -> bool:
    """Whether those who are asked should be told too: of what became of a request."""
    if not isinstance(happening, Decision):
        return False
    asked = happening.grant.progress.asked_at is not None
    return happening.name in _ANSWERS or (asked and happening.name in _ENDS_OF_A_REQUEST)


def _of_decision(decision: Decision, voice: Voice) -> Message:
    name, grant = decision.name, decision.grant
    facts, progress = grant.facts, grant.progress
    texts = _texts(decision)
    kind = ALARM if progress.reason in _FAULTS else KINDS[name]
    values = {
        "infra_id": facts.infra_id,
        "who": name_of(facts.principal),
        "grant": facts.id,
        "not_after": moment(facts.not_after),
        "minutes": str(minutes(progress.opened_at or facts.requested_at, progress.closed_at or facts.not_after)),
    }
    lines = [
        *voice.lines(voice.first_of(f"{texts}.what", f"{name}.what"), **values),
        *_opens(decision, voice),
        "",
        *about_lines(voice, facts),
        *_circumstances(decision, voice),
        "",
        *voice.lines(_next(decision, texts, voice), **values),
        *_changes(decision, voice),
    ]
    return Message(
        subject=voice.subject(voice.first_of(f"{texts}.subject", f"{name}.subject"), "who", **values),
        text="\n".join(lines) + "\n",
        data={
            **about_data(kind, grant),
            "decision": name,
            "state": str(progress.state),
            "reason": progress.reason,
            "detail": free_text(decision.detail),
            "opens": opening_data(_exemption(decision)),
            "not_after": iso(facts.not_after),
        },
        attributes=attributes_of(kind, grant),
    )


def _texts(decision: Decision) -> str:
    """How the names of its texts begin; where a text of that name is missing, the decision's own serves."""
    exemption = decision.grant.progress.exemption
    if decision.name == "open" and exemption is not None and exemption.lift:
        return "open-lifted"
    return f"{decision.name}-wider" if is_wider(decision.grant) else decision.name


def _exemption(decision: Decision) -> Exemption | None:
    """What the decision is about: what is open, or would be."""
    progress = decision.grant.progress
    if decision.name in _OBSERVED:
        return progress.plan.exemption if progress.plan else None
    return progress.exemption


def _opens(decision: Decision, voice: Voice) -> list[str]:
    exemption = _exemption(decision) if decision.name in _SAY_WHAT_IS_OPEN else None
    if exemption is None:
        return []
    # Where it can't be narrowed, the detail says why.
    wider = wider_lines(voice, decision.grant, says_why=decision.name not in _SAY_DETAIL)
    return [*(f"  {line}" for line in opening_lines(voice, exemption)), *wider]


def _circumstances(decision: Decision, voice: Voice) -> list[str]:
    """Why, by whom, which machine: what is known besides the grant itself."""
    name, grant = decision.name, decision.grant
    if name in _ENDS:
        fetched = grant.facts.fetched
        known = voice.lines("fetched", at=moment(fetched)) if fetched else []
        return wrapped(voice.say("why", why=_why(decision, voice))) + known
    if name in _ANSWERED:
        return _answer(decision, voice)
    lines: list[str] = []
    if name in _ABOUT_A_MACHINE:
        newest = grant.facts.newest
        lines += [voice.say("machine", instance=newest[0])] if newest else []
    if name in _ABOUT_A_MACHINE or name in _SAY_DETAIL:
        lines += _detail(decision.detail, voice)
    return lines


def _why(decision: Decision, voice: Voice) -> str:
    """Why a grant ended, in the reader's language where the reason is known."""
    grant, reason = decision.grant, decision.grant.progress.reason
    whose = {CloseReason.OPERATOR: grant.close_order, CloseReason.REJECTED: grant.answer}
    person = next((one for of, one in whose.items() if of == reason), None)
    if person is not None:
        why = voice.say(f"why.{reason}", by=person.by)
        return f"{why} ({free_text(person.note)})" if person.note else why
    key = "why.other" if reason in whose else voice.first_of(f"why.{reason}", "why.other")
    return voice.say(key, detail=free_text(decision.detail))


def _answer(decision: Decision, voice: Voice) -> list[str]:
    """Who answered, how, and what they wrote beside it."""
    answer, approved_by = decision.grant.answer, decision.grant.progress.approved_by
    if answer is None:
        return voice.lines("answer.iam", by=approved_by) if approved_by else _detail(decision.detail, voice)
    lines = wrapped(voice.say(f"answer.{answer.way}", by=answer.by))
    return lines + (wrapped(voice.say("note", note=free_text(answer.note))) if answer.note else [])


def _detail(detail: str, voice: Voice) -> list[str]:
    return wrapped(voice.say("detail", detail=free_text(detail))) if detail else []


def _next(decision: Decision, texts: str, voice: Voice) -> str:
    """The name of the text that says what to do."""
    progress = decision.grant.progress
    if decision.name == "close":
        reason = "unwritable" if progress.reason in _UNWRITABLE else progress.reason
        return voice.first_of(f"close.next.{reason}", "close.next")
    if decision.name != "refuse":
        return voice.first_of(f"{texts}.next", f"{decision.name}.next")
    remedy = voice.first_of(f"remedy.{progress.reason}", "remedy.other")
    # Who lifts already isn't helped by the advice to lift.
    return "remedy.lifted" if progress.form is Form.LIFTED and remedy in _REMEDIES_BY_LIFTING else remedy


def _changes(decision: Decision, voice: Voice) -> list[str]:
    """What would have become of the policies, where that is what was observed."""
    plan = decision.grant.progress.plan
    if decision.name not in _SHOW_CHANGES or plan is None or not plan.changes:
        return []
    from airlock.messages.differences import shown  # noqa: PLC0415 - only for who is observed

    return ["", voice.say("observe.changes"), *shown(voice, plan.changes, "diff.cut", decision.grant.id)]


def _of_edit(drift: Drift, voice: Voice) -> Message:
    """An alarm about somebody else's edit of a policy."""
    place, grants = drift.place, drift.grants
    name = "detached" if drift.detached else "drift"
    lines = [
        *voice.lines(f"{name}.what"),
        "",
        *voice.lines("place", place=place),
        *wrapped(voice.say("grants", grants=", ".join(grants) or "-")),
        *_detail(drift.detail, voice),
        "",
        *voice.lines("drift.next"),
    ]
    attributes = {"kind": ALARM}
    if place.kind in (PolicyKind.USER_INLINE, PolicyKind.ROLE_INLINE):
        attributes["principal"] = place.holder
    if len(grants) == 1:
        attributes |= {"grant": grants[0], "infra_id": grants[0].rpartition("-")[0]}
    return Message(
        subject=voice.subject(f"{name}.subject", "name", name=place.name),
        text="\n".join(lines) + "\n",
        data={
            "schema": SCHEMA,
            "kind": ALARM,
            "alarm": name,
            "grants": list(grants),
            "policy": {"kind": str(place.kind), "holder": place.holder, "name": place.name},
            "detail": free_text(drift.detail),
        },
        attributes=attributes,
    )
