from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from accounts.models import User
from checkins.rules import recompute_state
from demo.seeding import address, seed
from engagements.models import Engagement
from escalations.jobs import update_escalations
from okrs.models import KeyResult
from tenancy.scoping import scope, unscoped
from tests import build
from tests.checkins.posting import stored
from tests.databases import ROLES, let_only_members_act

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("committed")
def test_a_short_cycle_is_seeded_too(capsys: pytest.CaptureFixture[str]) -> None:
    let_only_members_act()

    call_command("seed", clients=2, weeks=1)

    said = capsys.readouterr().out
    assert "32  okrs_keyresult" in said
    assert "Seeded in" in said
    assert not User.objects.get(email=address("consultant")).has_usable_password()
    with unscoped():
        engagement = Engagement.objects.using("owner").get(slug="seed-2")
    with scope(engagement.pk):
        rows = list(KeyResult.objects.filter(engagement=engagement))
        assert len(rows) == 16
        assert [stored(one) for one in rows] == [recompute_state(one) for one in rows]
    connections["owner"].close()


@pytest.mark.usefixtures("committed")
def test_what_escalates_is_left_for_the_jobs_to_find() -> None:
    """Four in five clients have a key result that has been red for three weeks."""
    counts = seed(clients=6, monday=dt.date(2026, 3, 9))

    assert (counts["escalations_escalation"], counts["notifications_notice"]) == (0, 0)
    assert update_escalations(now=dt.datetime(2026, 3, 9, 10, 30, tzinfo=dt.UTC)) == 5


@pytest.mark.usefixtures("committed")
def test_where_seeding_is_refused() -> None:
    owner = connections["owner"].settings_dict
    connections["owner"].close()
    owner["USER"] = ROLES["default"]
    try:
        with pytest.raises(CommandError, match="does not own the tables"):
            call_command("seed", clients=1)
    finally:
        connections["owner"].close()
        owner["USER"] = ROLES["owner"]

    build.engagement()
    with pytest.raises(CommandError, match="There are engagements already"):
        call_command("seed", clients=1)
    connections["owner"].close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"clients": 0}, "--clients is 0. Give a number from 1 to 10000."),
        ({"clients": 10_001}, "--clients is 10001"),
        ({"clients": 1, "weeks": 53}, "--weeks is 53. Give a number from 1 to 52."),
    ],
)
def test_numbers_out_of_range_are_refused(options: dict[str, int], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("seed", **options)
