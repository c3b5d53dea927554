"""Check-ins, pages, forms and rhythms of tests, with the least that must be given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from checkins.commands import record_check_in
from checkins.models import CheckIn
from checkins.periods import Period, Rhythm, periods
from checkins.queries.cards import key_result_row
from checkins.queries.thread import KeyResultPage, key_result_page
from engagements.models import Membership
from okrs.models import KeyResult
from okrs.models.key_results import JUDGED_FIELDS, STATE_FIELDS
from okrs.states import NAMES, KeyResultState
from tenancy.scoping import scope

ZONE = "Europe/Berlin"
BERLIN = ZoneInfo(ZONE)
HTMX = {"HX-Request": "true"}


def at(text: str, zone: str = ZONE) -> dt.datetime:
    """Return an instant by that zone's clock, such as "2026-03-10T09:40"."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)


TUESDAY = at("2026-03-10T09:40")


def page_of(key_result: KeyResult, *, now: dt.datetime) -> KeyResultPage:
    row = key_result_row(key_result.public_id, engagement=key_result.engagement)
    assert row is not None
    return key_result_page(row, now=now)


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
    """Post as someone who has seen the latest check-in."""
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


def refused(command: Callable[..., object], *args: Any, field: str = "", **fields: Any) -> str:
    """Return the code of the rule that refuses this command, at its field if given."""
    with pytest.raises(ValidationError) as error:
        command(*args, **fields)
    return code(error.value, field=field)


def code(error: Exception, *, field: str = "") -> str:
    """Return the code of a ValidationError, or of its first error on that field."""
    found: Any = error
    return str(found.error_dict[field][0].code if field else found.code)


def url(name: str, key_result: KeyResult) -> str:
    app = "workspace" if name == "key-result-detail" else "checkins"
    return reverse(f"{app}:{name}", args=[key_result.engagement.slug, key_result.public_id])


def typed(**fields: Any) -> dict[str, Any]:
    return {
        "actual": "7.4",
        "measured_on": "2026-03-10",
        "confidence": "3",
        "insight": "Paper forms take eleven days.",
        "next_action": "Count the stores that still use paper",
        "next_action_due": "2026-03-16",
        "help_needed": "",
        "blocker": "",
        "evidence_url": "",
        "seen": "",
        "key": str(uuid4()),
        **fields,
    }


def standing(key_result: KeyResult) -> KeyResult:
    with scope(key_result.engagement_id):
        return KeyResult.objects.get(pk=key_result.pk)


def save(client: Client, key_result: KeyResult, *, plain: bool = False, **fields: Any) -> Any:
    """Post the form of a card by htmx, or as a plain page."""
    headers = {} if plain else HTMX
    address = url("check-in-create", key_result)
    return client.post(address, typed(**fields), headers=headers)


def stored(key_result: KeyResult) -> KeyResultState:
    """Return the state as the row has it, in the scope of its engagement."""
    row = KeyResult.objects.get(pk=key_result.pk)
    columns = {NAMES.get(column, column): getattr(row, column) for column in STATE_FIELDS}
    for judged in JUDGED_FIELDS:
        del columns[judged]
    return KeyResultState(**columns)


def check_ins(key_result: KeyResult) -> list[CheckIn]:
    with scope(key_result.engagement_id):
        return list(CheckIn.objects.filter(key_result=key_result).order_by("id"))


def rhythm(
    starts_on: str = "2026-01-01",
    ends_on: str = "2026-03-31",
    *,
    cadence: str = "weekly",
    zone: str = ZONE,
    due_weekday: int = 0,
    due_time: str = "10:00",
    opens_days_before: int = 3,
) -> Rhythm:
    return Rhythm(
        cadence=cadence,
        zone=ZoneInfo(zone),
        due_weekday=due_weekday,
        due_time=dt.time.fromisoformat(due_time),
        opens_days_before=opens_days_before,
        starts_on=dt.date.fromisoformat(starts_on),
        ends_on=dt.date.fromisoformat(ends_on),
    )


def period(of: Rhythm, monday: str) -> Period:
    (found,) = [one for one in periods(of) if one.monday == dt.date.fromisoformat(monday)]
    return found
