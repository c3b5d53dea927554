"""What reviews keep of figures, and what they say of them. Pure."""

from __future__ import annotations

from decimal import Decimal

from scoring import Rag


def plain(value: Decimal | None) -> str | None:
    """A value as JSON keeps it: digits alone, no zeros at the end."""
    return None if value is None else f"{value.normalize() + 0:f}"


def is_early(rag: str, *, forecast_holds: bool | None) -> bool:
    """Red or amber by the calendar only: the forecast holds (M12)."""
    return rag in (Rag.RED, Rag.AMBER) and forecast_holds is True
