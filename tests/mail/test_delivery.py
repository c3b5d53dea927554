from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from engagements.models import Membership
from mail import email_types
from mail.delivery import Delivered, deliver_due
from mail.email_types import Mail
from mail.models import Priority
from tenancy.scoping import scope
from tests import build
from tests.mail.conftest import post, stored, unwritten
from tests.smtp import MailServer


def test_it_sends_what_is_due(committed: str, mail_server: MailServer) -> None:
    message_id = post("alice")

    assert deliver_due() == Delivered(sent=1)

    (mail,) = mail_server.messages
    assert (mail["To"], mail["Subject"]) == ("alice@example.test", "Hello alice")
    assert mail.get_content().strip() == "Your week is open."
    assert mail["Auto-Submitted"] == "auto-generated"
    assert stored(message_id).sent_at


def test_the_message_id_is_the_envelopes(
    committed: str, mail_server: MailServer, settings: Settings
) -> None:
    settings.SITE_URL = "https://okr.example.test:8443"
    message_id = post("alice")

    deliver_due()

    assert mail_server.messages[0]["Message-ID"] == f"<{message_id}@okr.example.test>"


def test_it_sends_nothing_twice(committed: str, mail_server: MailServer) -> None:
    post("alice")

    assert [deliver_due(), deliver_due()] == [Delivered(sent=1), Delivered()]
    assert len(mail_server.messages) == 1


def test_it_waits_until_a_message_is_due(committed: str, mail_server: MailServer) -> None:
    monday = timezone.now() + dt.timedelta(days=3)
    post("alice", due_at=monday)

    assert deliver_due() == Delivered()
    assert deliver_due(now=monday) == Delivered(sent=1)


def test_it_goes_on_until_nothing_is_due_on_one_connection_a_batch(
    committed: str, mail_server: MailServer
) -> None:
    for number in range(7):
        post(f"person{number}")

    assert deliver_due(limit=3) == Delivered(sent=7)
    assert len(set(mail_server.recipients)) == 7
    assert mail_server.connections == 3


def test_what_is_awaited_overtakes_all_that_was_due_before(
    committed: str, mail_server: MailServer
) -> None:
    now = timezone.now()
    for minutes, (name, priority) in enumerate(
        [("daily", Priority.USUAL), ("urgent", Priority.URGENT), ("code", Priority.AWAITED)]
    ):
        post(name, priority=priority, due_at=now + dt.timedelta(minutes=minutes))

    deliver_due(now=now + dt.timedelta(hours=1), limit=2)

    assert [one.split("@")[0] for one in mail_server.recipients] == ["code", "urgent", "daily"]


def test_html_goes_along_as_the_alternative(committed: str, mail_server: MailServer) -> None:
    email_types.register(
        "rich", render=lambda _: Mail(subject="Hi", text="plain", html="<p>rich</p>")
    )
    post("alice", kind="rich")

    deliver_due()

    parts = [part.get_content_type() for part in mail_server.messages[0].iter_parts()]
    assert parts == ["text/plain", "text/html"]


def test_it_renders_behind_the_walls_in_the_scope_that_the_kind_opens(
    committed: str, mail_server: MailServer
) -> None:
    lead = build.member(build.engagement(), "Alice")

    def render(payload: email_types.Payload) -> Mail:
        with scope(payload["engagement"]):
            return Mail(subject=Membership.objects.get(pk=payload["member"]).name, text="-")

    email_types.register("scoped", render=render)
    post("alice", kind="scoped", payload={"engagement": lead.engagement_id, "member": lead.pk})

    assert deliver_due() == Delivered(sent=1)
    assert mail_server.messages[0]["Subject"] == "Alice"


def test_a_message_whose_cause_is_gone_is_cancelled(
    committed: str, mail_server: MailServer
) -> None:
    email_types.register("asked", render=unwritten, still_holds=lambda payload: False)
    message_id = post("alice", kind="asked")

    assert deliver_due() == Delivered(cancelled=1)

    message = stored(message_id)
    assert message.cancelled_at
    assert (message.sent_at, message.claim_token) == (None, None)
    assert mail_server.messages == []


@pytest.mark.parametrize("holds", [True, False], ids=["sent", "cancelled"])
def test_a_secret_is_forgotten_once_it_has_done_its_work(
    committed: str, mail_server: MailServer, *, holds: bool
) -> None:
    email_types.register(
        "code",
        render=lambda payload: Mail(subject="Your code", text=payload["code"]),
        still_holds=lambda payload: holds,
        forget=True,
    )
    message_id = post("alice", kind="code", payload={"code": "TH2-K9P"})

    deliver_due()

    assert stored(message_id).payload == {}


def test_what_is_no_secret_stays(committed: str, mail_server: MailServer) -> None:
    message_id = post("alice")

    deliver_due()

    assert stored(message_id).payload == {"name": "alice"}


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("Eve\r\nBcc: all@example.test", "Hello Eve Bcc: all@example.test"),
        ("Eve\u2028\x0b\x85\x00Smith", "Hello Eve Smith"),
        ("Zoë — ünïcode", "Hello Zoë — ünïcode"),
        ("and again " * 20, f"Hello {'and again ' * 11}and…"),
    ],
    ids=["new header", "odd line ends", "unicode", "too long"],
)
def test_a_name_in_the_subject_stays_in_the_subject(
    committed: str, mail_server: MailServer, name: str, subject: str
) -> None:
    email_types.register("named", render=lambda _: Mail(subject=f"Hello {name}", text="-"))
    post("alice", kind="named")

    assert deliver_due() == Delivered(sent=1)
    (mail,) = mail_server.messages
    assert mail["Subject"].strip() == subject
    assert "Bcc" not in mail
