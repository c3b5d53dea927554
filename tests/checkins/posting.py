"""Check-ins of tests: valid ones with the least that must be said."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from checkins.commands import record_check_in
from checkins.models import CheckIn
from engagements.models import Membership
from okrs.models import KeyResult

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> dt.datetime:
    """An instant by Berlin's clock, such as "2026-03-10T09:40"."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(dt.UTC)


TUESDAY = at("2026-03-10T09:40")


def newest(key_result: KeyResult) -> CheckIn | None:
    rows = CheckIn.objects.filter(key_result=key_result)
    return rows.order_by("-id").first()


def post(
    key_result: KeyResult,
    by: Membership,
    *,
    actual: str | int = 6,
    now: dt.datetime = TUESDAY,
    **fields: Any,
) -> CheckIn:
    """Post as somebody would who has seen all there is."""
    latest = newest(key_result)
    values = {
        "measured_on": now.astimezone(BERLIN).date(),
        "confidence": 4,
        "insight": "The shorter form did it.",
        "next_action": "Roll the form out to all stores",
        "idempotency_key": uuid4(),
        "seen": latest.public_id if latest else "",
        **fields,
    }
    return record_check_in(key_result=key_result, by=by, now=now, actual=Decimal(actual), **values)


def code(error: Exception, *, field: str = "") -> str:
    """The code of a ValidationError, or of its first error on that field."""
    found: Any = error
    return str(found.error_dict[field][0].code if field else found.code)
