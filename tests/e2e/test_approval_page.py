"""The approval page in a real browser, against the deployed template: what people see, and what comes of a click."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.keys import Keys

from tests.e2e.asking import FENCE, Airlock, an_airlock, until
from tests.e2e.browser import Browser, a_browser

pytestmark = pytest.mark.e2e
USERS = ("approved", "rejected", "late", "twice", "scanned", "raced", "ended", "blocked", "by-keys", "mailed")
LIFTED = "lifted"
WIDER = "wider"
PATTERNS = FENCE.replace('"Action": "*"', '"Action": ["s3:Get*", "s3:Put*"]')
"""A fence that has no exact form without one action, so that the tightest one opens every action on the objects."""
DECIDED = ("Approved", "Open")
"""What an approved request's page is called, before and after the watcher has opened the deny."""


@pytest.fixture(scope="module")
def airlock() -> Iterator[Airlock]:
    """The stack; each test has a user of its own, who must ask."""
    principals: dict[str, dict[str, object]] = {user: {"mode": "approval", "timeout_minutes": 5} for user in USERS}
    with an_airlock(principals | {LIFTED: {"strategy": "lift"}, WIDER: {}}) as running:
        running.cloud.aws.client("iam").put_user_policy(UserName=WIDER, PolicyName="fence", PolicyDocument=PATTERNS)
        yield running


@pytest.fixture(scope="module")
def browser(airlock: Airlock) -> Iterator[Browser]:
    """A browser as most people have it."""
    with a_browser(airlock.cloud.aws, airlock.cloud.deployment.outputs["PageFunctionUrl"]) as running:
        yield running


@pytest.fixture(scope="module")
def scriptless(airlock: Airlock) -> Iterator[Browser]:
    """A browser that runs no scripts."""
    with a_browser(airlock.cloud.aws, airlock.cloud.deployment.outputs["PageFunctionUrl"], scripts=False) as running:
        yield running


def test_a_click_on_approve_opens_the_deny(airlock: Airlock, browser: Browser) -> None:
    """The page says who asks and what opens; one click, and the page's own event has the watcher open it in IAM."""
    asked = airlock.ask("approved", "prod-7xk2q")
    browser.complaints()
    browser.open(asked.link)
    assert browser.heading == "Open the fence for one install?"
    for told in (asked.install.principal, "prod-7xk2q", asked.grant, *asked.mail.data["opens"]["objects"]):
        assert told in browser.text
    assert airlock.policy("approved") == FENCE

    browser.driver.find_element("id", "note").send_keys("Change 4711 <b>")
    browser.answer("approve")
    assert browser.heading in DECIDED
    assert "Change 4711 <b>" in browser.text
    opened = airlock.opened("approved")
    assert asked.mail.data["opens"]["objects"][0] in opened
    airlock.notices.wait_for("prod-7xk2q", "approved")
    airlock.notices.wait_for("prod-7xk2q", "opened")
    browser.driver.refresh()
    assert browser.heading == "Open"
    assert browser.complaints() == []

    airlock.end(asked)
    assert airlock.policy("approved") == FENCE


def test_a_click_on_reject_opens_nothing(airlock: Airlock, browser: Browser) -> None:
    """The deny is never touched, and both who asked and who reads notices are told."""
    asked = airlock.ask("rejected", "prod-4bq7w")
    browser.open(asked.link)
    browser.answer("reject")
    assert browser.heading == "Rejected"
    assert not browser.has_form()
    for mailbox in (airlock.requests, airlock.notices):
        assert mailbox.wait_for("prod-4bq7w", "rejected").data["grant"] == asked.grant
    airlock.sweep()
    assert airlock.policy("rejected") == FENCE
    assert [line["kind"] for line in airlock.audit(asked.grant)] == ["decision", "decision"]


def test_a_link_is_dead_after_its_time(airlock: Airlock, browser: Browser) -> None:
    """A form that was loaded in time doesn't answer out of time, and the link shows no form any more."""
    asked = airlock.ask("late", "late-2hd6t", lasts=8)
    browser.open(asked.link)
    assert browser.has_form()
    airlock.wait_until(asked.mail.data["answer_until"])
    browser.answer("approve")
    assert browser.heading == "This link is too old"
    browser.open(asked.link)
    assert browser.heading == "This link is too old"
    assert not browser.has_form()
    assert airlock.call(asked.link) == 410
    assert airlock.sweep() == ["unanswered"]
    assert airlock.policy("late") == FENCE


def test_a_second_answer_is_shown_the_first(airlock: Airlock, browser: Browser, scriptless: Browser) -> None:
    """Whoever answers after somebody else, even otherwise, is told what was decided and when; that stands."""
    asked = airlock.ask("twice", "twice-9mz4c")
    for one in (browser, scriptless):
        one.open(asked.link)
    browser.answer("approve")
    decided = browser.driver.find_elements("css selector", "time")[0].get_attribute("datetime")
    time.sleep(1.1)
    scriptless.answer("reject")
    assert scriptless.heading in DECIDED
    shown = scriptless.driver.find_elements("css selector", "section:first-of-type dd")
    assert [one.text for one in shown][:2] == ["Approved", "who held the link, from the address 127.0.0.1"]
    assert shown[2].find_element("tag name", "time").get_attribute("datetime") == decided
    assert airlock.opened("twice") != FENCE
    airlock.end(asked)


def changed(token: str, **claim: object) -> str:
    """A token that claims something else, under the same seal."""
    payload, seal = token.split(".")
    told = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))) | claim
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return f"{base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')}.{seal}"


def test_only_the_airlocks_own_links_work(airlock: Airlock, browser: Browser) -> None:
    """Forged, changed and broken links all get one and the same page, which says what to do."""
    asked = airlock.ask("scanned", "forged-5tk8z")
    payload, seal = asked.token.split(".")
    other = "A" if seal[0] != "A" else "B"
    tokens = [
        f"{payload}.{other}{seal[1:]}",
        changed(asked.token, expires=2_000_000_000),
        changed(asked.token, form="lifted"),
        changed(asked.token, grant="prod-7xk2q-00000000"),
        asked.token[:-9],
        f"{asked.token}A",
        "%3Cscript%3E",
        "",
    ]
    pages = set()
    for token in tokens:
        link = asked.link.replace(asked.token, token)
        assert airlock.call(link) == 403
        browser.open(link)
        assert not browser.has_form()
        pages.add(browser.driver.page_source)
    assert len(pages) == 1
    assert browser.heading == "This link doesn't work"
    airlock.end(asked)


def test_scanners_decide_nothing(airlock: Airlock, browser: Browser) -> None:
    """Mail scanners may open a link as often as they like: the ledger stays the same, and people can still answer."""
    asked = airlock.ask("scanned", "scan-8wr3n")
    before = airlock.ledger()
    methods = ["HEAD", "OPTIONS", *["GET"] * 100]
    with ThreadPoolExecutor(max_workers=4) as scanners:
        statuses = list(scanners.map(lambda method: airlock.call(asked.link, method), methods))
    assert statuses == [405, 405, *[200] * 100]
    assert airlock.ledger() == before
    assert airlock.policy("scanned") == FENCE
    browser.open(asked.link)
    assert browser.has_form()
    airlock.end(asked)


def test_of_two_answers_at_once_one_stands(airlock: Airlock, browser: Browser, scriptless: Browser) -> None:
    """Two people click opposite buttons in the same moment: one answer stands, both are shown it, IAM follows it."""
    asked = airlock.ask("raced", "raced-3vq7d")
    for one in (browser, scriptless):
        one.open(asked.link)
    with ThreadPoolExecutor(max_workers=2) as people:
        list(people.map(lambda one, decision: one.answer(decision), (browser, scriptless), ("approve", "reject")))
    kind = "approved" if browser.heading in DECIDED else "rejected"
    assert airlock.notices.wait_for("raced-3vq7d", kind)
    for one in (browser, scriptless):
        one.driver.refresh()
        shown = one.driver.find_element("css selector", "section:first-of-type dd").text
        assert shown == kind.title()
    decided = {mail.data["kind"] for mail in airlock.notices.about("raced-3vq7d")} & {"approved", "rejected"}
    assert decided == {kind}
    assert (airlock.opened("raced") != FENCE) if kind == "approved" else (airlock.policy("raced") == FENCE)
    airlock.end(asked)
    assert airlock.policy("raced") == FENCE


def test_an_approval_of_an_ended_install_opens_nothing(airlock: Airlock, browser: Browser) -> None:
    """Who approves when the install is over meanwhile is told that it isn't needed any more."""
    asked = airlock.ask("ended", "ended-6jp2m")
    browser.open(asked.link)
    airlock.end(asked)
    browser.answer("approve")
    assert browser.heading == "Not needed any more"
    assert not browser.has_form()
    airlock.sweep()
    assert airlock.policy("ended") == FENCE


def test_a_lift_is_asked_for_with_a_warning(airlock: Airlock, browser: Browser) -> None:
    """A request to lift the whole deny says so loudly, also on the button; approved, it is lifted, and put back."""
    asked = airlock.ask(LIFTED, "lift-4dk9s")
    assert asked.mail.data["form"] == "lifted"
    browser.open(asked.link)
    assert browser.heading == "Lift the whole fence for one principal?"
    warning = browser.driver.find_element("css selector", "section.loud").text
    assert "EVERY call of this principal is let through, from ANYWHERE" in warning
    assert browser.button("approve").text == "Approve the lift"
    browser.answer("approve")
    assert browser.heading in DECIDED
    (statement,) = json.loads(airlock.opened(LIFTED))["Statement"]
    assert "DateGreaterThan" in statement["Condition"]
    airlock.end(asked)
    assert airlock.policy(LIFTED) == FENCE


def test_a_wider_form_is_asked_for_with_a_warning(airlock: Airlock, browser: Browser) -> None:
    """What can't be opened exactly asks, though the principal's grants open by themselves; approved, it is put back."""
    assert airlock.policy(WIDER) == PATTERNS
    asked = airlock.ask(WIDER, "wide-5pk2n")
    assert (asked.mail.data["form"], asked.mail.data["wider"]) == ("any-action", ["actions"])
    assert asked.mail.data["opens"]["actions"] == ["*"]
    browser.open(asked.link)
    assert browser.heading == "Open the fence wider than asked for one install?"
    warning = browser.driver.find_element("css selector", "section.wider").text
    assert "Warning: this opens more than the install needs" in warning
    assert "Actions: also writing, deleting and sharing the file, not reading it alone." in warning
    assert asked.mail.data["why_wider"] in warning
    assert browser.button("approve").text == "Approve the wider opening"
    browser.answer("approve")
    assert browser.heading in DECIDED
    until(lambda: airlock.policy(WIDER) != PATTERNS)
    statements = json.loads(airlock.policy(WIDER))["Statement"]
    assert asked.mail.data["opens"]["objects"] in [one.get("NotResource") for one in statements]
    assert {tuple(one["Action"]) for one in statements} == {("s3:Get*", "s3:Put*")}
    assert airlock.notices.wait_for("wide-5pk2n", "opened").subject.startswith("Opened WIDER than asked")
    airlock.end(asked)
    assert airlock.policy(WIDER) == PATTERNS


def test_it_works_without_scripts(airlock: Airlock, scriptless: Browser) -> None:
    """In a browser that forbids scripts, the page can be read and answered all the same."""
    scriptless.open("data:text/html,<title>off</title><script>document.title='on'</script>")
    assert scriptless.driver.title == "off"
    asked = airlock.ask("blocked", "plain-2fx7c")
    scriptless.open(asked.link)
    scriptless.answer("approve")
    assert scriptless.heading in DECIDED
    assert airlock.opened("blocked") != FENCE
    airlock.end(asked)


def test_it_works_by_keys_alone(airlock: Airlock, browser: Browser) -> None:
    """Tab goes from the difference to the note and the buttons, each shows it; Enter decides on a button only."""
    asked = airlock.ask("by-keys", "keys-9cn5h")
    browser.open(asked.link)
    reached = []
    for _ in range(4):
        browser.press(Keys.TAB)
        one = browser.focused()
        reached.append(one.get_attribute("class") or one.get_attribute("id"))
        assert one.value_of_css_property("outline-style") == "solid"
        assert one.value_of_css_property("outline-width") == "3px"
    assert reached == ["difference", "note", "yes", "no"]
    browser.driver.find_element("id", "note").send_keys("by keys", Keys.ENTER)
    assert browser.has_form()
    assert airlock.policy("by-keys") == FENCE
    with browser.leaving():
        browser.press(Keys.TAB, Keys.ENTER)
    assert browser.heading in DECIDED
    assert "by keys" in browser.text
    assert airlock.opened("by-keys") != FENCE
    airlock.end(asked)


def test_a_form_in_a_mail_decides_nothing(airlock: Airlock, browser: Browser, tmp_path: Path) -> None:
    """A page from elsewhere that holds the link's secret can't make an answer of a click on something else."""
    asked = airlock.ask("mailed", "mail-7bw4k")
    page = urlsplit(asked.link)
    elsewhere = tmp_path / "mail.html"
    elsewhere.write_text(
        f'<form method="post" action="http://{page.netloc}/"><input type="hidden" name="token" value="{asked.token}">'
        '<button name="decision" value="approve">See pictures</button></form>'
    )
    browser.open(elsewhere.as_uri())
    browser.answer("approve")
    assert browser.heading == "Not answered"
    assert airlock.policy("mailed") == FENCE
    browser.open(asked.link)
    assert browser.has_form()
    airlock.end(asked)
