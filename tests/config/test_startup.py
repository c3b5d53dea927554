from __future__ import annotations

from typing import Any

import pytest
from celery.signals import beat_init, worker_init
from django.core.exceptions import ImproperlyConfigured

from accounts.models import User
from config.startup import refuse_unsafe_start
from demo.story import PASSWORD
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def production(settings: Any) -> None:
    settings.DEMO = False


def test_it_starts_with_a_secret_of_its_own_and_no_demo_people() -> None:
    refuse_unsafe_start()


@pytest.mark.parametrize("secret", ["", "short", None])
def test_it_refuses_a_default_or_short_secret(settings: Any, secret: str | None) -> None:
    settings.SECRET_KEY = settings.DEFAULT_SECRET if secret is None else secret

    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        refuse_unsafe_start()


def test_it_refuses_the_demo_password() -> None:
    User.objects.create_user(email="lead@demo.test", password=PASSWORD)

    with pytest.raises(ImproperlyConfigured, match=r"lead@demo\.test"):
        refuse_unsafe_start()


def test_the_demo_starts_with_its_own_people(settings: Any) -> None:
    settings.DEMO = True
    User.objects.create_user(email="lead@demo.test", password=PASSWORD)

    refuse_unsafe_start()


def test_other_people_of_the_demo_domain_are_no_concern() -> None:
    build.user("Alice", email="alice@demo.test")

    refuse_unsafe_start()


def test_it_refuses_to_print_mail(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        refuse_unsafe_start()


def test_worker_and_beat_refuse_too(settings: Any) -> None:
    settings.SECRET_KEY = "short"

    for ready in (worker_init, beat_init):
        with pytest.raises(SystemExit, match="SECRET_KEY"):
            ready.send(sender=None)
