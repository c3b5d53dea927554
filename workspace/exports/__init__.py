"""All that one client has worked out, as a zip of tables."""

from __future__ import annotations

from workspace.exports.archive import export_engagement, export_name

__all__ = ["export_engagement", "export_name"]
