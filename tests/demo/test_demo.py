"""The demo as it is loaded once, on a Wednesday, and then read."""

from __future__ import annotations

import datetime as dt
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import override_settings

from accounts.models import User
from checkins.models import Blocker, CheckIn, CheckInKind, HelpRequest
from checkins.queries.my_week import my_week
from checkins.rules import recompute_state
from config.schedule import tick
from decisions.models import ActionItem, Decision
from decisions.queries.chain import verify_logs
from demo.story import CLIENTS, DOMAIN, PASSWORD, PEOPLE, address, read_stories
from engagements.models import Engagement, Membership, StatusPage
from escalations.models import Escalation
from mail.models import OutboxMessage
from notifications.models import Notice
from okrs.audit import answers_of, audit
from okrs.models import Cycle, KeyResult, Stage
from okrs.models.key_results import JUDGED_FIELDS, STATE_FIELDS
from reviews.models import Review
from scoring import Rag
from status.models import Report
from tenancy.scoping import scope, unscoped
from tests.databases import copy_of

NOW = dt.datetime(2026, 11, 25, 9, 40, tzinfo=dt.UTC)
SHIPPED = 21  # key results of the file


def run(*arguments: str) -> str:
    said = io.StringIO()
    with override_settings(DEMO=True), time_machine.travel(NOW, tick=False):
        call_command("load_demo", *arguments, stdout=said)
    return said.getvalue()


pytestmark = pytest.mark.slow  # replays the whole demo


@pytest.fixture(scope="module")
def said(django_db_setup: str, django_db_blocker: Any) -> Iterator[str]:
    """What the command printed; its database stands for the whole module."""
    with django_db_blocker.unblock(), copy_of(django_db_setup):
        yield run("--if-empty")


@pytest.fixture
def clients(said: str) -> Iterator[list[Engagement]]:
    with unscoped():
        found = list(Engagement.objects.using("owner").order_by("id"))
    with scope(*(one.id for one in found)):
        yield found


def test_it_says_what_it_made_and_who_signs_in(said: str) -> None:
    assert "Lakeside Scheduling: Aug–Nov 2026, week 13 of 13, 6 key results" in said
    assert "A draft waits in Nov 2026–Feb 2027." in said
    assert PASSWORD in said
    assert [address(person) for person in PEOPLE if address(person) not in said] == []
    assert User.objects.count() == len(PEOPLE)
    assert all(user.check_password(PASSWORD) for user in User.objects.all())
    assert all(user.email.endswith(DOMAIN) for user in User.objects.all())


def test_it_is_loaded_once_into_an_empty_demo(said: str) -> None:
    assert run("--if-empty") == "There are engagements already: no demo was loaded.\n"
    with pytest.raises(CommandError, match="engagements already"):
        run()
    with pytest.raises(CommandError, match="PLUMBLINE_DEMO=1"), override_settings(DEMO=False):
        call_command("load_demo", "--if-empty")
    with unscoped():
        assert Engagement.objects.using("owner").count() == len(CLIENTS)


def test_each_client_is_at_another_point_of_its_cycle(clients: list[Engagement]) -> None:
    """The week of its cycle in which it is, and in which it committed."""
    weeks = {}
    for client in clients:
        cycle = Cycle.objects.running_on(client.today(NOW)).get(engagement=client)
        committed = KeyResult.objects.filter(engagement=client).exclude(committed_at=None)
        instants = committed.values_list("committed_at", flat=True).distinct()
        (committed_at,) = {cycle.week_on(client.today(at)) for at in instants if at}
        weeks[client.slug] = (cycle.week_on(client.today(NOW)), cycle.weeks, committed_at)

    assert weeks == {
        "northwind": (8, 13, 2),
        "harbor": (6, 13, 1),
        "cedar": (3, 13, 2),
        "lakeside": (13, 13, 6),
    }
    assert [one.slug for one in clients if one.status_page == StatusPage.PUBLISHED] == ["harbor"]


def test_each_kind_of_row_occurs(clients: list[Engagement]) -> None:
    correction = CheckIn.objects.exclude(supersedes=None).get()
    assert correction.kind == CheckInKind.UPDATE
    assert correction.supersedes is not None
    assert correction.supersedes.actual < correction.actual
    asked = HelpRequest.objects.values_list("answered_at", flat=True)
    blocked = Blocker.objects.values_list("resolved_at", flat=True)
    assert [{at is None for at in ends} for ends in (asked, blocked)] == [{True, False}] * 2
    actions = ActionItem.objects.filter(engagement__slug="northwind")
    assert [one.is_overdue(today=NOW.date()) for one in actions] == [False, True, False]
    assert [one.is_open for one in actions] == [False, True, True]
    drafts = KeyResult.objects.filter(stage=Stage.DRAFT).prefetch_related("audits")
    passed = [all(one.passed for one in audit(draft, answers_of(draft))) for draft in drafts]
    assert sorted(passed) == [False, True]
    gap = KeyResult.objects.exclude(data_gap_until=None).get()
    assert str(gap.metric) == "Client satisfaction"
    assert gap.data_gap_until is not None
    assert gap.data_gap_until > gap.engagement.today(NOW)


def test_it_holds_every_check_in_of_the_stories_until_now(clients: list[Engagement]) -> None:
    told = {
        (story.slug, event["metric"], event["insight"])
        for story in read_stories()
        for event in story.events
        if event["event"] == "check_in" and story.instant_of(event, now=NOW) <= NOW
    }
    written = {
        (one.key_result.engagement.slug, str(one.key_result.metric), one.insight)
        for one in CheckIn.objects.select_related("key_result__engagement", "key_result__metric")
    }

    assert told == written
    assert len(written) == CheckIn.objects.count() >= 80


def test_no_two_check_ins_say_the_same() -> None:
    check_ins = [event for event in events() if event["event"] == "check_in"]
    texts = Counter(event[name] for event in check_ins for name in ("insight", "next_action"))

    assert texts
    assert [text for text, times in texts.items() if times > 1] == []


def test_every_standing_is_the_one_that_its_check_ins_add_up_to(clients: list[Engagement]) -> None:
    committed = KeyResult.objects.exclude(stage=Stage.DRAFT)
    names = {"value": "latest_value", "period": "last_period", "week": "last_week"}

    assert committed.count() == SHIPPED
    for key_result in committed:
        worked_out = recompute_state(key_result)
        for name in vars(worked_out):
            assert getattr(key_result, names.get(name, name)) == getattr(worked_out, name)
    written = {names.get(name, name) for name in vars(worked_out)}
    assert written | set(JUDGED_FIELDS) == set(STATE_FIELDS)


def test_each_rag_and_stage_of_a_running_cycle_occurs(clients: list[Engagement]) -> None:
    rags = Counter(KeyResult.objects.exclude(stage=Stage.DRAFT).values_list("rag", flat=True))
    stages = set(KeyResult.objects.values_list("stage", flat=True))

    assert set(rags) == set(Rag)
    assert rags[Rag.NO_DATA] == 1
    assert stages == {Stage.DRAFT, Stage.COMMITTED, Stage.ON_TRACK, Stage.AT_RISK}


def test_the_consultant_sees_late_and_saved_cards_of_clients(clients: list[Engagement]) -> None:
    me = Membership.objects.filter(email=address("consultant")).select_related("engagement")
    week = my_week(memberships=me, now=NOW)

    assert len(week.groups) == 4
    assert 12 <= week.total <= 14
    assert sum(group.late > 0 for group in week.groups) >= 2
    assert sum(group.done > 0 for group in week.groups) >= 2
    assert week.later > 0


def test_reviews_were_held_and_the_next_ones_are_planned(clients: list[Engagement]) -> None:
    held = Review.objects.closed()
    reviews = [event for event in events() if event["event"] == "hold_review"]

    assert held.count() == len(reviews)
    assert Report.objects.count() == len(reviews)
    assert Decision.objects.count() == sum(len(review["decisions"]) for review in reviews)
    assert Review.objects.ahead().filter(scheduled_at__gt=NOW).count() == 3
    assert all(review.standings for review in held)
    assert [log.faults for log in verify_logs()] == [[]] * len(clients)


def test_escalations_stand_at_every_point_of_their_path(clients: list[Engagement]) -> None:
    found = Escalation.objects.open().select_related("engagement", "key_result__metric")
    states = {(one.engagement.slug, str(one.key_result.metric)): one.state for one in found}

    assert {where: state for where, state in states.items() if where[0] != "cedar"} == {
        ("northwind", "30-day expansion"): "raised",
        ("northwind", "API latency p95"): "active",
        ("harbor", "Onboarding time"): "watching",
        ("lakeside", "Top-three keywords"): "answered",
    }
    # In its third week red is merely early there.
    assert {state for where, state in states.items() if where[0] == "cedar"} == {"watching"}
    closed = [one for one in Escalation.objects.all() if not one.is_open]
    assert Counter(one.state for one in closed) == {"recovered": 9, "decided": 1}
    assert any(one.answered_at and one.huddle_at for one in closed)
    assert any(one.activated_at is None for one in closed)
    active = Escalation.objects.get(key_result__metric__name="API latency p95")
    assert active.huddle_due_at is not None
    assert active.huddle_due_at > NOW
    assert active.huddle_at is None


def test_the_ledger_says_who_was_told_what_until_now(clients: list[Engagement]) -> None:
    notices = Notice.objects.all()

    assert {one.rule for one in notices} == {
        *("reminder", "overdue", "missed", "friday_at_risk", "friday_late"),
        *("escalation_active", "escalation_answered", "escalation_raised"),
        *("escalation_decided", "escalation_recovered"),
    }
    assert all(one.due_at <= one.sent_at <= NOW for one in notices if one.sent_at)
    assert all(one.created_at <= one.due_at for one in notices)
    assert all(one.created_at <= one.sent_at for one in notices if one.sent_at)
    assert all(one.envelope for one in notices if one.sent_at)
    # The first tick makes no message of what is past, and finds the page of today stored.
    counts = tick(now=NOW)
    assert counts == dict.fromkeys(counts, 0)
    with unscoped():  # nothing is emailed
        assert not OutboxMessage.objects.using("owner").exists()


def events() -> list[Mapping[str, Any]]:
    return [event for story in read_stories() for event in story.events]
