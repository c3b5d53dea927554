"""The container files, read as written: who is told what, in which order they start, and how."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.probe import PROBES
from config.start import COMMANDS, OWNED, SERVED
from tests.test_house import ROOMS

ROOT = Path(__file__).resolve().parents[2]
OURS = ("web", "worker", "beat", "migrate")
SERVERS = ("postgres", "valkey")
VARIABLE = re.compile(r"\$\{(\w+)(:[-?])?([^}]*)\}")


def text(name: str) -> str:
    return (ROOT / name).read_text()


COMPOSE: dict[str, Any] = yaml.safe_load(text("docker-compose.yml"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_each_process_waits_for_the_servers_is_probed_and_starts_again(name: str) -> None:
    service = SERVICES[name]

    assert name in PROBES
    assert service["healthcheck"]["test"] == ["CMD", "python", "-m", "config.probe", name]
    assert service["restart"] == "unless-stopped"
    assert {other: on["condition"] for other, on in service["depends_on"].items()} == {
        "migrate": "service_completed_successfully",
        "postgres": "service_healthy",
        "valkey": "service_healthy",
    }


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_pages_worker_and_beat_never_hear_of_the_owner(name: str) -> None:
    told = SERVICES[name]["environment"]

    assert set(SERVED) <= set(told)
    assert not {"DATABASE_OWNER_URL", "DATABASE_ADMIN_URL", "POSTGRES_PASSWORD"} & set(told)
    assert not re.search(r"owner|//postgres:|OWNER_PASSWORD|POSTGRES_PASSWORD", json.dumps(told))
    assert told["DATABASE_URL"].startswith("postgres://plumbline_app:${APP_PASSWORD:?")
    assert told["DATABASE_SWEEP_URL"].startswith("postgres://plumbline_sweep:${SWEEP_PASSWORD:?")


def test_migrations_run_once_as_the_owner_over_a_database_that_answers() -> None:
    migrate = SERVICES["migrate"]
    told = migrate["environment"]

    assert migrate["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert (migrate["restart"], migrate["healthcheck"]) == ("no", {"disable": True})
    assert set(told) == {*OWNED, "DATABASE_ADMIN_URL"}
    assert told["DATABASE_OWNER_URL"].startswith("postgres://plumbline_owner:${OWNER_PASSWORD:?")
    for name in ("DATABASE_URL", "DATABASE_SWEEP_URL"):
        assert told[name] == SERVICES["web"]["environment"][name]


@pytest.mark.parametrize("name", OURS)
def test_ours_start_by_their_commands_with_few_rights(name: str) -> None:
    service = SERVICES[name]

    assert name in COMMANDS
    assert service["command"] == ["python", "-m", "config.start", name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "volumes" not in service


@pytest.mark.parametrize("name", SERVERS)
def test_each_server_is_probed_and_keeps_its_data(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert [volume.split(":")[0] for volume in SERVICES[name]["volumes"]] == [name]
    assert name in COMPOSE["volumes"]


def test_only_the_web_is_reached_from_outside_by_a_proxy_of_the_machine() -> None:
    assert set(SERVICES) == {*OURS, *SERVERS}
    assert [name for name in SERVICES if "ports" in SERVICES[name]] == ["web"]
    assert SERVICES["web"]["ports"] == ["127.0.0.1:${PORT:-8000}:8000"]
    assert [SERVICES[name]["networks"] for name in SERVERS] == [["inside"], ["inside"]]
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_a_missing_secret_stops_the_start_with_a_sentence() -> None:
    asked = {name: (how, words) for name, how, words in VARIABLE.findall(str(SERVICES))}
    secret = [name for name in asked if re.search(r"PASSWORD|SECRET|EMAIL_URL", name)]

    assert len(secret) == 6
    for name in secret:
        how, words = asked[name]
        assert how == ":?"
        assert re.match(rf"Set {name} in \.env.*\.$", words)


def test_the_example_holds_each_that_is_asked_for_and_no_secret() -> None:
    given = dict(re.findall(r"^([A-Z_]+)=(.*)$", text(".env.example"), re.M))
    asked = {name for name, how, _ in VARIABLE.findall(str(SERVICES)) if how == ":?"}

    assert asked - set(given) == set()
    secrets = {name for name in given if re.search(r"PASSWORD|SECRET_KEY", name)}
    assert not any(given[name] for name in secrets)


def instructions() -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n\s*", "", text("Dockerfile"))
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def test_the_image_starts_the_web_as_somebody_who_owns_nothing() -> None:
    steps = instructions()
    last = dict(steps[[word for word, _ in steps].index("USER") :])

    assert last["USER"] == "10001:10001"
    assert json.loads(last["CMD"]) == ["python", "-m", "config.start", "web"]
    assert last["HEALTHCHECK"].endswith('CMD ["python", "-m", "config.probe", "web"]')
    assert "--chown" not in text("Dockerfile")


def test_the_image_is_built_from_the_lock_and_holds_its_static_files() -> None:
    runs = " ".join(rest for word, rest in instructions() if word == "RUN")

    assert "pip install --require-hashes" in runs
    assert "-r /tmp/requirements.lock" in runs
    assert "manage.py collectstatic --noinput" in runs
    assert [word for word, _ in instructions()].count("FROM") == 2
    assert "ARG" not in [word for word, _ in instructions()]


def test_the_image_is_given_the_product_and_nothing_else() -> None:
    lines = [line for line in text(".dockerignore").splitlines() if not line.startswith("#")]
    let_in = {line[1:] for line in lines if line.startswith("!")}

    assert lines[0] == "*"
    assert let_in == {*ROOMS, "static", "templates", "manage.py", "requirements.lock"}
    assert lines[-1] == "**/.env*"
