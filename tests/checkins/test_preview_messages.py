"""Every message in a folder, for somebody to look at; nothing is mailed, nothing stays."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connections

from checkins.models import CheckIn, Escalation
from engagements.models import Engagement, Invitation, Membership, Role
from engagements.notice_rules import rules
from engagements.scoping import scope, unscoped
from notifications.models import OutboxMessage
from okrs.models import KeyResult
from tests import build
from tests.checkins.posting import TUESDAY, post

OF_ACCOUNTS = {"invitation", "login_code", "password_reset_key"}
WHOLE = {"daily", "urgent"}


@pytest.fixture
def lead(committed: str) -> Iterator[Membership]:
    """Alice leads Northwind, which has two key results, one with a check-in."""
    alice = build.member(build.engagement())
    bob = build.member(alice.engagement, "Bob", Role.CONTRIBUTOR)
    with scope(alice.engagement_id), time_machine.travel(TUESDAY, tick=False):
        objective = build.objective(alice, build.cycle(alice.engagement))
        build.live_key_result(objective, owner_id=bob.pk)
        row = build.live_key_result(objective, build.metric(alice.engagement), owner_id=bob.pk)
        post(row, bob, now=TUESDAY)
    yield alice
    connections["owner"].close()


def previews(folder: Path, *arguments: str) -> list[str]:
    out = StringIO()
    call_command("preview_messages", str(folder), *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_it_writes_every_kind_and_rule_in_text_and_html(lead: Membership, tmp_path: Path) -> None:
    written = previews(tmp_path)

    names = OF_ACCOUNTS | WHOLE | rules().keys()
    expected = {f"{name}.{ending}" for name in names for ending in ("txt", "html")}
    assert {Path(line).name for line in written} == expected | {"index.html"}
    assert {path.name for path in tmp_path.iterdir()} == expected | {"index.html"}


def test_the_index_leads_to_each_of_them(lead: Membership, tmp_path: Path) -> None:
    previews(tmp_path)

    index = (tmp_path / "index.html").read_text()

    for name in ("daily", "escalation_raised", "undelivered", "login_code"):
        assert f'href="{name}.html"' in index
        assert f'href="{name}.txt"' in index


def test_the_days_message_holds_all_that_can_ride_it(lead: Membership, tmp_path: Path) -> None:
    previews(tmp_path)

    text = (tmp_path / "daily.txt").read_text()

    assert text.startswith("Subject: ")
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in text
    for heading in ("Was due", "A recovery plan runs", "Out of red", "Out of reach"):
        assert heading in text


def test_nothing_is_mailed_and_nothing_stays(lead: Membership, tmp_path: Path) -> None:
    def rows() -> list[object]:
        kept = [KeyResult, CheckIn, Escalation, Membership, Invitation]
        with unscoped():
            managers = [one._default_manager.using("owner") for one in kept]
            return [list(rows.order_by("pk").values()) for rows in managers]

    before = rows()

    previews(tmp_path)

    assert rows() == before
    assert not OutboxMessage.objects.using("sweep").exists()


def test_an_engagement_can_be_named(lead: Membership, tmp_path: Path) -> None:
    hank = build.member(build.engagement("Harbor Retail"), "Hank")
    with scope(hank.engagement_id):
        build.live_key_result(build.objective(hank, build.cycle(hank.engagement)))

    previews(tmp_path, "--engagement", "harbor")

    assert "HARBOR RETAIL" in (tmp_path / "daily.txt").read_text()


def test_an_unknown_engagement_is_named_with_those_there_are(
    lead: Membership, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match=r"No engagement “acme”\. There are: northwind"):
        previews(tmp_path, "--engagement", "acme")


def test_without_a_live_key_result_there_is_nothing_to_tell_of(
    lead: Membership, tmp_path: Path
) -> None:
    build.member(build.engagement("Harbor Retail"), "Hank")

    with pytest.raises(CommandError, match="no live key result"):
        previews(tmp_path, "--engagement", "harbor")


def test_without_a_lead_there_is_nobody_to_tell(lead: Membership, tmp_path: Path) -> None:
    empty: Engagement = build.engagement("Harbor Retail")

    with pytest.raises(CommandError, match="Nobody who signs in leads"):
        previews(tmp_path, "--engagement", empty.slug)
