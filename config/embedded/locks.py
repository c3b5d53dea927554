"""File locks: who owns the services, who uses them, whether they answer."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from config.embedded.paths import ServicesError


class Lock:
    """A `flock` on a file; the system releases it with the last process that inherited it."""

    def __init__(self, path: Path) -> None:
        try:
            self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except PermissionError as error:
            raise ServicesError(
                f"{path} belongs to another user. Run as that user, or set PLUMBLINE_DATA_DIR."
            ) from error

    def take(self, *, shared: bool = False, within: float = 0) -> bool:
        """Take the lock, trying for `within` seconds; say whether it is ours."""
        mode = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
        deadline = time.monotonic() + within
        while True:
            try:
                fcntl.flock(self.descriptor, mode)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(0.01)
            else:
                return True

    def release(self) -> None:
        """Close our end; a child that inherited the lock still holds it."""
        os.close(self.descriptor)


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock for themselves alone."""
    if not path.exists():
        return False
    probe = Lock(path)
    held = not probe.take(shared=True)
    probe.release()
    return held
