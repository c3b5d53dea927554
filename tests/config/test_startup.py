from __future__ import annotations

import runpy
from typing import Any

import pytest
from celery.signals import beat_init, worker_init
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections

from config.startup import refuse_unsafe_start
from demo.story import PASSWORD
from tests import build
from tests.databases import ROLES, switch


@pytest.fixture(autouse=True)
def production(settings: Any) -> None:
    settings.DEMO = False


def test_it_starts_as_the_application_with_a_secret_of_its_own(committed: str) -> None:
    build.user("Alice", email="alice@demo.test")  # with another password

    refuse_unsafe_start()

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("plumbline_app",)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "plumbline-development-key-never-for-production"),
        ("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend"),
    ],
)
def test_it_refuses_default_secrets_and_email_to_logs(settings: Any, name: str, value: str) -> None:
    setattr(settings, name, value)

    with pytest.raises(ImproperlyConfigured, match=name.replace("BACKEND", "URL")):
        refuse_unsafe_start()


@pytest.mark.django_db
def test_only_the_demo_starts_with_the_demo_password(settings: Any) -> None:
    build.UserFactory.create(email="lead@demo.test", password=PASSWORD)
    with pytest.raises(ImproperlyConfigured, match=r"lead@demo\.test"):
        refuse_unsafe_start()

    settings.DEMO = True
    refuse_unsafe_start()


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("demo", ["0", "1"])
def test_only_a_demo_on_http_has_cookies_that_safari_keeps_there(
    monkeypatch: pytest.MonkeyPatch, demo: str, scheme: str
) -> None:
    monkeypatch.setenv("PLUMBLINE_DEMO", demo)
    monkeypatch.setenv("SITE_URL", f"{scheme}://localhost:8000")
    read = runpy.run_path("config/settings.py")
    plain = (demo, scheme) == ("1", "http")
    assert read["DEVICE_COOKIE_NAME"] == ("plumbline-device" if plain else "__Host-device")
    assert read["SESSION_COOKIE_SECURE"] is read["CSRF_COOKIE_SECURE"] is not plain


def test_worker_and_beat_refuse_too(settings: Any) -> None:
    settings.SECRET_KEY = "short"

    for ready in (worker_init, beat_init):
        with pytest.raises(SystemExit, match="SECRET_KEY"):
            ready.send(sender=None)


def test_it_refuses_a_role_that_owns_tables_or_bypasses_the_walls(committed: str) -> None:
    switch(role=ROLES["owner"])

    with pytest.raises(ImproperlyConfigured, match="row level security"):
        refuse_unsafe_start()


@pytest.mark.parametrize(
    ("table", "privilege"), [("checkins_checkin", "DELETE"), ("decisions_decisionhead", "INSERT")]
)
def test_it_refuses_a_role_that_may_change_append_only_tables(
    committed: str, table: str, privilege: str
) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"GRANT {privilege} ON {table} TO plumbline_app")

    with pytest.raises(ImproperlyConfigured, match=rf"{table}\..*manage\.py migrate"):
        refuse_unsafe_start()
