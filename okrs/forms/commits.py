"""What a person read before they commit: the version of each row, in hidden fields."""

from __future__ import annotations

from collections.abc import Mapping

PREFIX = "version-"


def read_versions(data: Mapping[str, str]) -> dict[str, int]:
    """Versions by the public id of their row; what is no number counts as never read."""
    return {
        name.removeprefix(PREFIX): int(value)
        for name, value in data.items()
        if name.startswith(PREFIX) and value.isascii() and value.isdecimal()
    }
