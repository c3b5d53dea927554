from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from engagements.models import Membership
from mail import delivery, email_types
from mail.delivery import Delivered, deliver_due
from mail.email_types import Mail
from mail.models import Priority
from tenancy.scoping import scope
from tests import build
from tests.mail.conftest import post, stored, unwritten
from tests.smtp import MailServer

pytestmark = pytest.mark.usefixtures("committed")


def test_it_sends_what_is_due_once(mail_server: MailServer, settings: Settings) -> None:
    settings.SITE_URL = "https://okr.example.test:8443"
    message_id = post("alice")

    assert [deliver_due(), deliver_due()] == [Delivered(sent=1), Delivered()]

    (mail,) = mail_server.messages
    assert (mail["To"], mail["Subject"]) == ("alice@example.test", "Hello alice")
    assert mail.get_content().strip() == "Your week is open."
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<{message_id}@okr.example.test>"
    assert stored(message_id).sent_at
    assert stored(message_id).payload == {"name": "alice"}


def test_it_waits_until_a_message_is_due(mail_server: MailServer) -> None:
    monday = timezone.now() + dt.timedelta(days=3)
    post("alice", due_at=monday)

    assert deliver_due() == Delivered()
    assert deliver_due(now=monday) == Delivered(sent=1)


def test_it_goes_on_until_nothing_is_due_on_one_connection_a_batch(mail_server: MailServer) -> None:
    for number in range(7):
        post(f"person{number}")

    assert deliver_due(limit=3) == Delivered(sent=7)
    assert len(set(mail_server.recipients)) == 7
    assert mail_server.connections == 3


def test_what_is_awaited_overtakes_all_that_was_due_before(mail_server: MailServer) -> None:
    now = timezone.now()
    for minutes, (name, priority) in enumerate(
        [("daily", Priority.USUAL), ("urgent", Priority.URGENT), ("code", Priority.AWAITED)]
    ):
        post(name, priority=priority, due_at=now + dt.timedelta(minutes=minutes))

    deliver_due(now=now + dt.timedelta(hours=1), limit=2)

    assert [one.split("@")[0] for one in mail_server.recipients] == ["code", "urgent", "daily"]


def test_it_renders_behind_the_walls_in_the_scope_its_kind_opens(mail_server: MailServer) -> None:
    lead = build.member(build.engagement(), "Alice")

    def render(payload: email_types.Payload) -> Mail:
        with scope(payload["engagement"]):
            return Mail(subject=Membership.objects.get(pk=payload["member"]).name, text="-")

    email_types.register("scoped", render=render)
    post("alice", kind="scoped", payload={"engagement": lead.engagement_id, "member": lead.pk})

    assert deliver_due() == Delivered(sent=1)
    assert mail_server.messages[0]["Subject"] == "Alice"


def test_a_name_in_the_subject_stays_in_the_subject(mail_server: MailServer) -> None:
    subjects = {
        "Eve\r\nBcc: all@example.test": "Hello Eve Bcc: all@example.test",
        "Eve\u2028\x0b\x85\x00Smith": "Hello Eve Smith",
        "Zoë — ünïcode": "Hello Zoë — ünïcode",
        "and again " * 20: f"Hello {'and again ' * 11}and…",
    }
    names = iter(subjects)
    email_types.register("named", render=lambda _: Mail(subject=f"Hello {next(names)}", text="-"))
    for number in range(len(subjects)):
        post(f"person{number}", kind="named")

    assert deliver_due() == Delivered(sent=4)
    assert [mail["Subject"].strip() for mail in mail_server.messages] == list(subjects.values())
    assert not any("Bcc" in mail for mail in mail_server.messages)


def raises(error: Exception) -> Callable[[email_types.Payload], Mail]:
    def render(payload: email_types.Payload) -> Mail:
        raise error

    return render


def test_what_lost_its_cause_or_was_sent_before_is_not_sent(mail_server: MailServer) -> None:
    email_types.register("causeless", render=unwritten, still_holds=lambda payload: False)
    email_types.register("empty", render=lambda payload: None)
    email_types.register("sent", render=raises(email_types.SentBefore()))
    ids = [post("alice", kind=kind) for kind in ("causeless", "empty", "sent")]

    assert deliver_due() == Delivered(sent=1, cancelled=2)

    messages = [stored(message_id) for message_id in ids]
    assert [bool(one.cancelled_at) for one in messages] == [True, True, False]
    assert [bool(one.sent_at) for one in messages] == [False, False, True]
    assert {one.claim_token for one in messages} == {None}
    assert mail_server.messages == []


def test_a_secret_is_forgotten_with_the_end_of_its_message(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MAX_ATTEMPTS", 1)
    mail_server.refused.add("dead@example.test")
    email_types.register(
        "code",
        render=lambda payload: Mail(subject="Your code", text=payload["code"]),
        still_holds=lambda payload: payload["name"] != "cancelled",
        forget=True,
    )
    ends = ("sent", "cancelled", "dead")
    ids = [post(end, kind="code", payload={"code": "TH2-K9P"}) for end in ends]

    assert deliver_due() == Delivered(sent=1, cancelled=1, dead=1)
    assert [stored(message_id).payload for message_id in ids] == [{}, {}, {}]


def test_html_and_headers_go_along_and_replace_no_header_of_ours(mail_server: MailServer) -> None:
    more = {"List-Unsubscribe": "<https://okr.example.test/stop>", "Message-ID": "<forged@x>"}
    rich = Mail(subject="Hi", text="plain", html="<p>rich</p>", headers=more)
    email_types.register("rich", render=lambda _: rich)
    message_id = post("alice", kind="rich")

    deliver_due()

    (mail,) = mail_server.messages
    parts = [part.get_content_type() for part in mail.iter_parts()]
    assert parts == ["text/plain", "text/html"]
    assert mail["List-Unsubscribe"] == "<https://okr.example.test/stop>"
    assert mail["Message-ID"] == f"<{message_id}@localhost>"


def test_a_message_may_wait_for_a_time_that_suits_its_recipient(mail_server: MailServer) -> None:
    now = timezone.now()
    monday = now + dt.timedelta(days=3)
    email_types.register("shy", render=raises(email_types.NotNow(monday)))
    message_id = post("alice", kind="shy", due_at=now)

    assert deliver_due(now=now) == Delivered(put_off=1)
    assert (stored(message_id).due_at, stored(message_id).attempts) == (monday, 0)


def test_a_kind_has_one_owner() -> None:
    with pytest.raises(ValueError, match="registered already"):
        email_types.register("greeting", render=unwritten)
