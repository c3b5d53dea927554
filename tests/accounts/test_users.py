from __future__ import annotations

import datetime as dt

import pytest
import redis
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import is_quiet
from tests import build


def clock(text: str) -> dt.time:
    return dt.time.fromisoformat(text)


@pytest.mark.parametrize(
    ("since", "until", "at", "quiet"),
    [
        ("20:00", "07:00", "19:59", False),
        ("20:00", "07:00", "20:00", True),
        ("20:00", "07:00", "23:59", True),
        ("20:00", "07:00", "00:00", True),
        ("20:00", "07:00", "06:59", True),
        ("20:00", "07:00", "07:00", False),
        ("12:00", "14:00", "13:00", True),
        ("12:00", "14:00", "14:00", False),
        ("12:00", "14:00", "20:00", False),
        ("00:00", "08:00", "00:00", True),
        ("20:00", "00:00", "23:00", True),
        ("20:00", "00:00", "00:00", False),
        ("09:00", "09:00", "09:00", False),
    ],
)
def test_a_time_is_quiet_from_the_first_minute_to_before_the_last(
    since: str, until: str, at: str, quiet: bool
) -> None:
    assert is_quiet(clock(at), since=clock(since), until=clock(until)) is quiet


def without_cache(settings: Settings) -> None:
    backend = settings.CACHES["default"]["BACKEND"]
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:1/0"}}


@pytest.mark.django_db
def test_people_stay_signed_in_while_the_cache_does_not_answer(
    client: Client, settings: Settings
) -> None:
    build.sign_in(client, build.engagement())
    without_cache(settings)

    assert client.get("/profile/").status_code == 200


@pytest.mark.django_db
def test_nobody_is_signed_in_by_a_cache_that_does_not_answer(
    client: Client, settings: Settings
) -> None:
    without_cache(settings)
    client.cookies[settings.SESSION_COOKIE_NAME] = "0" * 32

    assert client.get("/profile/").status_code == 302


@pytest.mark.django_db
def test_a_session_that_cannot_leave_the_cache_is_not_said_to_have_ended(
    client: Client, settings: Settings
) -> None:
    build.sign_in(client, build.engagement())
    without_cache(settings)

    with pytest.raises(redis.ConnectionError):
        client.post("/accounts/logout/")
