"""What holds for every request, whatever is asked and whoever asks."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airlock.grants.approval import Change, Form, Plan
from airlock.grants.grant import Grant, Progress, State
from airlock.messages.differences import SHOWN_LINES
from airlock.messages.english import TEXTS as ENGLISH
from airlock.messages.japanese import TEXTS as JAPANESE
from airlock.messages.message import SUBJECT_LIMIT, Language
from airlock.messages.requests import request_of
from airlock.policy.ladder import Widening, widened
from tests.messages.examples import (
    FIRST,
    KNOWN,
    LIFTED,
    LINK,
    NARROWED,
    PLACE,
    REQUESTS,
    WHY,
    asked,
    columns,
    prose_of,
    weight,
    wider,
)
from tests.policy.strategies import USER, VPCS

SNS_BYTES = 262_144
LANGUAGES = st.sampled_from(Language)


@given(infra_id=st.text(), principal=st.text(), form=st.sampled_from(Form), language=LANGUAGES)
def test_a_subject_is_one_that_sns_takes(infra_id: str, principal: str, form: Form, language: Language) -> None:
    """However odd the names are, a subject is one line of less than 100 characters that can be sent."""
    exemption = widened(FIRST, form.widenings)
    grant = wider(asked(exemption, infra_id=infra_id, principal=principal), form)
    subject = request_of(grant, LINK, language).subject
    assert 0 < len(subject) <= SUBJECT_LIMIT
    assert subject.isprintable()
    assert subject.encode()


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("form", Form)
def test_a_long_name_is_cut_and_the_infra_id_is_not(form: Form, language: Language) -> None:
    """The infra ID tells installs apart, so the principal's name gives way."""
    infra_id = "a-name-of-21-letters-x-7xk2q"
    grant = asked(widened(FIRST, form.widenings), infra_id=infra_id, principal=USER + "x" * 64)
    subject = request_of(wider(grant, form), None, language).subject
    assert infra_id in subject
    assert "x…" in subject


@given(principal=st.text(), language=LANGUAGES)
def test_a_name_begins_no_line_of_its_own(principal: str, language: Language) -> None:
    """Nobody can write lines into a request by the name of a principal."""
    plain, odd = (request_of(asked(principal=name), LINK, language).text for name in (USER, principal))
    assert odd.count("\n") == plain.count("\n")


@settings(deadline=None)  # the largest take a busy machine a while
@given(
    values=st.lists(st.text(max_size=300), max_size=60),
    sid=st.sampled_from(["", '"\\' * 5_000, "é" * 9_000, "\x85\u2028" * 3_000]),
    count=st.integers(1, 4),
    language=LANGUAGES,
)
def test_a_request_fits_into_what_sns_sends(values: list[str], sid: str, count: int, language: Language) -> None:
    """However large the policies are, all variants of a message together stay below 256 KB."""
    after = json.dumps(
        {"Statement": [{"Sid": sid, "NotAction": values, "Resource": value} for value in values or [""]]}
    )
    changes = tuple(Change(PLACE, "{}", after) for _ in range(count))
    grant = asked().with_progress(plan=Plan(FIRST, changes))
    message = request_of(grant, LINK, language)
    assert weight(message) < SNS_BYTES
    assert len(message.data["changes"]) == count  # type: ignore[arg-type]  # a list


@pytest.mark.parametrize("language", Language)
def test_a_cut_difference_says_where_all_of_it_is(language: Language) -> None:
    """An approver is told that there is more, and where."""
    long = Change(PLACE, "{}", json.dumps({"Statement": [{"Sid": str(number)} for number in range(80)]}))
    grant = asked().with_progress(plan=Plan(FIRST, (long,)))
    text = request_of(grant, None, language).text
    assert f"airlock show {grant.id}" in text.rstrip("\n").rpartition("\n")[2]
    assert len(text.partition("\n--- ")[2].split("\n")) <= SHOWN_LINES + 3
    assert text.count("airlock show") == 1


def test_a_difference_hides_nothing() -> None:
    """Characters that would be shown as something else, or as nothing, are shown escaped."""
    after = json.dumps({"Statement": [{"Sid": "a\u202eb", "Resource": "arn:\u0430ws"}]}, ensure_ascii=False)
    text = request_of(
        asked().with_progress(plan=Plan(FIRST, (Change(PLACE, "{}", after),))), None, Language.ENGLISH
    ).text
    assert r'"a\u202eb"' in text
    assert r'"arn:\u0430ws"' in text


@pytest.mark.parametrize("text", ["", "not a policy\nof any kind", "[" * 100_000])
def test_a_text_that_is_no_policy_is_shown_as_it_is(text: str) -> None:
    """A difference can be told whatever stands in a policy's place."""
    message = request_of(asked().with_progress(plan=Plan(FIRST, (Change(PLACE, "{}", text),))), None, Language.ENGLISH)
    assert weight(message) < SNS_BYTES


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("language", Language)
def test_lines_fit_a_window(name: str, language: Language) -> None:
    """No line of prose is longer than a hundred columns."""
    assert all(columns(line) <= 100 for line in prose_of(request_of(*REQUESTS[name], language).text))


@pytest.mark.parametrize("name", REQUESTS)
def test_machines_get_what_people_get(name: str) -> None:
    """The data is JSON, and tells what the text tells."""
    grant, link = REQUESTS[name]
    message = request_of(grant, link, Language.JAPANESE)
    assert json.loads(json.dumps(message.data)) == message.data
    assert message.data["kind"] == "approval-request"
    assert message.data["schema"] == 1
    assert message.data["cluster"] == "prod"
    assert message.data["answer_until"] == "2026-11-24T02:32:00Z"
    assert message.data["not_after"] == "2026-11-24T03:00:00Z"
    assert message.data["link"] == link
    assert message.data["form"] == message.attributes["form"] == str(grant.progress.form)
    assert message.data["wider"] == sorted(map(str, grant.progress.form.widenings))
    assert message.attributes == {
        "kind": "approval-request",
        "grant": grant.id,
        "principal": USER,
        "infra_id": "prod-7xk2q",
        "form": str(grant.progress.form),
    }


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("language", Language)
def test_a_request_says_in_what_it_is_wider_and_what_to_say_with_an_approval(form: Form, language: Language) -> None:
    """Each form has its subject, its warnings, and the flags that `airlock approve` wants for it."""
    grant = wider(asked(widened(NARROWED, form.widenings), **KNOWN), form)
    message = request_of(grant, LINK, language)
    texts = {Language.ENGLISH: ENGLISH, Language.JAPANESE: JAPANESE}[language]
    mark = "lifted" if form is Form.LIFTED else "wider" if form.widenings else "scoped"
    expected = texts[f"request.subject.{mark}"].format(infra_id="prod-7xk2q", who="ocp-installer")
    assert message.subject == expected
    for one in (Widening.NETWORK, Widening.ACTIONS):
        assert (texts[f"wider.{one}"] in message.text) == (one in form.widenings)
    assert (texts["wider"] in message.text) == bool(form.widenings)
    flags = "".join(
        f" {flag}"
        for one, flag in (
            (Widening.NETWORK, "--any-network"),
            (Widening.ACTIONS, "--any-action"),
            (Widening.LIFT, "--lift"),
        )
        if one in form.widenings
    )
    assert f"\n  airlock approve {grant.id}{flags}\n" in message.text
    assert message.data["why_wider"] == WHY


@pytest.mark.parametrize("form", [form for form in Form if form is not Form.LIFTED])
@pytest.mark.parametrize("known", [True, False])
def test_a_request_promises_only_what_stays_denied(form: Form, *, known: bool) -> None:
    """Other actions stay denied unless every action opens; it is narrowed later only if the network isn't given up."""
    base, facts = (NARROWED, KNOWN) if known else (FIRST, {})
    text = request_of(wider(asked(widened(base, form.widenings), **facts), form), None, Language.ENGLISH).text
    stays = text.partition("STAYS DENIED\n")[2].partition("\n\n")[0]
    assert ("very other action" in stays) == (Widening.ACTIONS not in form.widenings)
    assert "very other object" in stays
    given_up = Widening.NETWORK in form.widenings
    assert ("any other network" in stays) == (known and not given_up)
    assert ("Once the VPC is known" in stays) == (not known and not given_up)
    assert ("doesn't become narrower" in stays) == given_up


def test_a_lift_that_the_configuration_asks_for_is_not_called_wider() -> None:
    """Its own words are loud enough, and there is no reason to give."""
    assert "WIDER" not in request_of(asked(LIFTED), LINK, Language.ENGLISH).text


def test_every_action_is_told_to_machines_beside_its_objects() -> None:
    """An opening of every action is of the listed objects alone."""
    opens = request_of(*REQUESTS["request-any-action"], Language.ENGLISH).data["opens"]
    assert opens == {
        "actions": ["*"],
        "objects": list(NARROWED.objects),
        "network": VPCS[0],
        "not_after": "2026-11-24T03:00:00Z",
    }


def test_a_difference_for_machines_can_be_read_back() -> None:
    """The whole difference is there where it fits, and says so."""
    (change,) = json.loads(json.dumps(request_of(asked(NARROWED), None, Language.ENGLISH).data))["changes"]
    assert change["complete"] is True
    assert change["policy"] == {"kind": "user-inline", "holder": USER, "name": PLACE.name}
    assert '+        "DateGreaterThan": {"aws:CurrentTime": "2026-11-24T03:00:00Z"}\n' in change["diff"]


def test_a_lift_opens_everything_for_machines_too() -> None:
    """A lift isn't told as if it were for the objects that it was asked for."""
    opens = request_of(asked(LIFTED), None, Language.ENGLISH).data["opens"]
    assert opens == {"actions": ["*"], "objects": ["*"], "network": "any", "not_after": "2026-11-24T03:00:00Z"}


@pytest.mark.parametrize("language", Language)
def test_the_link_stands_in_a_request_once(language: Language) -> None:
    """The link is a secret: it is in the text and in the data, and not among the attributes."""
    message = request_of(asked(), LINK, language)
    assert message.text.count(LINK) == 1
    assert re.search(f"^  {re.escape(LINK)}$", message.text, re.MULTILINE)
    assert not any("token" in value for value in message.attributes.values())


def test_a_request_without_a_plan_tells_what_the_facts_tell() -> None:
    """An odd record is asked about as well as it can be."""
    grant = replace(asked(), progress=Progress(state=State.PENDING))
    message = request_of(Grant(grant.facts, grant.progress), None, Language.ENGLISH)
    assert "openshift-bootstrap-data-prod-7xk2q/control-plane/prod-7xk2q-bootstrap" in message.text
    assert message.data["changes"] == []
