from __future__ import annotations

import datetime as dt
import re

import time_machine
from django.test import Client
from django.utils import timezone

from accounts.commands import disable_user
from accounts.models import User
from mail.delivery import Delivered, deliver_due
from mail.models import OutboxMessage, Priority
from tests import build
from tests.accounts.signing_in import CODE, CONFIRM, code_for, is_signed_in
from tests.smtp import MailServer, mail_server, text_of

__all__ = ["mail_server"]


def test_a_code_signs_in_somebody_without_a_password(client: Client, db: None) -> None:
    bob = User.objects.create_user(email="bob@example.test", name="Bob")

    assert client.post(CODE, {"email": bob.email})["Location"] == CONFIRM
    answer = client.post(CONFIRM, {"code": code_for(bob), "next": "/profile/"})

    assert answer["Location"] == "/profile/"
    assert is_signed_in(client)


def test_a_code_works_once(client: Client, alice: User) -> None:
    client.post(CODE, {"email": alice.email})
    code = code_for(alice)
    client.post(CONFIRM, {"code": code})
    client.post("/accounts/logout/")

    client.post(CONFIRM, {"code": code})

    assert not is_signed_in(client)


def test_a_code_runs_out_after_five_minutes(client: Client, alice: User) -> None:
    client.post(CODE, {"email": alice.email})

    with time_machine.travel(timezone.now() + dt.timedelta(seconds=301)):
        client.post(CONFIRM, {"code": code_for(alice)})
        assert not is_signed_in(client)


def test_three_wrong_codes_end_the_try(client: Client, alice: User) -> None:
    client.post(CODE, {"email": alice.email})
    code = code_for(alice)
    for _ in range(3):
        client.post(CONFIRM, {"code": "000000"})

    client.post(CONFIRM, {"code": code})

    assert not is_signed_in(client)


def test_asking_for_many_codes_is_stopped_with_a_page(client: Client, alice: User) -> None:
    answers = [Client().post(CODE, {"email": alice.email}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]


def test_a_code_in_hand_is_of_no_use_to_somebody_disabled_meanwhile(
    client: Client, alice: User
) -> None:
    client.post(CODE, {"email": alice.email})
    disable_user(user=alice)

    client.post(CONFIRM, {"code": code_for(alice)})

    assert not is_signed_in(client)


def test_the_worker_mails_the_code_and_forgets_it(
    client: Client, committed: str, mail_server: MailServer
) -> None:
    build.user("Alice")
    client.post(CODE, {"email": "alice@example.test"})

    assert deliver_due() == Delivered(sent=1)

    (mail,) = mail_server.messages
    assert (mail["To"], mail["Subject"]) == ("alice@example.test", "Your sign-in code")
    code = re.search(r"^    (\S+)", text_of(mail), re.MULTILINE)
    assert code
    client.post(CONFIRM, {"code": code[1]})
    assert is_signed_in(client)
    message = OutboxMessage.objects.using("sweep").get()
    assert (message.payload, message.priority) == ({}, Priority.AWAITED)


def test_a_code_that_ran_out_is_not_mailed(
    client: Client, committed: str, mail_server: MailServer
) -> None:
    build.user("Alice")
    client.post(CODE, {"email": "alice@example.test"})

    with time_machine.travel(timezone.now() + dt.timedelta(minutes=6)):
        assert deliver_due() == Delivered(cancelled=1)

    assert mail_server.messages == []
    assert OutboxMessage.objects.using("sweep").get().payload == {}
