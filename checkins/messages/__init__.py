"""What people are told of the weekly rhythm and of escalations, worded when it is sent."""

from __future__ import annotations

from checkins.messages.rules import register_rules

__all__ = ["register_rules"]
