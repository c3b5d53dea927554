from __future__ import annotations

import datetime as dt

import pytest

from imports.jobs import erase_sheets
from imports.models import Sheet
from tenancy.scoping import scope
from tests import build

NOW = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)


@pytest.mark.usefixtures("committed")
def test_cells_that_no_one_imported_are_erased_after_a_week() -> None:
    leads = [build.member(build.engagement(name), name) for name in ("Northwind", "Harbor")]
    for lead in leads:
        build.sheet(lead, created_at=NOW - dt.timedelta(days=8))
        build.sheet(lead, name="new", created_at=NOW - dt.timedelta(days=6))
        build.sheet(lead, name="mapping", created_at=NOW - dt.timedelta(days=8), imported_at=NOW)

    assert erase_sheets(now=NOW) == 2
    assert erase_sheets(now=NOW) == 0
    for lead in leads:
        with scope(lead.engagement_id):
            assert set(Sheet.objects.values_list("name", flat=True)) == {"new", "mapping"}
