"""What people type stays what it is in a mail: words, on their line."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from django.conf import settings

from accounts.models import User
from mail.delivery import MAX_SUBJECT
from mail.email_types import Mail, one_line
from notifications.digest import Digest, Entry, Section
from notifications.emails import write
from notifications.rules import Aside, DigestItem
from notifications.templatetags.notices import folded
from scoring import Rag
from tests.notifications.noticing import NINE, rule

EVIL = (
    "Eve\r\nBcc: all@example.test",
    "<script>alert(1)</script>",
    '"><a href="https://evil.test">Check in</a>',
    "' onmouseover='alert(1)",
    "</td></tr></table><h1>Pay here</h1>",
    "ALSO\n\n  Pay\u2028    Fetch: https://evil.test",
    "{{ site }}{% include 'x' %}",
    "\u202eesrever\u202c and \u2066isolated\u2069",
    "&lt;b&gt; & co",
    "x" * 500,
    "\x00\x0b\x1b[31m",
)


class Elements(HTMLParser):
    """Its tags in their order, with their attributes but for what a label quotes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [one for one in attrs if one[0] != "aria-label"]))


def mail_saying(words: str) -> Mail:
    """A mail in which all that people can type are these words."""
    item = DigestItem(
        heading="At the door",
        title=words,
        url="/e/client/parcels/1/",
        button="Fetch",
        about="parcel:1",
        state="late",
        meta=words,
        rag=Rag.RED,
        score="0.12",
        text=words.replace("\n", " "),
    )
    said = {"before": "the huddle on", "url": "/clock/", "after": "is due.", "about": "clock"}
    envelope = Digest(
        reader=User(pk=1, name=words, email="bob@example.test", time_zone="Europe/Berlin"),
        now=NINE,
        sections=[Section(client=words, entries=[Entry(item=item, rule=rule())])],
        asides=[Aside(client=words, title=words, **said)],
    )
    return write(envelope, is_daily=True)


@pytest.mark.parametrize("words", EVIL)
def test_they_make_no_element_no_address_and_no_line(words: str) -> None:
    plain, mail = mail_saying("Words"), mail_saying(words)

    assert Elements(mail.html).found == Elements(plain.html).found
    assert mail.subject.endswith(" (late)")
    assert mail.subject.splitlines() == [mail.subject]
    assert len(mail.subject) <= MAX_SUBJECT
    assert mail.headers == plain.headers
    starts = [line.strip() for line in mail.text.splitlines()]
    assert starts.count("ALSO") == 1
    assert [line for line in starts if line.startswith("Fetch: ")] == [
        f"Fetch: {settings.SITE_URL}/e/client/parcels/1/"
    ]


def test_they_are_escaped_in_html_and_as_typed_in_text() -> None:
    mail = mail_saying("R&D <b>bold</b>")

    assert "R&amp;D &lt;b&gt;bold&lt;/b&gt;" in mail.html
    assert "R&D <b>bold</b>" in mail.text
    assert "R&D <B>BOLD</B>" in mail.text  # the client's name


def test_words_that_run_from_right_to_left_turn_only_themselves() -> None:
    mail = mail_saying("שלום עולם")

    assert mail.html.count('dir="auto"') == 3
    assert "שלום עולם" in mail.text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a" * 999, f"{'a' * 199}…"),
        ("Two\r\n lines\tand\u2028three", "Two lines and three"),
        ("16\u00a0Mar stays together", "16\u00a0Mar stays together"),
        ("\u202eesrever\u202c", "esrever"),
        ("\x00\x07bell", "bell"),
        ("", ""),
    ],
)
def test_words_on_one_line(text: str, line: str) -> None:
    assert one_line(text, most=200) == line


def test_a_paragraph_is_folded_under_its_title_and_addresses_stay_whole() -> None:
    address = f"{settings.SITE_URL}/{'x' * 90}/"
    lines = folded(f"One two three {'word ' * 20}{address}", 4).splitlines()

    assert all(line.startswith("    ") and (len(line) <= 76 or address in line) for line in lines)
    assert any(address in line for line in lines)
