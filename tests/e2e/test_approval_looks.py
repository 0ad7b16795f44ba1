"""How the approval page looks, and whether everybody can use it; the pictures are in .artifacts/approval-page."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.e2e.asking import FENCE, Airlock, an_airlock, arn_of
from tests.e2e.browser import ARTIFACTS, DESKTOP, PHONE, Browser, a_browser

pytestmark = pytest.mark.e2e
PICTURES = ARTIFACTS / "approval-page"
SCREENS = {"desktop": DESKTOP, "phone": PHONE}
HEADINGS = {
    "pending": "Open the fence for one install?",
    "lifted": "Lift the whole fence for one principal?",
    "wider": "Open the fence wider than asked for one install?",
    "approved": "Approved",
    "open": "Open",
    "rejected": "Rejected",
    "closed": "Closed",
    "expired": "This link is too old",
    "forged": "This link doesn't work",
}
STATES = tuple(HEADINGS)
PATTERNS = FENCE.replace('"Action": "*"', '"Action": ["s3:Get*", "s3:Put*"]')
"""A fence that can only be opened wider than asked."""
ORDER = {"source": "bootstrap-airlock", "detail-type": "Airlock Order", "account": "111122223333", "detail": {}}


@pytest.fixture(scope="module")
def airlock() -> Iterator[Airlock]:
    """The stack, with a user for each state that a request can be in."""
    principals: dict[str, dict[str, object]] = {
        state: {"mode": "approval", "timeout_minutes": 5} for state in ("japanese", "pending", *STATES[2:-1])
    }
    with an_airlock(principals | {"lifted": {"strategy": "lift"}}) as running:
        running.cloud.aws.client("iam").put_user_policy(UserName="wider", PolicyName="fence", PolicyDocument=PATTERNS)
        yield running


@pytest.fixture(scope="module")
def browser(airlock: Airlock) -> Iterator[Browser]:
    """A browser as most people have it."""
    with a_browser(airlock.cloud.aws, airlock.cloud.deployment.outputs["PageFunctionUrl"]) as running:
        yield running


@contextlib.contextmanager
def deaf_to_orders(airlock: Airlock) -> Iterator[None]:
    """While this lasts, the watcher doesn't hear of answers, as if EventBridge were late."""
    events = airlock.cloud.aws.client("events")
    (rule,) = airlock.cloud.events.matching(ORDER)
    events.disable_rule(Name=rule.name)
    yield
    events.enable_rule(Name=rule.name)


@contextlib.contextmanager
def speaking(airlock: Airlock, language: str) -> Iterator[None]:
    """While this lasts, the page is in another language, as if the configuration said so."""
    functions, name = airlock.cloud.aws.client("lambda"), airlock.cloud.deployment.outputs["PageFunctionName"]
    before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    for variables in ({**before, "AIRLOCK_LANGUAGE": language}, before):
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        if variables is not before:
            yield


@pytest.fixture(scope="module")
def links(airlock: Airlock, browser: Browser) -> dict[str, str]:
    """A link to a request in each state."""
    asked = {"expired": airlock.ask("expired", "expired-7xk2q", lasts=5)}
    asked |= {user: airlock.ask(user, f"{user}-7xk2q") for user in STATES if user not in ("expired", "forged")}

    def answer(state: str, decision: str) -> None:
        browser.open(asked[state].link)
        browser.driver.find_element("id", "note").send_keys("Planned, change 4711")
        browser.answer(decision)

    for state in ("open", "closed"):
        answer(state, "approve")
        assert airlock.opened(state) != FENCE
    airlock.end(asked["closed"])
    answer("rejected", "reject")
    airlock.notices.wait_for("rejected-7xk2q", "rejected")
    with deaf_to_orders(airlock):
        answer("approved", "approve")
    airlock.wait_until(asked["expired"].mail.data["answer_until"])
    last = asked["pending"].link[-1]
    forged = {"forged": asked["pending"].link[:-2] + ("AA" if last != "A" else "BA")}
    return {state: one.link for state, one in asked.items()} | forged


def check(browser: Browser, picture: str, language: str = "en", *, dark: bool = False) -> None:
    """What must hold of every page on every screen; axe-core looks at contrast, labels, headings and more."""
    assert browser.heading
    assert browser.driver.find_element("tag name", "html").get_attribute("lang") == language
    for name, size in SCREENS.items():
        with browser.screen(size, dark=dark):
            assert browser.overflow() <= 0
            browser.picture(PICTURES / f"{picture}-{name}.png")
            if size == PHONE:
                assert browser.violations() == []


@pytest.mark.parametrize("state", STATES)
def test_everybody_can_read_it(browser: Browser, links: dict[str, str], state: str) -> None:
    """In every state, on a desk and on a phone: axe-core finds nothing wrong, and nothing is wider than the screen."""
    browser.open(links[state])
    assert browser.heading == HEADINGS[state]
    assert browser.has_form() == (state in ("pending", "lifted", "wider"))
    assert (f"{state}-7xk2q" in browser.text) == (state != "forged")
    check(browser, state)


@pytest.mark.parametrize("state", ["pending", "lifted", "wider", "open"])
def test_it_follows_a_dark_screen(browser: Browser, links: dict[str, str], state: str) -> None:
    """On a device that is set to dark, the page is dark, and its contrast still suffices."""
    browser.open(links[state])
    with browser.screen(DESKTOP, dark=True):
        assert browser.ask("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 29)"
    check(browser, f"{state}-dark", dark=True)


def test_it_speaks_japanese(airlock: Airlock, browser: Browser, links: dict[str, str]) -> None:
    """Where the configuration says so, everything that people read is Japanese, and answering works as well."""
    asked = airlock.ask("japanese", "japanese-7xk2q")
    with speaking(airlock, "ja"):
        for state in ("lifted", "wider", "open", "expired"):
            browser.open(links[state])
            check(browser, f"{state}-ja", "ja")
        browser.open(asked.link)
        assert browser.heading == "このインストールのために制限を一部開けますか？"  # noqa: RUF001 - as it is written
        assert browser.button("approve").text == "承認する"
        check(browser, "pending-ja", "ja")
        browser.driver.find_element("id", "note").send_keys("申請番号 4711")
        browser.answer("reject")
        assert browser.heading == "却下済み"
        assert "申請番号 4711" in browser.text
        check(browser, "rejected-ja", "ja")
    assert airlock.policy("japanese") == FENCE


def test_each_control_says_what_it_is(browser: Browser, links: dict[str, str]) -> None:
    """Every control has a name, fingers can hit it, and at 320 pixels nothing has to be scrolled aside."""
    with browser.screen((320, 640)):
        browser.open(links["lifted"])
        assert browser.overflow() <= 0
        controls = browser.driver.find_elements("css selector", "[tabindex], input:not([type=hidden]), button[name]")
        names = [one.accessible_name for one in controls]
        assert names == [
            f"Changes of user-inline fence of {arn_of('lifted')}",
            "Note (optional)",
            "Approve the lift",
            "Reject",
        ]
        assert all(one.size["height"] >= 44 for one in controls)


def test_an_answer_that_nobody_heard_of_is_found_by_the_sweep(
    airlock: Airlock, browser: Browser, links: dict[str, str]
) -> None:
    """If the event is lost, the page says "Approved", and the next sweep opens the deny."""
    assert airlock.policy("approved") == FENCE
    assert "open" in airlock.sweep()
    assert airlock.policy("approved") != FENCE
    browser.open(links["approved"])
    assert browser.heading == "Open"
