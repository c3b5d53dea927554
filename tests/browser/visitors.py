"""One person's browser, which complains of whatever a person would not see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, expect

from accounts.models import User

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Without preloading, which only sound and video need, the same rules take half the time.
OPTIONS = {
    "runOnly": {"type": "tag", "values": RULES},
    "resultTypes": ["violations"],
    "preload": False,
}
ANSWERS = {409, 422}  # with a page that says what to do

# Chromium logs what the policy stops, but not every such event reaches the log.
REPORT_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))"""
TOO_WIDE = """(width) => [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > width + 1)
  .slice(0, 5).map((one) => `${one.tagName}.${one.className} ${one.textContent.slice(0, 40)}`)"""


@dataclass(frozen=True, kw_only=True)
class Screen:
    width: int
    height: int
    schemes: tuple[Any, ...] = ("light", "dark")

    def __str__(self) -> str:
        return "-".join((str(self.width), *self.schemes))

    @property
    def is_phone(self) -> bool:
        return self.width < 600


class Visitor:
    """A page in a browser context of its own; `inspect` asserts that nothing is wrong with it."""

    def __init__(self, browser: Browser, url: str, *, screen: Screen, script: bool = True) -> None:
        self.url, self.screen, self.script = url, screen, script
        self.expected = set(ANSWERS)
        self.complaints: list[str] = []
        self.context = browser.new_context(
            base_url=url,
            color_scheme=screen.schemes[0],
            has_touch=screen.is_phone,
            is_mobile=screen.is_phone,
            java_script_enabled=script,
            reduced_motion="reduce",
            viewport={"width": screen.width, "height": screen.height},
        )
        self.context.add_init_script(REPORT_VIOLATIONS)
        self.page = self._watched(self.context.new_page())

    def _watched(self, page: Page) -> Page:
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("requestfailed", self._miss)
        page.on("response", self._read)
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        # A refused request is judged by its status.
        if message.type in ("error", "warning") and "Failed to load" not in message.text:
            self.complaints.append(f"console: {message.text}")

    def _miss(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a newer preview took its place
            self.complaints.append(f"no answer: {request.url} {request.failure}")

    def _read(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.complaints.append(f"{response.status}: {response.url}")

    def signs_in_as(self, user: User | None) -> None:
        """With a session that stands already."""
        assert user is not None
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        value = client.cookies[name].value
        self.context.add_cookies(
            [{"name": name, "value": value, "url": self.url, "httpOnly": True}]
        )

    def visit(self, path: str, *, says: str = "") -> None:
        self.page.goto(path)
        if says:
            expect(self.page.get_by_role("heading", level=1)).to_contain_text(says)

    def inspect(self, state: str) -> None:
        """Accessible by WCAG 2.2 A and AA, no wider than the screen, nothing in the console."""
        self.settle()
        where = f"{state} at {self.screen.width}"
        assert self.complaints == [], f"{where}: {self.complaints}"
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= self.screen.width, f"{where} is {wide} wide: {self._beyond()}"
        if self.script:  # else the checker would wait for ever; the page is the same
            for scheme in self.screen.schemes:
                self.page.emulate_media(color_scheme=scheme)
                self._check_access(f"{where} in {scheme}")

    def _beyond(self) -> list[str]:
        found: list[str] = self.page.evaluate(TOO_WIDE, self.screen.width)
        return found

    def _check_access(self, where: str) -> None:
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        found = AxeResults(self.page.evaluate("(options) => axe.run(options)", OPTIONS))
        assert found.violations_count == 0, f"{where}: {found.generate_report()}"

    def settle(self) -> None:
        """Until no answer is under way."""
        self.page.wait_for_load_state("load")
        expect(self.page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)

    def keep(self, folder: Path, name: str) -> None:
        """What the page looks like and holds, for whoever mends it."""
        folder.mkdir(exist_ok=True)
        self.page.screenshot(path=folder / f"{name}.png", full_page=True)
        (folder / f"{name}.html").write_text(self.page.content())
