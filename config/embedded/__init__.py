"""The embedded PostgreSQL and Valkey of one checkout: a single machine, nothing to install.

`paths` and `urls` are arithmetic on names: they need no server, so settings may call them.
`lease.hold` finds the running services or starts them; `__main__` is the process that owns them.
"""

from __future__ import annotations

from config.embedded.paths import Paths, paths, urls

__all__ = ["Paths", "paths", "urls"]
