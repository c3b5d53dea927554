from __future__ import annotations

from typing import Any

import pytest
from django.test import Client


def test_live_answers_without_a_database(client: Client) -> None:
    assert client.get("/healthz/live").json() == {"status": "ok"}


@pytest.mark.django_db
def test_ready_says_that_database_and_broker_answer(client: Client) -> None:
    answer = client.get("/healthz/ready")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": True, "broker": True}


@pytest.mark.django_db
def test_ready_names_what_does_not_answer(client: Client, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    answer = client.get("/healthz/ready")

    assert answer.status_code == 503
    assert answer.json() == {"status": "failing", "database": True, "broker": False}
