"""`python -m tests.browser.shots`: takes the pictures of README and tour from a fresh demo."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, sync_playwright

from config.embedded import ROOT
from tests.browser.servers import free_port
from tests.config.workspaces import environment, workspace

MESSY = ROOT / "tests" / "browser" / "messy.csv"  # two of its cells must be asked about
IMAGES = ROOT / "docs" / "images"
GREETING = "Press Ctrl-C to stop."
WAYS = {  # an address, and the links from there
    "home": ("/e/northwind/",),
    "cycle": ("/e/northwind/cycles/", "main th a"),
    "objective": ("/e/northwind/", "a.objective-sm"),
    "objective-draft": ("/e/lakeside/cycles/", "main th a", "a.objective-sm"),
    "objective-edit": ("/e/northwind/", "a.objective-sm", "aside a[href$='/edit/']"),
    "escalations": ("/e/northwind/escalations/",),
    "outcome": ("/e/northwind/escalations/", "a:has-text('Record recovery plan')"),
    "reviews": ("/e/northwind/reviews/",),
    "summary": ("/e/harbor/reviews/", "main th a", "a[href$='/summary/']"),
    "decisions": ("/e/northwind/decisions/",),
    "actions": ("/e/northwind/actions/",),
    "reports": ("/e/harbor/status/reports/",),
    "metrics": ("/e/northwind/metrics/",),
    "metric": ("/e/northwind/metrics/", "main th a"),
    "teams": ("/e/northwind/teams/",),
    "members": ("/e/northwind/members/",),
    "share-links": ("/e/northwind/share-links/",),
    "reminders": ("/e/northwind/reminders/",),
    "settings": ("/e/northwind/settings/",),
    "profile": ("/profile/",),
    "sign-in": ("/accounts/login/",),
    "key-result": ("/", ".due .due-name a"),
    "board": ("/e/northwind/board/",),
    "status": ("/e/harbor/status/",),
}
TAKEN: tuple[tuple[str, int, int, Any, tuple[str, ...]], ...] = (
    # who, width, height, scheme, what
    ("", 1280, 900, "light", ("sign-in",)),
    ("consultant", 1280, 900, "light", ("my-week", "figure", "key-result", "board")),
    ("consultant", 390, 844, "dark", ("my-week",)),
    ("client", 1280, 900, "light", ("status",)),
    ("client", 390, 844, "light", ("status",)),
    ("lead", 1280, 900, "light", (*tuple(WAYS)[:-4], "sentence")),
    ("lead", 1280, 900, "light", ("import", "review", "first-steps")),  # they change something
)


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with running() as url, sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        for who, width, height, scheme, names in TAKEN:
            size: Any = {"width": width, "height": height}
            page = browser.new_page(
                base_url=url, color_scheme=scheme, reduced_motion="reduce", viewport=size
            )
            if who:
                signs_in(page, who=who)
            for name in names:
                SHOWS[name](page) if name in SHOWS else follow(page, *WAYS[name])
                page.wait_for_load_state("networkidle" if "review" not in name else "load")
                page.evaluate("scrollTo(0, 0)")
                page.screenshot(path=IMAGES / f"{name}-{width}-{scheme}.png")
                sys.stdout.write(f"docs/images/{name}-{width}-{scheme}.png\n")
        browser.close()


def follow(page: Page, path: str, *links: str) -> None:
    """Open the address, then the first link that each selector names."""
    page.goto(path)
    for link in links:
        page.goto(page.locator(link).first.get_attribute("href") or "")


@contextmanager
def running() -> Iterator[str]:
    """What `make run` runs, in a folder of its own that goes away."""
    port = str(free_port())
    with workspace() as found:
        told = environment(found, PORT=port, STATIC_ROOT=str(found.data / "static"))
        command = [sys.executable, "-m", "config.run"]
        process = subprocess.Popen(command, cwd=ROOT, env=told, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            if not any(GREETING in line for line in process.stdout):
                raise SystemExit("The demo did not start.")
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            process.communicate()


def signs_in(page: Page, *, who: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(f"{who}@demo.test")
    page.get_by_label("Password").fill("plumbline-demo")
    page.get_by_label("Password").press("Enter")
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_url(lambda address: "/accounts/" not in address)


def my_week(page: Page) -> None:
    """With the first card open and a value typed, here that of last week."""
    page.goto("/")
    waiting = page.locator('.due[data-state="todo"]').first
    last = waiting.locator(".num").inner_text().split()[0]
    waiting.get_by_role("link", name="Check in").click()
    card = page.locator('.due[data-state="open"]')
    card.locator(".input-figure").press_sequentially(last)
    card.locator(".scale label").nth(3).click()
    card.locator(".preview .says").wait_for()


def figure(page: Page) -> None:
    """A check-in whose value has two readings."""
    page.goto("/")
    link = page.get_by_role("link", name="Net promoter score").first
    page.goto(f"{link.get_attribute('href')}check-in/")
    page.locator(".input-figure").press_sequentially("1.250")
    page.locator(".answers").wait_for()


def sentence(page: Page) -> None:
    """A key result that one sentence filled in."""
    follow(page, *WAYS["objective-draft"], "a[href$='/key-results/new/']")
    text = "Raise the share of crews that finish set-up from 61% to 80%, daily from our analytics"
    page.get_by_label("Say it in one sentence").fill(text)
    page.get_by_label("Say it in one sentence").press("Tab")
    page.get_by_text("Filled in:").wait_for()


def review(page: Page) -> None:
    """Running, at what is red, with a decision about to be recorded."""
    page.goto("/e/northwind/reviews/")
    page.get_by_role("link", name="review").and_(page.locator("main li a")).first.click()
    page.get_by_role("button", name="Start review").click()
    page.get_by_role("button", name="Start review now").click()  # it is planned for tomorrow
    page.get_by_role("button", name="Next item").click()
    page.get_by_role("heading", name="Accounts that expand within thirty days").wait_for()
    page.locator("#decision-text").fill("Pair the offer with first use of reports.")


def first_steps(page: Page) -> None:
    """A client that was opened a moment ago."""
    page.goto("/engagements/new/")
    page.get_by_label("Client").first.fill("Alder Logistics")
    page.get_by_role("button", name="Create engagement").click()
    page.get_by_role("heading", name="First steps").wait_for()


def mapping(page: Page) -> None:
    """A sheet with two cells to fix."""
    page.goto("/e/harbor/import/")
    page.get_by_label("Excel or CSV file").set_input_files(MESSY)
    page.get_by_role("button", name="Check the sheet").click()
    page.get_by_role("heading", name="Formats found").wait_for()


SHOWS = {
    "figure": figure,
    "first-steps": first_steps,
    "import": mapping,
    "my-week": my_week,
    "review": review,
    "sentence": sentence,
}

if __name__ == "__main__":
    main()
