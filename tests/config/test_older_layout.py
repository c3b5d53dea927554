"""A database from before the migrations were written anew is named, and can be set aside."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

from config.embedded import Paths, ServicesError
from config.embedded.stack import Lock
from config.run import set_aside
from tenancy.management.commands.migrate import LAST_COMMIT


@pytest.mark.django_db(databases=["default", "owner"])
def test_a_database_of_the_older_layout_is_refused_with_the_commit_to_export_it() -> None:
    MigrationRecorder(connections["owner"]).record_applied("engagements", "0002_status_pages")

    with pytest.raises(CommandError, match=f"git checkout {LAST_COMMIT}"):
        call_command("migrate", verbosity=0)


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A workspace with a database folder, owned by whoever runs the tests."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr("config.embedded.servers.service_user", lambda paths: None)
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18")
    (tmp_path / "valkey" / "appendonlydir").mkdir(parents=True)
    return Paths(data=tmp_path, sockets=tmp_path / "sockets")


def test_a_fresh_start_sets_the_database_aside(found: Paths) -> None:
    answer = set_aside(found)

    (kept,) = found.data.glob("postgres-until-*")
    assert (kept / "PG_VERSION").read_text() == "18"
    assert not (found.data / "postgres").exists()
    assert not (found.data / "valkey").exists()  # pages and sessions of that database
    assert str(kept) in answer


@pytest.mark.parametrize(("is_named", "error"), [(False, "is in use"), (True, "DATABASE_URL")])
def test_a_database_in_use_or_of_another_server_is_left_alone(
    found: Paths, monkeypatch: pytest.MonkeyPatch, *, is_named: bool, error: str
) -> None:
    owner = Lock(found.owner_lock)
    assert owner.take()
    if is_named:
        monkeypatch.setenv("DATABASE_URL", "postgres://db/plumbline")

    with pytest.raises(ServicesError, match=error):
        set_aside(found)

    owner.release()
    assert (found.data / "postgres").exists()
    assert (found.data / "valkey").exists()
