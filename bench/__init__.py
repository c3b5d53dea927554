"""Measured figures, on services and a database of the run's own; fails past a limit."""

from __future__ import annotations
