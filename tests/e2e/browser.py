"""A headless Chromium that reaches function URLs on MiniStack, and what tests look at in it."""

from __future__ import annotations

import base64
import contextlib
import importlib.resources
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from demo.ministack import MiniStack

ARTIFACTS = Path(__file__).parents[2] / ".artifacts"
DESKTOP = (1280, 900)
PHONE = (390, 844)
WAIT_SECONDS = 30
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_LOADED = "document.readyState === 'complete' ? performance.timeOrigin : null"
_CONTRAST_AND_MORE = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def find_browser() -> tuple[str, str]:
    """Where the browser and its driver are; without them the test is skipped, or fails if AIRLOCK_NO_SKIP is 1."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        message = "Chromium and its driver aren't installed (on Debian: apt-get install chromium chromium-driver)"
        if os.environ.get("AIRLOCK_NO_SKIP") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return browser, driver


class Browser:
    """One browser window.

    Attributes:
        driver: Selenium's.
    """

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, link: str) -> None:
        """Go to an address."""
        self.driver.get(link)

    @property
    def heading(self) -> str:
        """The page's one heading of the first order."""
        (heading,) = self.driver.find_elements(By.TAG_NAME, "h1")
        return heading.text

    @property
    def text(self) -> str:
        """All text that can be seen."""
        return self.driver.find_element(By.TAG_NAME, "body").text

    def button(self, decision: str) -> WebElement:
        """The button that approves or rejects."""
        return self.driver.find_element(By.CSS_SELECTOR, f'button[name="decision"][value="{decision}"]')

    @contextlib.contextmanager
    def leaving(self) -> Iterator[None]:
        """Do what leads to another page, and wait for that."""
        before = self.ask(_LOADED)
        yield

        def left(_: webdriver.Chrome) -> bool:
            return bool(self.ask(_LOADED) not in (before, None))

        # Between two pages there is nothing to ask.
        WebDriverWait(self.driver, WAIT_SECONDS, ignored_exceptions=[WebDriverException]).until(left)

    def answer(self, decision: str) -> None:
        """Click on a button, and wait for the page that comes then."""
        with self.leaving():
            self.button(decision).click()

    def has_form(self) -> bool:
        """Whether anything can be answered."""
        return bool(self.driver.find_elements(By.TAG_NAME, "form"))

    def press(self, *keys: str) -> None:
        """Press keys, whatever has the focus."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def focused(self) -> WebElement:
        """What has the focus."""
        return self.driver.switch_to.active_element

    def ask(self, script: str) -> Any:  # noqa: ANN401 - what a script gives
        """Evaluate an expression in the page."""
        return self.driver.execute_script(f"return {script}")

    def complaints(self) -> list[str]:
        """What the browser's console has shown since the last call."""
        return [str(entry["message"]) for entry in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]

    @contextlib.contextmanager
    def screen(self, size: tuple[int, int], *, dark: bool = False) -> Iterator[None]:
        """Look by a screen of another size, or one that is set to dark."""
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE}
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._command("Emulation.setDeviceMetricsOverride", **metrics)
        self._command("Emulation.setEmulatedMedia", features=[scheme])
        try:
            yield
        finally:
            self._command("Emulation.setEmulatedMedia", features=[])
            self._command("Emulation.clearDeviceMetricsOverride")

    def picture(self, path: Path) -> None:
        """Keep a picture of the whole page, also of what one has to scroll to."""
        taken = self._command("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(taken["data"]))

    def overflow(self) -> int:
        """By how many pixels the page is wider than the screen."""
        return int(self.ask("document.scrollingElement.scrollWidth - window.innerWidth"))

    def violations(self) -> list[str]:
        """What axe-core finds wrong with the page, contrast included."""
        source = importlib.resources.files("selenium_axe_python") / "axe-core" / "axe.min.js"
        # The page's policy forbids scripts, but not the driver's.
        self.driver.execute_script(source.read_text(encoding="utf-8"))
        found = self.driver.execute_async_script(
            "axe.run({runOnly: arguments[0]}).then(arguments[1])", list(_CONTRAST_AND_MORE)
        )
        assert len(found["passes"]) > 10, "axe-core has looked at nothing"
        return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]

    def _command(self, name: str, **parameters: object) -> dict[str, Any]:
        answer: dict[str, Any] = self.driver.execute_cdp_cmd(name, parameters)
        return answer


@contextlib.contextmanager
def a_browser(aws: MiniStack, url: str = "", *, scripts: bool = True) -> Iterator[Browser]:
    """Run a browser for which AWS's function URLs are on MiniStack.

    Args:
        aws: what the hosts lead to.
        url: a function's; over HTTP it is taken for as safe as over HTTPS, so that all headers count.
        scripts: whether pages may run any.
    """
    browser, driver = find_browser()
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    arguments = [
        "--headless=new",
        "--disable-dev-shm-usage",
        "--no-proxy-server",
        f"--window-size={DESKTOP[0]},{DESKTOP[1]}",
        f"--host-resolver-rules=MAP *.on.aws {urlsplit(aws.endpoint).netloc}",
    ]
    # Chromium's own sandbox refuses to be root's.
    arguments += ["--no-sandbox"] if os.geteuid() == 0 else []
    if url:
        arguments.append(f"--unsafely-treat-insecure-origin-as-secure=http://{urlsplit(url).netloc}")
    for argument in arguments:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if not scripts:
        # As somebody has it whose company forbids scripts.
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    running = webdriver.Chrome(options=options, service=Service(driver))
    try:
        running.set_page_load_timeout(WAIT_SECONDS)
        yield Browser(running)
    finally:
        running.quit()
