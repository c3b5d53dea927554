"""Every change of state of this room."""

from __future__ import annotations
