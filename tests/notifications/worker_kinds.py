"""What the worker process of the tests knows; it imports this by `--include`."""

from __future__ import annotations

from notifications import kinds
from notifications.kinds import Mail

kinds.register("greeting", render=lambda payload: Mail(f"Hello {payload['name']}", "By worker."))
