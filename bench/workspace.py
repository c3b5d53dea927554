"""Services and a database of the run's own: started, migrated, taken away."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.embedded.lease import ROOT, hold
from config.embedded.paths import paths, urls


@contextmanager
def workspace(*, static: bool = False) -> Iterator[None]:
    """Django, set up on a migrated database that nobody else uses.

    The services keep their data as in production, flushed at every commit. `static` where pages
    are rendered. Nothing of Django's models may be imported before this.
    """
    folder = Path(tempfile.mkdtemp(prefix="plumbline-bench-"))
    folder.chmod(0o711)  # as root, the servers run as somebody else
    os.environ |= {
        "PLUMBLINE_DATA_DIR": str(folder),
        "STATIC_ROOT": str(folder / "static"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "for-measuring-only-and-long-enough-for-the-checks-of-django",
    }
    found = paths(ROOT)
    lease = hold(found, temporary=True)
    try:
        os.environ |= urls(found)
        prepare(static=static)
        yield
    finally:
        lease.release()


def prepare(*, static: bool) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", database="owner", verbosity=0)
    if static:
        call_command("collectstatic", interactive=False, verbosity=0)


def machine() -> str:
    """What the figures were measured on; a load above the cores makes them worse than they are."""
    from django.db import connection

    connection.ensure_connection()
    version = connection.connection.info.parameter_status("server_version")
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()},"
        f" PostgreSQL {version}, load {os.getloadavg()[0]:.1f}"
    )
