"""What holds for every notice, and what is told to whom."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airlock.grants.approval import Form, Way
from airlock.grants.grant import CloseReason, Grant, State
from airlock.messages.english import TEXTS
from airlock.messages.japanese import TEXTS as JAPANESE
from airlock.messages.message import SUBJECT_LIMIT, Language, Message
from airlock.messages.notices import KINDS, for_approvers, notice_of
from airlock.policy.ladder import Widening, widened
from airlock.reconcile.happening import Decision, Drift, Happening, PolicyWrite
from tests.messages.examples import (
    HAPPENINGS,
    LIFTED,
    LINK,
    NARROWED,
    WHY,
    answered,
    asked,
    closed,
    columns,
    decided,
    facts_of,
    opened,
    prose_of,
    refused,
)
from tests.policy.strategies import VPCS

DECISIONS = frozenset(
    [
        *("open", "narrow", "widen", "keep-as-is", "close", "refuse", "expire", "end-unopened", "nothing-to-open"),
        *("ask", "approve", "reject", "unanswered"),
        *("observe", "observe-change", "observe-end"),
        *("fetched", "rescue", "rescue-failed", "not-helped", "close-failed", "limit"),
    ]
)
"""Every name that airlock.reconcile.happening.Decision knows."""
REFUSALS = [
    *("not-named", "not-enrolled", "principal-gone", "refused-by-iam", "still-denied", "aws-managed", "scp"),
    *("too-large", "condition-taken", "action-pattern", "resource-pattern", "address", "allow-by-network"),
    *("stray-airlock-statement", "policy-text", "overlapping-objects", "check-failed", "simulator-disagrees"),
    *("too-many-today", "too-many-open", "cool-down"),
]
OPENING = ("open", "narrow", "widen", "keep-as-is", "observe", "observe-change")
"""What tells how much is open, or would be."""
PRESIGNED = (
    "GET https://prod-7xk2q-bootstrap.s3.amazonaws.com/bootstrap.ign?X-Amz-Credential=AKIAEXAMPLE"
    "&X-Amz-Security-Token=c2VjcmV0&X-Amz-Signature=0123abcd"
)
SCREEN = 24
SILENT = frozenset({"ask", "fetched", "limit", "nothing-to-open"})
"""The decisions that people aren't told of."""


def test_every_decision_is_told_or_listed_as_silent() -> None:
    """No decision is forgotten, and none is both."""
    assert not KINDS.keys() & SILENT
    assert KINDS.keys() | SILENT == DECISIONS
    assert {one.name for one in HAPPENINGS.values() if isinstance(one, Decision)} == KINDS.keys()


@pytest.mark.parametrize("name", sorted(SILENT))
def test_a_silent_decision_has_no_message(name: str) -> None:
    """What changes nothing for people isn't told to them."""
    assert notice_of(decided(name, opened()), Language.ENGLISH) is None


@pytest.mark.parametrize("name", HAPPENINGS)
@pytest.mark.parametrize("language", Language)
def test_a_notice_is_one_screen(name: str, language: Language) -> None:
    """What happened, what it means and what to do fit in 24 lines of 100 columns, differences aside."""
    text = told(HAPPENINGS[name], language).text
    assert len(text.partition("\n--- ")[0].rstrip("\n").split("\n")) <= SCREEN
    assert all(columns(line) <= 100 for line in prose_of(text))


@pytest.mark.parametrize("name", HAPPENINGS)
@pytest.mark.parametrize("language", Language)
def test_machines_get_it_too(name: str, language: Language) -> None:
    """The data is JSON, tells its kind and its grant, and no attribute is empty."""
    message = told(HAPPENINGS[name], language)
    assert json.loads(json.dumps(message.data)) == message.data
    assert message.data["schema"] == 1
    assert message.data["kind"] == message.attributes["kind"]
    assert message.attributes["grant"] == facts_of().id
    assert message.attributes["infra_id"] == facts_of().infra_id
    assert message.attributes["principal"] == facts_of().principal


@given(infra_id=st.text(), principal=st.text(), detail=st.text(), why=st.none() | st.text(), data=st.data())
def test_odd_names_and_details_break_nothing(
    infra_id: str, principal: str, detail: str, why: str | None, data: st.DataObject
) -> None:
    """Subjects are such as SNS takes, and nothing that others wrote begins a line of its own or can't be sent."""
    name, form = data.draw(st.sampled_from(sorted(KINDS))), data.draw(st.sampled_from(Form))
    grant = replace(in_form(form, why), facts=facts_of(infra_id=infra_id, principal=principal))
    message = told(decided(name, grant, detail), data.draw(st.sampled_from(Language)))
    assert 0 < len(message.subject) <= SUBJECT_LIMIT
    assert message.subject.isprintable()
    assert all(line.isprintable() for line in message.text.split("\n"))
    assert message.text.encode()
    assert len(message.text.partition("\n--- ")[0].rstrip("\n").split("\n")) <= SCREEN


@pytest.mark.parametrize("secret", [PRESIGNED, LINK, f"see {LINK}.", "X-Amz-Signature=0123abcd token=c2VjcmV0"])
@pytest.mark.parametrize("language", Language)
def test_no_secret_is_passed_on(secret: str, language: Language) -> None:
    """A presigned URL of a console's line, or a link that somebody pasted into a note, stands in no notice."""
    happenings: list[Happening] = [
        *(decided(name, opened(), secret) for name in KINDS),
        refused("policy-text", secret),
        answered("approve", Way.IAM, secret),
        answered("reject", Way.LINK, secret),
        replace(HAPPENINGS["drift"], detail=secret),
    ]
    for message in (told(happening, language) for happening in happenings):
        all_of_it = f"{message.text} {json.dumps(message.data)} {message.attributes}"
        assert not any(word in all_of_it for word in ("c2VjcmV0", "0123abcd", "AKIAEXAMPLE"))


@pytest.mark.parametrize("reason", REFUSALS)
def test_a_fault_is_an_alarm(reason: str) -> None:
    """A failed check, and a simulator that says otherwise, reach whoever gets alarms; other refusals are refusals."""
    kind = told(refused(reason), Language.ENGLISH).data["kind"]
    assert kind == ("alarm" if reason in ("check-failed", "simulator-disagrees") else "refused")


@pytest.mark.parametrize("reason", REFUSALS)
@pytest.mark.parametrize("language", Language)
def test_each_refusal_says_what_to_do(reason: str, language: Language) -> None:
    """Each reason for which a grant is refused has a remedy; to lift isn't one for who lifts already."""
    assert f"remedy.{reason}" in TEXTS
    text = told(refused(reason), language).text
    assert text != told(refused("something-new"), language).text
    lifted = told(refused(reason, form=Form.LIFTED), language).text
    assert "strategy" not in lifted
    assert "`wider" not in lifted


@pytest.mark.parametrize(
    "reason", ["too-large", "action-pattern", "resource-pattern", "condition-taken", "something-new"]
)
@pytest.mark.parametrize("language", Language)
def test_what_scoping_cannot_serve_names_the_wider_forms(reason: str, language: Language) -> None:
    """Where no exact form exists, people are told what in the configuration lets a wider one in."""
    text = told(refused(reason), language).text
    assert "`strategy: lift`" in text
    assert re.search("`wider(.lift)?`", text)
    assert "`off`" in text


@pytest.mark.parametrize("name", OPENING)
@pytest.mark.parametrize("form", [Form.ANY_NETWORK, Form.ANY_ACTION, Form.ANY_NETWORK_OR_ACTION])
@pytest.mark.parametrize(
    ("language", "mark"), [(Language.ENGLISH, "WIDER than asked"), (Language.JAPANESE, "必要より広い例外")]
)
def test_nothing_is_wider_silently(name: str, form: Form, language: Language, mark: str) -> None:
    """The subject says that it is wider than asked, the text in which ways and why, and machines read it too."""
    message = told(decided(name, in_form(form, WHY), "the detail"), language)
    texts = {Language.ENGLISH: TEXTS, Language.JAPANESE: JAPANESE}[language]
    assert mark in message.subject
    for one in Widening:
        if one is not Widening.LIFT:
            assert (texts[f"wider.{one}"] in message.text) == (one in form.widenings)
    if name != "keep-as-is":
        assert "would have 2,163 characters" in message.text.replace("\n  ", " ")
    assert message.data["wider"] == sorted(map(str, form.widenings))
    assert message.data["why_wider"] == WHY
    assert message.data["opens"] == {
        "actions": ["*"] if Widening.ACTIONS in form.widenings else ["s3:GetObject"],
        "objects": list(NARROWED.objects),
        "network": "any" if Widening.NETWORK in form.widenings else VPCS[0],
        "not_after": "2026-11-24T03:00:00Z",
    }


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("form", [Form.SCOPED, Form.LIFTED])
def test_what_is_as_asked_isnt_called_wider(name: str, form: Form) -> None:
    """Neither the exact opening nor a lift that the configuration asks for warns of a wider one."""
    message = told(decided(name, in_form(form, None)), Language.ENGLISH)
    assert "WIDER" not in message.subject + message.text
    assert message.data["wider"] == sorted(map(str, form.widenings))
    assert message.data["why_wider"] is None


@pytest.mark.parametrize("name", ["open", "observe"])
def test_a_lift_for_want_of_a_tighter_form_says_so(name: str) -> None:
    """Its own loud text stays, and the reason comes beside it."""
    text = told(decided(name, in_form(Form.LIFTED, WHY)), Language.ENGLISH).text
    assert TEXTS["opens.lifted"].split("\n")[0] in text
    assert "WIDER THAN ASKED" in text
    assert "would have 2,163 characters" in text.replace("\n  ", " ")


def test_a_grant_that_cant_be_narrowed_is_wider_than_asked() -> None:
    """Once the VPC is known, an opening for any network is called wider, whatever the form that it was given."""
    kept = HAPPENINGS["keep-as-is-unnarrowed"]
    assert isinstance(kept, Decision)
    message = told(kept, Language.ENGLISH)
    assert (message.data["form"], message.data["wider"], message.data["why_wider"]) == ("scoped", ["network"], WHY)
    assert "WIDER" in message.subject
    assert TEXTS["wider.network"] in message.text
    unknown = told(HAPPENINGS["keep-as-is"], Language.ENGLISH)
    assert unknown.data["wider"] == []


def test_widening_again_promises_no_more_than_is_so() -> None:
    """Where every action is open, nobody is told that only reading is."""
    assert "no more than the reading" in told(HAPPENINGS["widen"], Language.ENGLISH).text
    assert "no more than the reading" not in told(HAPPENINGS["widen-any-action"], Language.ENGLISH).text


@pytest.mark.parametrize("reason", CloseReason)
def test_each_end_tells_its_reason(reason: CloseReason) -> None:
    """Each reason for which a grant ends is in the catalogue; whose order it was, only where that is known."""
    assert f"why.{reason}" in TEXTS
    text = told(closed(str(reason), "in other words"), Language.ENGLISH).text
    by_whom = "{by}" in TEXTS[f"why.{reason}"]
    assert f"Why:      {'in other words' if by_whom else TEXTS[f'why.{reason}']}" in text


def test_an_unknown_end_tells_its_detail() -> None:
    """A reason that is newer than the catalogue is told in the words that came with it."""
    assert "Why:      the moon was full" in told(closed("moonlight", "the moon was full"), Language.ENGLISH).text


def test_an_approval_is_told_by_whose_it_was() -> None:
    """Where the answer isn't at hand, the grant still knows whose approval it was opened on."""
    grant = asked().with_progress(approved_by="arn:aws:iam::111122223333:user/ops/hanako")
    assert "ops/hanako" in told(decided("approve", grant), Language.ENGLISH).text
    assert "Detail:   by a friend" in told(decided("approve", asked(), "by a friend"), Language.ENGLISH).text


@pytest.mark.parametrize("outcome", ["written", "restored", "found-written", "undone", "failed"])
def test_writes_tell_nobody(outcome: str) -> None:
    """Writes are in the audit trail; the decision that they were made for tells of them, or that it can't be done."""
    drift = HAPPENINGS["drift"]
    assert isinstance(drift, Drift)
    write = PolicyWrite(place=drift.place, grants=drift.grants, event_id=None, before="{}", after="{}", outcome=outcome)
    assert notice_of(write, Language.ENGLISH) is None


def test_an_alarm_about_several_grants_names_them_all() -> None:
    """One that is about more than one grant carries none as an attribute."""
    drift = HAPPENINGS["drift"]
    assert isinstance(drift, Drift)
    message = told(replace(drift, grants=("prod-7xk2q-7bc8f9b6", "test-l8dh4-7bc8f9b6")), Language.ENGLISH)
    assert "prod-7xk2q-7bc8f9b6, test-l8dh4-7bc8f9b6" in message.text
    assert "grant" not in message.attributes


def test_approvers_hear_what_became_of_their_requests() -> None:
    """Answers, and ends of what they were asked about; nothing else."""
    told_to_approvers = {
        name for name in KINDS.keys() | SILENT if for_approvers(decided(name, asked(), state=State.CLOSED))
    }
    assert told_to_approvers == {"approve", "reject", "unanswered", "end-unopened", "expire", "refuse"}
    unasked = {name for name in KINDS.keys() | SILENT if for_approvers(decided(name, opened(LIFTED)))}
    assert unasked == {"approve", "reject", "unanswered"}
    assert not for_approvers(HAPPENINGS["drift"])


def test_the_watcher_loads_no_more_than_it_needs() -> None:
    """Importing the messages loads neither a catalogue nor what only differences need."""
    heavy = ["difflib", "textwrap", "airlock.messages.english", "airlock.messages.japanese", "boto3", "botocore"]
    script = (
        "import sys; from airlock.messages import notices, requests; "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def in_form(form: Form, why: str | None) -> Grant:
    """A grant that is open in a form, and whose plan is the same."""
    exemption = widened(NARROWED, form.widenings)
    return opened(exemption).with_progress(form=form, why_wider=why)


def told(happening: Happening, language: Language) -> Message:
    """The notice of something that is told."""
    message = notice_of(happening, language)
    assert message is not None
    return message
