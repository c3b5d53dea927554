"""`python -m tests.browser.shots`: takes the README's screenshots of a fresh demo."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
REPLACED = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SWEEP_URL", "REDIS_URL")
GREETING = "Ctrl-C stops it."


TAKEN = (  # who, width, height, scheme, what
    ("consultant", 1280, 900, "light", ("my-week", "key-result", "board")),
    ("consultant", 390, 844, "dark", ("my-week",)),
    ("client", 1280, 900, "light", ("status",)),
    ("client", 390, 844, "light", ("status",)),
    ("lead", 1280, 900, "light", ("review",)),
)


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with running() as url, sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        for who, width, height, scheme, names in TAKEN:
            page = signed_in(browser, url, who=who, width=width, height=height, scheme=scheme)
            for name in names:
                SHOWS[name](page)
                page.evaluate("scrollTo(0, 0)")
                page.screenshot(path=IMAGES / f"{name}-{width}-{scheme}.png")
                sys.stdout.write(f"docs/images/{name}-{width}-{scheme}.png\n")
        browser.close()


@contextmanager
def running() -> Iterator[str]:
    """What `make run` runs, in a folder of its own that goes away."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="plumbline-shots-") as folder:
        Path(folder).chmod(0o711)  # as root, the database runs as somebody else
        kept = {name: value for name, value in os.environ.items() if name not in REPLACED}
        own = {"PLUMBLINE_DATA_DIR": folder, "PORT": str(port), "STATIC_ROOT": f"{folder}/static"}
        process = subprocess.Popen(
            [sys.executable, "-m", "config.run"],
            cwd=ROOT,
            env={**kept, **own},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            if not any(GREETING in line for line in process.stdout):
                raise SystemExit("The demo did not start.")
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            process.communicate()


def signed_in(
    browser: Browser, url: str, *, who: str, width: int, height: int, scheme: str
) -> Page:
    page = browser.new_page(
        base_url=url,
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
        viewport={"width": width, "height": height},
    )
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(f"{who}@demo.test")
    page.get_by_label("Password").fill("plumbline-demo")
    page.get_by_label("Password").press("Enter")
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_url(lambda address: "/accounts/" not in address)
    return page


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


def key_result(page: Page) -> None:
    page.goto("/")
    page.locator(".due .due-name a").first.click()
    page.get_by_role("heading", name="Thread").wait_for()


def board(page: Page) -> None:
    page.goto("/")
    page.locator(".group-head a").first.click()
    page.locator(".board.mt-5").wait_for()


def status(page: Page) -> None:
    page.goto("/e/harbor/status/")
    page.get_by_role("heading", name="Moved", exact=True).wait_for()


def review(page: Page) -> None:
    """Running, at what is red, with a decision about to be recorded."""
    page.goto("/e/northwind/reviews/")
    page.get_by_role("link", name="review").and_(page.locator("main li a")).first.click()
    page.get_by_role("button", name="Start the review").click()
    page.get_by_role("button", name="Next item").click()
    page.get_by_role("heading", name="Accounts that expand within thirty days").wait_for()
    page.get_by_label("What is decided?").fill("Pair the offer with first use of reports.")


SHOWS = {
    "my-week": my_week,
    "key-result": key_result,
    "board": board,
    "status": status,
    "review": review,
}

if __name__ == "__main__":
    main()
