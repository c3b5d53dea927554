"""The start commands over the system's PostgreSQL and Redis, from an empty server to the end."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from email.utils import parseaddr

import psycopg
import pytest

from tests.deployment.installation import Installation, run
from tests.deployment.servers import Cluster
from tests.processes import eventually
from tests.smtp import text_of

pytestmark = pytest.mark.deployment

LEAD, PASSWORD = "lead@okr.example.com", "a-long-enough-password"
LOGIN = "/accounts/login/"


@pytest.fixture(scope="module", autouse=True)
def lead(installation: Installation) -> None:
    """The first lead, made by the operator with what pages are told."""
    command = ["manage.py", "create_lead", LEAD, "--client", "First & Sons", "--password"]
    said = run(*command, told=installation.environment, typed=PASSWORD)
    assert said == f"First & Sons is open. {LEAD} signs in as its lead.\n"


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_the_probe_of_each_finds_it_well(installation: Installation, name: str) -> None:
    def well() -> bool:
        run("-m", "config.probe", name, told=installation.environment)
        return True

    assert eventually(lambda: "ready." in installation.log("worker"))
    assert well()


def test_beat_rings_and_the_worker_sweeps_so_that_all_is_ready(installation: Installation) -> None:
    def ready() -> dict[str, object]:
        answer = installation.visitor(proxied=False).get("/healthz/ready")
        return dict(json.loads(answer.text), code=answer.status)

    assert eventually(lambda: ready()["sweep_seconds"] is not None), installation.log("worker")
    answer = ready()
    good = ("code", "status", "database", "broker", "sweep", "mail")
    assert [answer[name] for name in good] == [200, "ok", True, True, True, True]


def test_a_request_that_no_proxy_vouches_for_goes_to_https(installation: Installation) -> None:
    answer = installation.visitor(proxied=False).get(LOGIN)

    assert (answer.status, answer.headers["Location"]) == (301, f"https://okr.example.com{LOGIN}")


def test_static_files_are_those_that_were_collected(installation: Installation) -> None:
    visitor = installation.visitor()
    sheet = re.search(r'href="(/static/[\w/.-]+\.css)"', visitor.get(LOGIN).text)
    assert sheet

    answer = visitor.get(sheet[1])

    assert (answer.status, "immutable" in answer.headers["Cache-Control"]) == (200, True)


def test_the_lead_signs_in_behind_the_proxy(installation: Installation) -> None:
    visitor = installation.visitor()

    answer = visitor.post(LOGIN, login=LEAD, password=PASSWORD)

    assert (answer.status, answer.headers["Location"]) == (302, "/")
    assert "Secure" in next(
        line for line in answer.headers.get_all("Set-Cookie", []) if "__Host-session" in line
    )
    assert "First &amp; Sons" in visitor.get("/").text


def test_the_worker_mails_a_code(installation: Installation) -> None:
    installation.visitor().post("/accounts/login/code/", email=LEAD)

    assert eventually(lambda: installation.mail.recipients), installation.log("worker")
    (mail,) = installation.mail.messages
    assert [parseaddr(mail[name])[1] for name in ("From", "To")] == ["okr@example.com", LEAD]
    assert re.search(r"^    \S{6,}$", text_of(mail), re.M)


def test_it_neither_knows_nor_needs_the_owner(installation: Installation, cluster: Cluster) -> None:
    with psycopg.connect(cluster.admin, dbname="plumbline") as administrator:
        rows = administrator.execute(
            "SELECT DISTINCT usename FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
        ).fetchall()

    users = {user for (user,) in rows} - {"postgres"}
    assert "plumbline_app" in users
    assert users <= {"plumbline_app", "plumbline_sweep"}


def test_asked_to_end_the_web_first_answers_what_is_under_way(
    installation: Installation, cluster: Cluster
) -> None:
    visitor = installation.visitor()
    with psycopg.connect(cluster.url("plumbline_owner")) as owner, ThreadPoolExecutor() as pool:
        visitor.get(LOGIN)
        owner.execute("LOCK TABLE accounts_user")
        signing_in = pool.submit(visitor.post, LOGIN, login=LEAD, password=PASSWORD)
        assert eventually(lambda: waits(cluster))
        ended = pool.submit(installation.end, "web")
        assert eventually(lambda: "Handling signal: term" in installation.log("web"))
        owner.rollback()

        assert signing_in.result().status == 302
        assert ended.result() == 0


def waits(cluster: Cluster) -> bool:
    with psycopg.connect(cluster.admin) as administrator:
        rows = administrator.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchall()
    return bool(rows)


@pytest.mark.parametrize("name", ["beat", "worker"])
def test_asked_to_end_worker_and_beat_do_so_by_themselves(
    installation: Installation, name: str
) -> None:
    assert installation.end(name) == 0, installation.log(name)
