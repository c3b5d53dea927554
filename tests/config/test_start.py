from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config import probe, start
from config.embedded import ROOT


def run(name: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A start with nothing in the environment but this."""
    return subprocess.run(
        [sys.executable, "-m", "config.start", name],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "given", "missing"),
    [
        ("web", ["DATABASE_URL"], "SECRET_KEY, DATABASE_SWEEP_URL, REDIS_URL, EMAIL_URL"),
        ("migrate", start.OWNED[:2], "DATABASE_OWNER_URL"),
    ],
)
def test_it_names_every_variable_that_is_missing(name: str, given: list[str], missing: str) -> None:
    ended = run(name, **dict.fromkeys(given, "postgres://db/plumbline"), SECRET_KEY="")

    explained = f"To start {name}, set {missing}. docs/settings.md says to what.\n"
    assert (ended.returncode, ended.stderr) == (1, explained)


def test_roles_that_cannot_be_made_stop_the_migrations() -> None:
    roles = {"DATABASE_URL": "app", "DATABASE_SWEEP_URL": "sweep", "DATABASE_OWNER_URL": "owner"}
    told = {name: f"postgres://plumbline_{role}@db/plumbline" for name, role in roles.items()}

    ended = run("migrate", **told, DATABASE_ADMIN_URL="postgres://admin@127.0.0.1:1/postgres")

    assert ended.returncode == 1
    assert ended.stderr.startswith("CommandError: The administrator cannot sign in: ")


def test_sizes_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "6")
    monkeypatch.setenv("WEB_THREADS", "8")
    monkeypatch.setenv("WORKER_CONCURRENCY", "3")

    web = " ".join(start.web(bind="127.0.0.1:8000", grace=30))

    assert "--workers 6" in web
    assert "--threads 8" in web
    assert "--concurrency 3" in " ".join(start.worker())


@pytest.mark.parametrize(
    ("variables", "trusted"),
    [
        ({}, ""),
        ({"TRUSTED_PROXY_COUNT": "1"}, "127.0.0.1,::1"),
        ({"TRUSTED_PROXY_COUNT": "1", "FORWARDED_ALLOW_IPS": "10.0.0.8"}, "10.0.0.8"),
    ],
)
def test_headers_count_from_configured_proxies_alone(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], trusted: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    web = start.web(bind="127.0.0.1:8000", grace=30)

    assert web[web.index("--forwarded-allow-ips") + 1] == trusted
    assert web[web.index("--forwarder-headers") + 1] == ""


def test_a_web_that_does_not_answer_and_a_beat_that_notes_nothing_fail_their_probes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PORT", "1")
    monkeypatch.setenv("PLUMBLINE_DATA_DIR", str(tmp_path))
    assert not probe.web()
    assert not probe.beat()

    (tmp_path / "beat-schedule.db").touch()
    assert probe.beat()

    long_ago = time.time() - 601
    os.utime(tmp_path / "beat-schedule.db", (long_ago, long_ago))
    assert not probe.beat()
