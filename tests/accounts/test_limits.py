from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import redis
import time_machine
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from accounts import limits
from accounts.limits import PASSWORDS, Limit, count, network_of
from accounts.models import User
from accounts.sign_in import limited
from engagements.commands.engagements import create_engagement
from engagements.commands.invitations import invite_member, send_invitation
from engagements.commands.profiles import ask_for_address
from engagements.models import Membership
from tenancy.scoping import scope
from tests import build
from tests.accounts.signing_in import CODE, LOGIN, RESET, is_signed_in, typed
from tests.query_counts import queries_of

STRANGER, ELSEWHERE = "198.51.100.7", "203.0.113.9"
NOW = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)
WRONG = typed(password="not-the-password")
EMAIL = {"email": "alice@example.test"}


@pytest.fixture(autouse=True)
def one_window() -> Any:
    """No window ends in the middle of a test."""
    with time_machine.travel(NOW, tick=False):
        yield


def use_up(limit: Limit, *subject: object, left: int = 0) -> None:
    count(limit, *subject, by=limit.amount - left)


@pytest.mark.parametrize(
    ("path", "guess", "form", "answers"),
    [
        pytest.param(LOGIN, WRONG, typed(), [200] * 5 + [429], id="password"),
        pytest.param(CODE, EMAIL, EMAIL, [302] * 3 + [429], id="code"),
        pytest.param(RESET, EMAIL, EMAIL, [302] * 3 + [429], id="link"),
    ],
)
@pytest.mark.usefixtures("alice")
def test_a_stranger_does_not_use_up_the_tries_of_the_owner(
    client: Client, path: str, guess: Any, form: Any, answers: list[int]
) -> None:
    guesses = [Client().post(path, guess, REMOTE_ADDR=STRANGER).status_code for _ in answers]

    assert guesses == answers
    assert Client().post(path, form, REMOTE_ADDR=STRANGER).status_code == 429
    assert client.post(path, form).status_code == 302


def test_an_owner_signs_in_on_a_known_device_if_all_is_used_up(client: Client, alice: User) -> None:
    client.post(LOGIN, typed())
    client.post("/accounts/logout/")
    use_up(PASSWORDS.network, "127.0.0.1")
    use_up(PASSWORDS.account_from_network, alice.email, "127.0.0.1")
    use_up(PASSWORDS.account, alice.email)

    on_a_new_device = Client().post(LOGIN, typed(), REMOTE_ADDR=ELSEWHERE)
    client.post(LOGIN, typed())

    assert on_a_new_device.status_code == 429
    assert is_signed_in(client)


def test_a_known_device_has_a_limit_too(client: Client, alice: User) -> None:
    client.post(LOGIN, typed())
    client.post("/accounts/logout/")

    guesses = [client.post(LOGIN, WRONG).status_code for _ in range(11)]

    assert guesses == [200] * 10 + [429]


def test_a_device_is_known_for_its_account_and_hides_its_name(client: Client, alice: User) -> None:
    bob = build.user("Bob")
    client.post(LOGIN, typed())
    client.post("/accounts/logout/")
    cookie = client.cookies[settings.DEVICE_COOKIE_NAME]
    use_up(PASSWORDS.account, bob.email)

    answer = client.post(LOGIN, typed(bob.email))
    client.cookies[settings.DEVICE_COOKIE_NAME] = cookie.value + "x"
    use_up(PASSWORDS.account, alice.email)

    assert answer.status_code == client.post(LOGIN, typed()).status_code == 429
    assert (cookie["secure"], cookie["httponly"], cookie["path"]) == (True, True, "/")
    assert alice.email not in cookie.value


def test_tries_that_a_network_may_not_make_leave_the_account_alone(alice: User) -> None:
    for _ in range(7):
        Client().post(LOGIN, WRONG, REMOTE_ADDR=STRANGER)
    unknown = [
        Client().post(LOGIN, typed(f"{number}@example.test"), REMOTE_ADDR=ELSEWHERE).status_code
        for number in range(11)
    ]

    assert count(PASSWORDS.account, alice.email, by=0) == 5
    assert unknown == [200] * 10 + [429]


def test_signing_in_does_not_count_as_a_guess(alice: User) -> None:
    use_up(PASSWORDS.network, "127.0.0.1", left=1)
    use_up(PASSWORDS.account_from_network, alice.email, "127.0.0.1", left=1)
    use_up(PASSWORDS.account, alice.email, left=1)

    for visitor in (Client(), Client()):
        visitor.post(LOGIN, typed())
        assert is_signed_in(visitor)


def test_fifty_guesses_at_once_count_as_fifty() -> None:
    barrier, seen = Barrier(50), []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    guarded = limited(view, lambda _: [(PASSWORDS.account_from_network, ("alice",))])

    def guess(_: int) -> None:
        request = RequestFactory().post(LOGIN, WRONG, REMOTE_ADDR=STRANGER)
        request.user = AnonymousUser()
        barrier.wait()
        guarded(request)

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(guess, range(50)))

    assert len(seen) == PASSWORDS.account_from_network.amount
    assert count(PASSWORDS.account_from_network, "alice", by=0) == 50


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "network"),
    [
        (1, "10.0.0.1", "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        (1, "192.0.2.1", "203.0.113.9", "192.0.2.1"),
        pytest.param(1, "10.0.0.1", "unknown", "10.0.0.1", id="no-address"),
        pytest.param(1, "10.0.0.1", "203.0.113.9:4711", "203.0.113.9", id="with-a-port"),
        pytest.param(1, "10.0.0.1", "[2001:db8::4]:4711", "2001:db8::/64", id="v6-with-a-port"),
        pytest.param(1, "10.0.0.1", "2001:db8::4", "2001:db8::/64", id="v6"),
        (1, "2001:db8:1:2:3::4", "", "2001:db8:1:2::/64"),
        (1, "::ffff:192.0.2.1", "", "192.0.2.1"),
        pytest.param(2, "10.0.0.1", "203.0.113.9", "10.0.0.1", id="passed-too-few-proxies"),
    ],
)
def test_a_network_is_the_address_that_the_proxies_saw(
    settings: Settings, proxies: int, peer: str, forwarded: str, network: str
) -> None:
    settings.TRUSTED_PROXIES, settings.ALLAUTH_TRUSTED_PROXY_COUNT = ["10.0.0.0/8"], proxies
    limits.is_proxy.cache_clear()
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    assert network_of(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers)) == network
    limits.is_proxy.cache_clear()


@pytest.mark.parametrize("error", [redis.ConnectionError(), OSError(9, "Bad file descriptor")])
def test_readers_pass_if_nothing_counts(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def gone() -> redis.Redis:
        raise error

    monkeypatch.setattr(limits, "counters", gone)

    assert not limits.is_exceeded(limits.SHARE_LINK_READS, "192.0.2.1")


class CountingHasher(MD5PasswordHasher):
    """Counts what takes time."""

    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.hashed += 1
        return super().encode(password, salt)


@pytest.mark.parametrize(("path", "field"), [(LOGIN, "login"), (CODE, "email"), (RESET, "email")])
def test_addresses_cost_the_same(alice: User, settings: Settings, path: str, field: str) -> None:
    settings.PASSWORD_HASHERS = ["tests.accounts.test_limits.CountingHasher"]
    build.user("Coder", email="coder@example.test").set_unusable_password()
    work = {}
    for name in ("alice", "coder", "nobody"):
        form = {field: f"{name}@example.test", "password": "not-the-password"}
        CountingHasher.hashed = 0
        statements = [
            " ".join(statement.split()[:4])
            for statement in queries_of(lambda form=form: Client().post(path, form))  # type: ignore[misc]
        ]
        work[name] = (CountingHasher.hashed, statements)

    assert work["alice"] == work["coder"] == work["nobody"]
    assert work["nobody"][0] == (1 if path == LOGIN else 0)


def invite(by: Membership, name: str) -> None:
    person = {"email": f"{name}@example.test", "name": name, "role": "viewer"}
    invite_member(engagement=by.engagement, by=by, **person, now=NOW)


@pytest.mark.parametrize(
    ("limit", "act"),
    [
        (limits.INVITATIONS, invite),
        (limits.SHARE_LINKS, lambda by, name: build.share(by, label=name, now=NOW)),
        (limits.ENGAGEMENTS, lambda by, name: create_engagement(by_user=by.user, client_name=name)),
        (limits.ADDRESSES, lambda by, name: ask_for_address(user=by.user, email=f"{name}@x.test")),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_person_does_each_of_these_so_many_times_a_day(
    db: None, limit: Limit, act: Callable[[Membership, str], None]
) -> None:
    lead = build.member(build.engagement())
    count(limit, lead.user_id, by=limit.amount - 1)
    with scope(lead.engagement_id):
        act(lead, "first")
        with pytest.raises(ValidationError) as refused:
            act(lead, "second")

    assert refused.value.messages == [limit.refusal]


def test_an_invitation_is_sent_three_times_a_day(db: None) -> None:
    lead = build.member(build.engagement())
    member = build.member(lead.engagement, "Nina", user=None)
    with scope(lead.engagement_id):
        for _ in range(3):
            send_invitation(membership=member, by=lead, now=NOW)
        with pytest.raises(ValidationError) as refused:
            send_invitation(membership=member, by=lead, now=NOW)

    assert refused.value.messages == [limits.INVITATION.refusal.format(name="Nina")]


@pytest.mark.parametrize("path", ["/e/northwind/members/invite/", "/profile/"])
def test_a_person_sends_so_many_forms(client: Client, db: None, path: str) -> None:
    lead = build.sign_in(client, build.engagement())
    use_up(limits.POSTS, lead.user_id)

    answer = client.post(path, {})

    assert (answer.status_code, "Wait 5 minutes" in answer.text) == (429, True)
    assert client.get("/profile/").status_code == 200
