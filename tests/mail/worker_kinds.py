"""What the worker process of the tests knows; it imports this by `--include`."""

from __future__ import annotations

from mail import email_types
from mail.email_types import Mail

email_types.register(
    "greeting", render=lambda payload: Mail(f"Hello {payload['name']}", "By worker.")
)
