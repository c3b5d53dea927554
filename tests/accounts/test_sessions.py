from __future__ import annotations

import pytest
import redis
from django.test import Client
from pytest_django.fixtures import Settings

from tests import build


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
