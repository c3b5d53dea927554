"""From an empty installation to the first check-in, by a sheet and typed, with clicks counted.

A click is a press of a link, a button, a box or an entry of a list; a field is a text that is
typed. Docs: getting-started.md says the same numbers.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from config.settings import PASSWORD_HASHERS  # noqa: TID251 - the ones that the product reads
from tests.browser.conftest import ENDS, Opens
from tests.browser.servers import Served, serving
from tests.browser.visitors import Visitor
from tests.databases import copy_of

LEAD, PASSWORD = "lena@example.test", "correct horse battery"
OBJECTIVE = "Make first-time buyers want to return"
TYPED = {
    "Share of first-time buyers who buy again": "from 18% to 28%, weekly from the shop database",
    "Orders that arrive within two days": "from 61 % to 80 %, weekly from the warehouse",
}


@pytest.fixture(scope="module")
def empty(
    served: Served,
    django_db_setup: str,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    """An installation of its own with one account, as `manage.py create_lead` leaves it."""
    with (
        override_settings(PASSWORD_HASHERS=PASSWORD_HASHERS),
        pytest.MonkeyPatch.context() as patch,
        django_db_blocker.unblock(),
        copy_of(django_db_setup),
        serving(tmp_path_factory.mktemp("empty")) as found,
    ):
        patch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
        said = io.StringIO()
        call_command("create_lead", LEAD, name="Lena Brandt", password=True, stdout=said)
        assert User.objects.count() == 1
        yield found


class Counted:
    """Somebody at work, whose presses and typed texts are counted."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.page = visitor, visitor.page
        self.clicks = self.fields = 0

    def press(self, what: str, role: Any = "button") -> None:
        self.clicks += 1
        self.page.get_by_role(role, name=re.compile(f"^{what}")).first.click()

    def follow(self, what: str) -> None:
        self.press(what, "link")

    def type(self, label: str, text: str) -> None:
        self.fields += 1
        self.page.get_by_label(label, exact=True).fill(text)

    def arrives(self, title: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(title)


@pytest.fixture
def lena(empty: Served, opens: Opens, monkeypatch: pytest.MonkeyPatch) -> Counted:
    visitor = opens(url=empty.url)
    visitor.visit("/")
    return Counted(visitor)


@pytest.mark.long
@pytest.mark.parametrize("screen", ENDS[1:], ids=str)
def test_a_sheet_leads_to_the_first_check_in(lena: Counted, tmp_path: Path) -> None:
    opens_an_engagement(lena, "Harbor Retail")
    lena.follow("Import sheet")
    lena.visitor.inspect("import")
    takes_the_sheet(lena, tmp_path)
    lena.press("Import 2 key results")
    expect(lena.page.get_by_role("status")).to_contain_text("2 key results and 1 objective into")
    lena.follow("Home")
    lena.arrives("1 objective is drafted. None is committed yet.")
    invites(lena, are_named=True)
    commits(lena)
    checks_in(lena, "Share of first-time buyers who buy again")
    assert (lena.clicks, lena.fields) == (20, 8)


@pytest.mark.long
@pytest.mark.parametrize("screen", ENDS[:1], ids=str)
def test_a_typed_set_leads_to_the_first_check_in(lena: Counted) -> None:
    opens_an_engagement(lena, "Lakeside Hotels")
    lena.press(rf"(Start with )?{running_quarter()}")
    lena.follow("Draft objective")
    lena.type("Objective", OBJECTIVE)
    lena.press("Save and draft key result")
    for title, figures in TYPED.items():
        lena.arrives("Draft key result")
        types_a_sentence(lena, title, figures)
        if title != [*TYPED][-1]:
            lena.press("Save and draft another")
            expect(lena.page.locator("body")).to_contain_text(f"Saved: {title}.")
    lena.press("Save draft")
    lena.arrives(OBJECTIVE)
    for title in TYPED:
        expect(lena.page.locator("article.kr").filter(has_text=title)).to_be_visible()
    lena.follow("Home")
    invites(lena, are_named=False)
    commits(lena)
    checks_in(lena, next(iter(TYPED)))
    assert (lena.clicks, lena.fields) == (18, 10)


def running_quarter() -> str:
    """Late in it the next one comes first, which takes no check-in yet."""
    today = timezone.now().date()
    return f"{today.year}-Q{(today.month + 2) // 3}"


def opens_an_engagement(lena: Counted, client: str) -> None:
    lena.type("Email", LEAD)
    lena.type("Password", PASSWORD)
    lena.press("Sign in$")
    lena.press("Create an engagement|New engagement", "link")
    lena.type("Client", client)
    lena.press("Create engagement")
    lena.arrives("No cycle yet. Start with a quarter.")
    lena.visitor.inspect("first steps of a new client")


def takes_the_sheet(lena: Counted, folder: Path) -> None:
    """The example, once with a mistake in it."""
    page = lena.page
    with page.expect_download() as download:
        lena.follow("Download example")
    sheet = folder / "okrs.csv"
    download.value.save_as(sheet)
    content = sheet.read_bytes().replace(LEAD.encode(), b"ana@example.test")
    content = content.replace(b"Lena Brandt", b"Ana Lopez").replace(b",28,", b",18,")
    sheet.write_bytes(content)
    lena.clicks += 1  # to choose the file
    page.get_by_label("Excel or CSV file").set_input_files(sheet)
    lena.press("Check the sheet")
    lena.arrives("1 of 2 key results is ready. Fix 1 problem, then import.")
    expect(page.locator(".fix")).to_contain_text("Baseline and target are both 18.")
    lena.visitor.inspect("sheet with a mistake")
    lena.type("Target, row 2", "28")
    lena.press("Update preview")
    lena.arrives("2 key results are ready to import.")
    expect(page.locator(".facts")).to_contain_text("Placeholder")
    lena.visitor.inspect("sheet checked")


def types_a_sentence(lena: Counted, title: str, figures: str) -> None:
    """The sentence fills the form once the cursor leaves it."""
    lena.type("Say it in one sentence (optional)", f"{title} {figures}")
    lena.page.keyboard.press("Tab")
    expect(lena.page.get_by_label("Key result", exact=True)).to_have_value(title)
    expect(lena.page.locator("#fields")).to_contain_text("Filled in: key result, new metric")
    lena.visitor.inspect("key result from one sentence")


def invites(lena: Counted, *, are_named: bool) -> None:
    """Those whom the sheet names, and two more."""
    lena.follow("Invite people")
    if are_named:  # the list of members comes first
        lena.follow("Invite several people")
    lena.visitor.inspect("invite several")
    lena.fields += 1
    addresses = "Ana Lopez <ana@example.test>\nsam.jones@example.test"
    lena.page.get_by_label("Addresses").fill(addresses)
    lena.press("Send invitations")
    expect(lena.page.get_by_role("status")).to_contain_text("Ana Lopez and Sam Jones")
    lena.follow("Home")


def commits(lena: Counted) -> None:
    lena.follow("Audit and commit")
    lena.arrives(OBJECTIVE)
    lena.visitor.inspect("audits that ask a person")
    lena.press("Confirm 2 targets")
    for card in lena.page.locator("article.kr").all():
        expect(card).to_contain_text("Audit 6 of 6")
    lena.press("Commit objective")
    expect(lena.page.get_by_role("status")).to_contain_text("Committed:")


def checks_in(lena: Counted, title: str) -> None:
    page = lena.page
    lena.press(f"Check in.*{title}", "link")
    lena.arrives("Check in")
    lena.type("Value", "19")
    lena.clicks += 1
    page.locator(".scale label").nth(3).click()
    lena.type("Insight: what does the number mean?", "The welcome parcel brings people back.")
    lena.type("Next action", "Send it with every first order")
    lena.press("Save$")
    lena.arrives(OBJECTIVE)
    lena.visitor.inspect("the first check-in is saved")
    page.get_by_role("link", name="Home", exact=True).click()
    expect(page.get_by_role("heading", name="First steps")).to_have_count(0)
