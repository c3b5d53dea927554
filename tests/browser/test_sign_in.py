from __future__ import annotations

import re
import time
from email.message import EmailMessage

import pytest
from playwright.sync_api import expect

from tests.browser import cast
from tests.browser.conftest import Opens
from tests.browser.servers import Served
from tests.build import PASSWORD
from tests.smtp import text_of


def test_somebody_signs_in_by_password_and_out_again(opens: Opens) -> None:
    alice, visitor = cast.user(), opens()
    cast.member(cast.client("Ashton Mills"), alice)
    page = visitor.page
    visitor.visit("/", says="OKRs your clients can trust.")
    visitor.inspect("sign-in")

    page.get_by_label("Email").fill(alice.email)
    page.get_by_label("Password").fill("not-the-password")
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text("Not signed in.")
    expect(page.get_by_label("Email")).to_have_value(alice.email)
    visitor.inspect("sign-in refused")

    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is due.")
    visitor.inspect("my week without cards")
    assert not any(cookie["secure"] for cookie in visitor.context.cookies())  # Safari keeps these

    page.get_by_text("Alice", exact=False).first.click()
    visitor.inspect("account menu")
    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    page.goto("/profile/")
    expect(page).to_have_url(re.compile("/accounts/login/"))


def test_somebody_signs_in_by_a_code_from_the_mail(opens: Opens, served: Served) -> None:
    alice, visitor = cast.user(), opens()
    cast.member(cast.client("Ashton Mills"), alice)
    page = visitor.page
    visitor.visit("/accounts/login/")

    page.get_by_role("link", name="Email me a sign-in code").click()
    visitor.inspect("asking for a code")
    page.get_by_label("Email").fill(alice.email)
    page.get_by_role("button", name="Email me a sign-in code").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Enter the code from your email.")
    visitor.inspect("entering the code")
    page.get_by_label("Code").fill("WRONG-1")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Not signed in.")
    visitor.inspect("wrong code")

    page.get_by_label("Code").fill(code_in(mail_to(alice.email, served)))
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is due.")


def mail_to(address: str, served: Served) -> EmailMessage:
    """The mail once the worker has sent it."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for mail in served.mail.messages:
            if mail["To"] == address:
                return mail
        time.sleep(0.1)
    pytest.fail(f"No mail reached {address}.")


def code_in(mail: EmailMessage) -> str:
    found = re.search(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", text_of(mail), re.M)
    assert found, text_of(mail)
    return found[1]
