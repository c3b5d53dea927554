"""Valkey is killed with SIGKILL and forgets all it held, while a worker and beat are at work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.db import transaction
from django.test import Client
from pytest_django.fixtures import Settings

from config.celery import app
from engagements.models import Membership
from tests import build, faults
from tests.broker import celery_url, ring_at
from tests.browser.servers import running
from tests.mail.conftest import post
from tests.mail.reaper import Reaper, reaping
from tests.own_servers import Server, own_valkey
from tests.processes import beat, environment, eventually, worker

pytestmark = pytest.mark.slow

KINDS = "tests.mail.fault_kinds"
QUICK = "tests.mail.quick"


@pytest.fixture
def lead(committed: str, client: Client) -> Membership:
    return build.sign_in(client, build.engagement())


@pytest.fixture
def valkey(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Server]:
    """Cache and doorbell of this test, for its own pages too."""
    with own_valkey(forgetful=True) as (server, url):
        ring_at(monkeypatch, celery_url(url))
        settings.REDIS_URL = url
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": url}}
        yield server


def posted(prefix: str, *, count: int) -> set[str]:
    names = [f"{prefix}{number}" for number in range(count)]
    with transaction.atomic():
        for name in names:
            post(name)
    return {f"{name}@example.test" for name in names}


def invited(client: Client, name: str) -> set[str]:
    """Who is invited on a page while no broker answers; the page does."""
    email = f"{name}@example.test"
    values = {"name": name, "email": email, "role": "viewer"}
    assert client.post("/e/northwind/members/invite/", values).status_code == 302
    return {email}


def test_a_broker_killed_at_work_loses_nothing(
    lead: Membership, valkey: Server, client: Client, tmp_path: Path
) -> None:
    log = tmp_path / "worker"
    with ExitStack() as stack:
        mail = stack.enter_context(reaping(pace=0.02))
        told = environment(
            bell=configured.REDIS_URL, mail_port=mail.port, DJANGO_SETTINGS_MODULE=QUICK
        )
        hearing = stack.enter_context(running(worker(knows=KINDS), told, log=log))
        # The first time nothing but one ring is in the worker's hands, and it listens for more.
        recipients = killed_at_work("alone", valkey, mail=mail, client=client)
        with running(beat(tmp_path / "schedule"), told, log=tmp_path / "beat") as ringing:
            for occasion in ("again", "once-more"):
                recipients |= killed_at_work(occasion, valkey, mail=mail, client=client)
            arrived = eventually(lambda: not mail.lost(recipients))
            assert (hearing.poll(), ringing.poll()) == (None, None), log.read_text()[-3000:]
        lost, doubled = mail.lost(recipients), mail.doubled
        faults.report("valkey-kill-9", injected=3, lost=lost, dup=doubled)
        assert (arrived, lost, doubled) == (True, 0, 0), log.read_text()[-3000:]

        # Beat has ended: what arrives now, the worker heard by the bell alone.
        last = posted("last", count=1)
        assert eventually(lambda: not mail.lost(last))
        assert lost_by_the_queue_alone(valkey, mail=mail) > 0
        assert hearing.poll() is None


def killed_at_work(occasion: str, valkey: Server, *, mail: Reaper, client: Client) -> set[str]:
    """All who are to get mail: some was posted while Valkey was there, some while it was not."""
    seen = mail.seen
    recipients = posted(f"before-{occasion}", count=20)
    assert eventually(lambda: mail.seen > seen + 3), "nobody delivers"
    valkey.kill()
    recipients |= posted(f"without-{occasion}", count=5)
    recipients |= invited(client, f"invited-{occasion}")
    valkey.start()
    return recipients


def lost_by_the_queue_alone(valkey: Server, *, mail: Reaper) -> int:
    """How many of forty messages the broker loses that no row knows of."""
    names = [f"alone{number}" for number in range(40)]
    for name in names:
        app.send_task(f"{KINDS}.greet_alone", [name])
    valkey.kill()
    valkey.start()
    after = posted("after", count=1)
    assert eventually(lambda: not mail.lost(after))
    return mail.lost({f"{name}@example.test" for name in names})
