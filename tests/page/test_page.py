"""The page, by its events: shown, answered once, and in every other case nothing written."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from airlock.adapters.answers import DynamoAnswers
from airlock.grants.approval import Answer, CloseOrder, Form, Plan, Way
from airlock.grants.grant import CloseReason, Grant, State
from airlock.grants.life import exemption_of
from airlock.page import english, japanese
from airlock.policy.ladder import Widening
from tests.page.people import ADDRESS, OPERATOR, START, TABLE, USER, People, further, get, post, request, waiting
from tests.page.reading import Read, read
from tests.reconcile.interference import refusal

LATE = timedelta(minutes=31)
WHY = f"user-inline net of {USER} would have 2,163 characters, and IAM allows 2,048"
TEXTS = {"en": english.TEXTS, "ja": japanese.TEXTS}


def shown(people: People, token: str, language: str = "en") -> Read:
    """What a link shows."""
    return read(people.page(language).answer(get(token)))


def test_a_request_is_shown_with_all_that_is_decided_on(people: People) -> None:
    """Who, which cluster and account, what opens until when, what stays denied, the difference, and two buttons."""
    grant = people.keep(waiting())
    page = shown(people, people.token(grant))
    assert page.status == 200
    for told in (USER, "prod-7xk2q", "111122223333", "2026-11-24 03:00 UTC", "2026-11-24 02:30 UTC", "for 30 more"):
        assert told in page.text
    assert grant.progress.plan is not None
    for arn in grant.progress.plan.exemption.objects:
        assert arn in page.text
    assert "What stays denied" in page.text
    assert "ANYWHERE" not in page.text
    assert page.buttons == {"approve": "Approve", "reject": "Reject"}
    assert page.fields == {"token": people.token(grant), "note": ""}
    assert people.counted == ["PageShown"]


def test_a_difference_is_shown_line_by_line_with_signs(people: People) -> None:
    """Added and removed lines differ by their sign, by their element and by their class."""
    page = shown(people, people.token(people.keep(waiting())))
    assert {tag for tag, kind, _ in page.lines if kind == "added"} == {"ins"}
    assert {tag for tag, kind, _ in page.lines if kind == "removed"} == {"del"}
    assert all(text.startswith("+ ") for _, kind, text in page.lines if kind == "added")
    assert all(text.startswith("- ") for _, kind, text in page.lines if kind == "removed")
    assert any("DateGreaterThan" in text for _, kind, text in page.lines if kind == "added")
    assert any('"DenyOutsideOffice"' in text for _, kind, text in page.lines if kind == "removed")
    assert any(kind == "kept" for _, kind, _ in page.lines)


def test_a_lift_is_asked_for_loudly(people: People) -> None:
    """The warning says that everything is let through from anywhere, and so does the button."""
    page = shown(people, people.token(people.keep(waiting(form=Form.LIFTED))))
    assert "EVERY call of this principal is let through, from ANYWHERE, until 2026-11-24 03:00 UTC." in page.text
    assert page.buttons["approve"] == "Approve the lift"
    assert "loud" in page.classes


def asked_wider(form: Form, *, vpc: str | None = "vpc-0a", why: str = WHY) -> Grant:
    """A request in a form that had to be wider than asked."""
    known = further(waiting(form=form), endpoint_vpcs=frozenset({vpc} if vpc else ()))
    plan = Plan(exemption_of(known.facts, form), ())
    return known.with_progress(plan=plan, why_wider=why)


@pytest.mark.parametrize("form", [Form.ANY_NETWORK, Form.ANY_ACTION, Form.ANY_NETWORK_OR_ACTION])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_wider_form_is_asked_for_with_a_warning(people: People, form: Form, language: str) -> None:
    """Heading, warning and button say that it is wider, in which ways and why; it isn't as loud as a lift."""
    page, texts = shown(people, people.token(people.keep(asked_wider(form))), language), TEXTS[language]
    assert page.heading == texts["ask.heading.wider"]
    assert page.buttons["approve"] == texts["answer.approve-wider"]
    assert "wider" in page.classes
    assert "loud" not in page.classes
    assert texts["wider.heading"] in page.text
    assert texts["ask.wider"] in page.text
    for one in (Widening.NETWORK, Widening.ACTIONS):
        assert (texts[f"wider.{one}"] in page.text) == (one in form.widenings)
    assert f"{texts['wider.why']} {WHY}" in page.text
    assert ("bdi", {"lang": "en"}) in page.elements


@pytest.mark.parametrize("form", [form for form in Form if form is not Form.LIFTED])
@pytest.mark.parametrize("vpc", ["vpc-0a", None])
def test_what_is_said_of_an_opening_is_true_of_its_form(people: People, form: Form, vpc: str | None) -> None:
    """Reading is "nothing else" only where it is; the network is followed only where it counts."""
    text = shown(people, people.token(people.keep(asked_wider(form, vpc=vpc)))).text
    every, anywhere = Widening.ACTIONS in form.widenings, Widening.NETWORK in form.widenings
    assert ("Reading (s3:GetObject) of the install's Ignition file, and nothing else" in text) != every
    assert ("EVERY action, not reading (s3:GetObject) alone" in text) == every
    assert ("Every other action and every other object" in text) != every
    assert ("From the VPC vpc-0a only." in text) == (vpc is not None and not anywhere)
    assert ("from that VPC only, if the policy can say so" in text) == (vpc is None and not anywhere)
    assert ("From ANY network, also once" in text) == anywhere
    assert ("the airlock follows it" in text) != anywhere
    assert ("from any other network that is denied today" in text) == (vpc is not None and not anywhere)


def test_a_lift_for_want_of_a_tighter_form_says_why(people: People) -> None:
    """It is as loud as any lift, and tells what stood in the exact form's way."""
    page = shown(people, people.token(people.keep(asked_wider(Form.LIFTED))))
    assert page.heading == "Lift the whole fence for one principal?"
    assert page.buttons["approve"] == "Approve the lift"
    assert "loud" in page.classes
    assert f"Why the exact opening can't be had: {WHY}" in page.text


@pytest.mark.parametrize("form", [Form.SCOPED, Form.LIFTED])
def test_what_the_configuration_asks_for_is_not_called_wider(people: People, form: Form) -> None:
    """Neither the exact opening nor a lift by the strategy."""
    page = shown(people, people.token(people.keep(waiting(form=form))))
    assert "wider" not in page.text.lower()
    assert "wider" not in page.classes


def test_what_is_open_wider_than_asked_is_shown_as_such(people: People) -> None:
    """Also after the answer, and where a grant couldn't be narrowed to the VPC that is known by now."""
    wide = asked_wider(Form.ANY_ACTION)
    assert wide.progress.plan is not None
    opened = wide.with_progress(state=State.OPEN, opened_at=START, exemption=wide.progress.plan.exemption)
    page = shown(people, people.token(people.keep(opened)))
    assert page.heading == "Open"
    assert "Warning: this opens more than the install needs" in page.text
    early = asked_wider(Form.SCOPED, vpc=None)
    assert early.progress.plan is not None
    kept = further(early, endpoint_vpcs=frozenset({"vpc-0a"})).with_progress(
        state=State.OPEN, opened_at=START, exemption=early.progress.plan.exemption, why_wider=None
    )
    page = shown(people, people.token(people.keep(kept)))
    assert "Network: from anywhere, not from the install's VPC alone." in page.text


def test_a_reason_cant_break_the_page(people: People) -> None:
    """What policies are called, and what they say, is text; a link in it isn't shown whole."""
    hostile = "</bdi><script>alert(1)</script>\u202e https://x.example/?token=c2VjcmV0"
    page = shown(people, people.token(people.keep(asked_wider(Form.ANY_ACTION, why=hostile))))
    assert "</bdi><script>alert(1)</script>" in page.text
    assert "script" not in {tag for tag, _ in page.elements}
    assert "c2VjcmV0" not in page.text


@pytest.mark.parametrize(("claimed", "asked"), list(permutations(Form, 2)))
def test_a_link_answers_only_the_form_that_it_was_sent_for(people: People, claimed: Form, asked: Form) -> None:
    """Whoever was asked about one form doesn't answer a request for another, wider or tighter."""
    grant = people.keep(waiting(form=asked))
    token = people.token(grant, form=claimed)
    assert shown(people, token).heading == "Another question is open now"
    assert read(people.page().answer(post(token))).status == 409
    assert people.answers() == []


@pytest.mark.parametrize("form", Form)
def test_an_answer_is_kept_with_the_form_that_was_shown(people: People, form: Form) -> None:
    """So that an approval never counts for more than its giver read."""
    people.page().answer(post(people.token(people.keep(asked_wider(form)))))
    assert [answer["form"] for answer in people.answers()] == [str(form)]


def test_the_network_is_told_where_it_is_known(people: People) -> None:
    """A grant that is held to a VPC says which."""
    known = further(waiting(), endpoint_vpcs=frozenset({"vpc-0a"}))
    fresh = replace(known, progress=replace(known.progress, plan=None))
    page = shown(people, people.token(people.keep(fresh)))
    assert "From the VPC vpc-0a only." in page.text
    assert "The changes weren't kept with the request." in page.text


@pytest.mark.parametrize(("decision", "approved"), [("approve", True), ("reject", False)])
def test_an_answer_is_kept_and_shown(people: People, decision: str, *, approved: bool) -> None:
    """The browser is sent back to the link, which shows who decided what and when; the watcher is told once."""
    grant = people.keep(waiting())
    token = people.token(grant)
    people.clock.sleep(600.25)
    answered = read(people.page().answer(post(token, decision, "  go ahead ")))
    assert (answered.status, answered.headers["Location"]) == (303, f"/?token={token}")
    assert people.answers() == [
        {
            "approved": approved,
            "form": "scoped",
            "at": "2026-11-24T02:10:00Z",
            "by": ADDRESS,
            "way": "link",
            "note": "go ahead",
        }
    ]
    page = shown(people, token)
    assert page.heading == ("Approved" if approved else "Rejected")
    for told in (f"from the address {ADDRESS}", "2026-11-24 02:10 UTC", "go ahead"):
        assert told in page.text
    assert page.buttons == {}
    assert people.told() == [grant.id]
    assert people.counted == ["PageApproved" if approved else "PageRejected", "PageShown"]


def test_a_link_is_used_once(people: People) -> None:
    """A second answer by the same link changes nothing, whatever it says; the page shows the first."""
    token = people.token(people.keep(waiting()))
    people.page().answer(post(token, "reject"))
    before = people.items()
    for decision in ("approve", "reject"):
        assert people.page().answer(post(token, decision))["statusCode"] == 303
    assert people.items() == before
    assert shown(people, token).heading == "Rejected"
    assert people.counted.count("PageRefusedDecided") == 2
    assert len(people.told()) == 1


def test_looking_changes_nothing(people: People) -> None:
    """A hundred scanners open the link: every item stays as it is, to the byte, and nobody is told."""
    token = people.token(people.keep(waiting()))
    before, page = people.items(), people.page()
    assert {page.answer(get(token))["statusCode"] for _ in range(100)} == {200}
    assert people.items() == before
    assert {name for name, _ in people.calls.made} == {"VerifyMac", "BatchGetItem"}


def test_of_two_who_answer_at_once_one_stands_and_both_see_it(people: People) -> None:
    """The other answer comes between the look at the grant and the write."""
    grant = people.keep(waiting())
    token = people.token(grant)
    other = Answer(approved=False, form=Form.SCOPED, at=START, by="198.51.100.7", way=Way.LINK)

    def somebody_else(_: Any) -> None:  # noqa: ANN401 - botocore's answer
        people.calls.changes.clear()
        DynamoAnswers(people.aside.dynamodb, TABLE).give(grant.id, other)

    people.calls.changes["BatchGetItem"] = somebody_else
    assert people.page().answer(post(token))["statusCode"] == 303
    assert [answer["by"] for answer in people.answers()] == ["198.51.100.7"]
    assert people.told() == []
    assert "from the address 198.51.100.7" in shown(people, token).text


def test_page_and_operator_share_one_answer(people: People) -> None:
    """Whoever signs an order sees what a link's holder decided."""
    grant = people.keep(waiting())
    people.page().answer(post(people.token(grant), "reject"))
    order = request("POST", f"/grants/{grant.id}/approve", caller=OPERATOR)
    assert '"yours": false' in people.operators().answer(order)["body"]
    assert len(people.answers()) == 1


def test_an_answer_stands_though_the_watcher_cant_be_told(people: People) -> None:
    """It is logged and counted, and the page says that it can take a minute."""
    token = people.token(people.keep(waiting()))
    people.calls.failures["PutEvents", "before"] = [refusal("ThrottlingException")]
    assert people.page().answer(post(token))["statusCode"] == 303
    assert "OrdersNotTold" in people.counted
    assert "within a minute" in shown(people, token).text


# What isn't answered ------------------------------------------------------------------------------------------------


def test_an_old_link_says_so_and_does_nothing(people: People) -> None:
    """After its last second it is 410, for GET and POST; in its last second it still counts."""
    token = people.token(people.keep(waiting()))
    people.clock.moment = START + timedelta(minutes=30)
    assert shown(people, token).status == 200
    people.clock.sleep(1)
    before = people.items()
    for event in (get(token), post(token)):
        page = read(people.page().answer(event))
        assert page.status == 410
        assert "The link counted until 2026-11-24 02:30 UTC." in page.text
        assert "Not answered in time" in page.text
        assert page.buttons == {}
    assert people.items() == before


def test_an_old_link_still_tells_what_was_decided(people: People) -> None:
    """Who answers in the last second sees afterwards that it counted."""
    token = people.token(people.keep(waiting()))
    people.clock.moment = START + timedelta(minutes=30)
    people.page().answer(post(token))
    people.clock.sleep(5)
    page = shown(people, token)
    assert page.status == 410
    assert ADDRESS in page.text
    assert "What became of the request: Approved." in page.text


def test_a_link_without_its_grant_says_so(people: People) -> None:
    """A true token of a grant that the ledger doesn't hold is 404, and so is its answer."""
    token = people.token(waiting())
    for event in (get(token), post(token)):
        assert people.page().answer(event)["statusCode"] == 404
    assert people.items() == []


@pytest.mark.parametrize("asked", list(Form))
def test_a_link_to_another_form_answers_nothing(people: People, asked: Form) -> None:
    """An approval of one form isn't one of the other, in neither direction."""
    grant = people.keep(waiting(form=asked))
    token = people.token(grant, form=Form.SCOPED if asked is Form.LIFTED else Form.LIFTED)
    for event in (get(token), post(token)):
        page = read(people.page().answer(event))
        assert page.status == 409
        assert page.buttons == {}
    assert people.answers() == []


def test_no_true_link_and_a_false_one_look_the_same(people: People) -> None:
    """Missing, malformed and forged: the same page, whether or not there is such a grant."""
    token = people.token(people.keep(waiting()))
    forged = ("B" if token[-2] != "B" else "C").join((token[:-2], token[-1]))
    elsewhere = people.token(waiting("none-7xk2q"))
    forged_elsewhere = ("B" if elsewhere[-2] != "B" else "C").join((elsewhere[:-2], elsewhere[-1]))
    bodies = set()
    for bad in ("", "x", token[:-1], forged, forged_elsewhere, f"{token},{token}"):
        for event in (get(bad), post(bad)):
            response = people.page().answer(event)
            assert response["statusCode"] == 403
            bodies.add(response["body"])
    bodies.add(people.page().answer(request("GET"))["body"])
    assert len(bodies) == 1
    assert people.answers() == []
    assert {"PageRefusedNoLink", "PageRefusedMalformed", "PageRefusedForged"} <= set(people.counted)
    assert "BatchGetItem" not in [name for name, _ in people.calls.made]


ENDS: list[tuple[str, dict[str, Any], str, str]] = [
    ("open", {"state": State.OPEN, "opened_at": START}, "Open", "until 2026-11-24 03:00 UTC"),
    (
        "closed",
        {"state": State.CLOSED, "opened_at": START, "closed_at": START, "reason": CloseReason.INSTANCE_ENDED},
        "Closed",
        "the bootstrap machine shut down",
    ),
    ("closing", {"state": State.CLOSING, "opened_at": START}, "Closing", "putting the policies back"),
    (
        "refused",
        {"state": State.REFUSED, "closed_at": START, "reason": "too-large", "detail": "it is too large"},
        "Can't be opened",
        "it is too large",
    ),
    (
        "unanswered",
        {"state": State.EXPIRED, "closed_at": START, "reason": CloseReason.UNANSWERED},
        "Not answered in time",
        "nobody answered in time",
    ),
    (
        "expired",
        {"state": State.EXPIRED, "closed_at": START, "reason": CloseReason.TIMEOUT},
        "Time over",
        "its time ran out",
    ),
    ("rejected", {"state": State.REJECTED, "closed_at": START, "reason": "rejected"}, "Rejected", "it was rejected"),
    ("ended", {"state": State.CLOSED, "closed_at": START, "reason": "operator"}, "Not needed any more", "ordered it"),
    ("observed", {"state": State.OBSERVING}, "Only observed", "Nothing is opened"),
    ("preparing", {"state": State.REQUESTED}, "Not asked yet", "in a minute"),
]


@pytest.mark.parametrize(("progress", "heading", "told"), [end[1:] for end in ENDS], ids=[end[0] for end in ENDS])
def test_a_grant_that_doesnt_wait_shows_its_state(
    people: People, progress: dict[str, Any], heading: str, told: str
) -> None:
    """It can't be answered; an answer writes nothing, and the page shows what stands."""
    grant = people.keep(waiting().with_progress(**progress))
    token = people.token(grant)
    before = people.items()
    assert people.page().answer(post(token))["statusCode"] == 303
    assert people.items() == before
    page = shown(people, token)
    assert page.status == 200
    assert page.heading == heading
    assert told in page.text
    assert page.buttons == {}
    assert "Bootstrap Airlock" in shown(people, token, "ja").text


@pytest.mark.parametrize(
    ("late", "heading"),
    [
        (further(waiting(), ended=(CloseReason.INSTANCE_ENDED, START)), "Not needed any more"),
        (further(waiting(), not_after=START), "Time over"),
        (waiting().with_progress(answer_until=START - timedelta(seconds=1)), "Not answered in time"),
    ],
    ids=["ended", "over", "late"],
)
def test_an_answer_that_comes_too_late_isnt_kept(people: People, late: Grant, heading: str) -> None:
    """Though the grant still waits in the ledger, and the link would count."""
    token = people.token(people.keep(late), until=START + timedelta(minutes=20))
    assert people.page().answer(post(token))["statusCode"] == 303
    assert people.answers() == []
    assert people.counted == ["PageRefused", "PageRefusedOver"]
    assert shown(people, token).heading == heading


def test_a_grant_that_an_operator_closes_cant_be_approved_any_more(people: People) -> None:
    """Who ordered it is shown."""
    grant = people.keep(waiting())
    DynamoAnswers(people.aside.dynamodb, TABLE).order_close(grant.id, CloseOrder(at=START, by=OPERATOR, note="wrong"))
    token = people.token(grant)
    people.page().answer(post(token))
    assert people.answers() == []
    page = shown(people, token)
    assert page.heading == "Not needed any more"
    assert OPERATOR in page.text
    assert "wrong" in page.text


@pytest.mark.parametrize(
    ("way", "told"),
    [(Way.IAM, f"{OPERATOR}, signed with IAM credentials"), (Way.AHEAD, f"{OPERATOR}, ahead of time")],
)
def test_whose_answer_stands_is_shown(people: People, way: Way, told: str) -> None:
    """By signature or ahead of time: the ARN."""
    grant = people.keep(waiting().with_progress(state=State.OPEN, opened_at=START))
    answer = Answer(approved=True, form=Form.SCOPED, at=START, by=OPERATOR, way=way)
    DynamoAnswers(people.aside.dynamodb, TABLE).give(grant.id, answer)
    assert told in shown(people, people.token(grant)).text


def test_an_answer_to_something_else_is_shown_as_such(people: People) -> None:
    """An approval of a scoped grant doesn't approve a lift, and nobody is asked again."""
    grant = people.keep(waiting(form=Form.LIFTED))
    answer = Answer(approved=True, form=Form.SCOPED, at=START, by=OPERATOR, way=Way.IAM)
    DynamoAnswers(people.aside.dynamodb, TABLE).give(grant.id, answer)
    assert shown(people, people.token(grant)).heading == "Answered otherwise"


def test_the_page_speaks_japanese(people: People) -> None:
    """Language, texts and times are the configured language's; names stay as they are."""
    grant = people.keep(waiting(form=Form.LIFTED))
    page = shown(people, people.token(grant), "ja")
    assert page.language == "ja"
    assert page.headers["Content-Language"] == "ja"
    assert page.buttons == {"approve": "解除を承認する", "reject": "却下する"}
    for told in (USER, "どこからでも", "2026年11月24日 12:00", "2026-11-24 03:00 UTC", "あと 30 分"):
        assert told in page.text
    assert "リンクは使えません" in shown(people, "x", "ja").text
