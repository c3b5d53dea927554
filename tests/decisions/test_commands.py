"""Decisions and actions: recorded, superseded or ended, compared with today (M8, M8.2, M8.3)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from decisions.commands import complete_action, drop_action, reopen_action
from decisions.forms import ActionForm, DecisionForm
from decisions.models import ActionItem, Decision, DecisionHead
from decisions.movement import Moved, Movement, moved_since
from engagements.models import Membership, Role
from metrics.models import Metric
from okrs.models import KeyResult
from reviews.models import Review
from tests import build
from tests.checkins.posting import TUESDAY, post, refused
from tests.reviews.meeting import act, agenda_item, close, decide, planned, supersede

pytestmark = pytest.mark.django_db
LATER = TUESDAY + dt.timedelta(minutes=5)
NEXT_WEEK = TUESDAY + dt.timedelta(days=7)
DAY = dt.date(2026, 3, 25)
URL, OTHER_URL = "https://example.com/usage", "https://example.com/other"


def next_week(decision: Decision, by: Membership, **fields: Any) -> Decision:
    return supersede(decision, by, now=NEXT_WEEK, **fields)


def test_a_decision_is_sealed_with_the_hash_before_it(review: Review, alice: Membership) -> None:
    first, second = decide(review, alice), decide(review, alice, now=LATER)

    assert (first.number, first.previous_hash, len(first.hash)) == (1, "", 64)
    assert (second.number, second.previous_hash) == (2, first.hash)
    head = DecisionHead.objects.get(engagement=alice.engagement)
    assert (head.number, head.hash) == (2, second.hash)
    review.refresh_from_db()
    assert review.live_version == 3


def test_decisions_have_the_clients_day_and_keep_order(review: Review, alice: Membership) -> None:
    midnight_in_berlin = dt.datetime(2026, 3, 10, 23, 30, tzinfo=dt.UTC)

    assert decide(review, alice, now=midnight_in_berlin).decided_on == dt.date(2026, 3, 11)
    assert decide(review, alice, now=TUESDAY).recorded_at == midnight_in_berlin


def test_objects_and_evidence_are_sealed_with_their_values(
    review: Review, alice: Membership, onboarding: KeyResult
) -> None:
    objective = onboarding.objective
    touched = {"objective": objective.public_id, "key_result": onboarding.public_id}
    touched["title"] = onboarding.title
    before = decide(review, alice, key_result=onboarding)
    check_in = post(onboarding, alice, actual=6)

    after = decide(review, alice, key_result=onboarding)
    about_all = decide(review, alice, objective=objective, evidence_url=URL)

    assert before.touches == [{**touched, "value": None, "score": None, "rag": "no_data"}]
    assert after.touches == [{**touched, "value": "6", "score": "0.60", "rag": "amber"}]
    label = "Check-in of 10\N{NO-BREAK SPACE}Mar\N{NO-BREAK SPACE}2026, 0.60"
    ids = {"check_in": check_in.public_id, "key_result": onboarding.public_id}
    assert after.evidence == [{"label": label, **ids}]
    assert about_all.touches == [{"objective": objective.public_id, "title": objective.title}]
    assert about_all.evidence == [{"label": URL, "url": URL}]
    assert next_week(about_all, alice).touches == about_all.touches


@pytest.mark.parametrize("role", Role.values)
def test_champion_lead_and_sponsor_decide(review: Review, alice: Membership, role: str) -> None:
    """M8.2."""
    dana = build.member(alice.engagement, "Dana", role)

    if role in (Role.CHAMPION, Role.LEAD, Role.SPONSOR):
        assert decide(review, dana, owner=alice).recorded_by == dana
    else:
        assert refused(decide, review, dana, owner=alice) == "no_right"
        assert refused(next_week, decide(review, alice), dana, owner=alice) == "no_right"


def test_a_decision_needs_an_open_review_and_its_item(review: Review, alice: Membership) -> None:
    item = agenda_item(planned(alice, title="April"))

    assert refused(decide, review, alice, agenda_item=item) == "other_review"
    assert refused(decide, close(review), alice) == "closed"


def test_it_is_due_that_day_or_later_and_has_an_owner(review: Review, alice: Membership) -> None:
    yesterday = dt.date(2026, 3, 9)
    viewer = build.member(alice.engagement, "Vera", Role.VIEWER)

    for record in (decide, lambda _, by, **fields: supersede(decide(review, by), by, **fields)):
        late = refused(record, review, alice, field="due_on", due_on=yesterday)
        assert late == "before_decision"
        assert refused(record, review, alice, field="owner", owner=viewer) == "owner"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("text", "   ", "required"),
        ("text", "x" * 4001, "max_length"),
        ("change", "mood", "invalid_choice"),
        ("change", "", "required"),
        ("evidence_url", "intranet/usage", "invalid"),
        ("evidence_url", "javascript:alert(1)", "invalid"),
        ("evidence_url", "ftp://example.com/usage", "invalid"),
        ("evidence_url", f"https://example.com/{'a' * 2000}", "max_length"),
    ],
)
def test_the_form_checks_each_value(alice: Membership, field: str, value: str, code: str) -> None:
    form_data = {
        "text": " Move the offer. ",
        "owner": alice.public_id,
        "due_on": "2026-03-24",
        "change": "bet",
        "evidence_url": URL,
        "key": str(uuid4()),
    }
    valid = DecisionForm(form_data, engagement=alice.engagement)
    invalid = DecisionForm({**form_data, field: value}, engagement=alice.engagement)

    assert valid.is_valid()
    assert valid.cleaned_data["text"] == "Move the offer."
    errors = invalid.errors.get_json_data()
    assert {name: error[0]["code"] for name, error in errors.items()} == {field: code}


@pytest.mark.parametrize(
    ("record", "others"),
    [
        pytest.param(
            partial(decide, evidence_url=URL),
            {"text": "Move it.", "due_on": DAY, "client_visible": True, "evidence_url": OTHER_URL},
            id="decision",
        ),
        pytest.param(act, {"what": "Call them", "due_on": DAY}, id="action"),
    ],
)
def test_one_form_is_recorded_once_and_does_not_come_with_other_values(
    review: Review, alice: Membership, record: Any, others: dict[str, Any]
) -> None:
    form: dict[str, Any] = {"by": alice, "review": review, "idempotency_key": uuid4()}
    first = record(**form)
    close(review)

    assert record(**form, now=LATER) == first
    for field, value in others.items():
        assert refused(record, **form, **{field: value}) == "reused"
    assert Decision.objects.count() + ActionItem.objects.count() == 1
    review.refresh_from_db()
    assert review.live_version == 2


def test_a_later_decision_supersedes_an_earlier_one_once_with_todays_values(
    review: Review, alice: Membership, onboarding: KeyResult
) -> None:
    post(onboarding, alice, actual=6)
    earlier = decide(review, alice, key_result=onboarding)
    close(review)
    check_in = post(onboarding, alice, actual=5, now=NEXT_WEEK)

    later = next_week(earlier, alice)

    assert (later.supersedes, later.occasion, later.number) == (earlier, review.occasion, 2)
    assert (later.decided_on, later.previous_hash) == (dt.date(2026, 3, 17), earlier.hash)
    assert [touch["value"] for touch in later.touches] == ["5"]
    assert [link["check_in"] for link in later.evidence] == [check_in.public_id]
    assert refused(next_week, earlier, alice) == "superseded"
    earlier.refresh_from_db()
    assert [touch["value"] for touch in earlier.touches] == ["6"]


def movement(
    then: str | None, now: str | None, *, higher: bool = True, on: int = 11, unit: str = ""
) -> Movement:
    """Return the movement since 10 March to a value measured on that day of March, 0 for none."""
    key_result = KeyResult(
        latest_value=None if now is None else Decimal(now),
        measured_on=dt.date(2026, 3, on) if on else None,
        direction="higher" if higher else "lower",
        metric=Metric(unit=unit),
    )
    return moved_since(dt.date(2026, 3, 10), {"value": then}, key_result)


@pytest.mark.parametrize(
    ("then", "now", "higher", "measured_on", "expected"),
    [
        pytest.param("7.4", "8.2", True, 11, Moved.BETTER, id="M8-up"),
        pytest.param("8.2", "7.4", True, 11, Moved.NO_BETTER, id="M8-down"),
        pytest.param("8.2", "7.4", False, 11, Moved.BETTER, id="M8-down-is-better"),
        pytest.param("7.4", "8.2", False, 11, Moved.NO_BETTER, id="M8-up-is-worse"),
        pytest.param("8.2", "8.20", True, 11, Moved.NO_BETTER, id="M8-equal"),
        pytest.param(None, "7.4", True, 11, Moved.BETTER, id="M8-first-value"),
        pytest.param("7.4", None, True, 11, Moved.UNKNOWN, id="M8-value-gone"),
        pytest.param("7.4", "8.2", True, 0, Moved.UNKNOWN, id="M8-never-measured"),
        pytest.param("7.4", "8.2", True, 9, Moved.UNKNOWN, id="M8-measured-before"),
        pytest.param("7.4", "8.2", True, 10, Moved.UNKNOWN, id="M8-known-to-those-who-decided"),
    ],
)
def test_a_value_measured_after_the_day_of_a_decision_is_compared(
    then: str | None, now: str | None, *, higher: bool, measured_on: int, expected: Moved
) -> None:
    assert movement(then, now, higher=higher, on=measured_on).moved is expected


def test_a_movement_is_written_with_its_unit() -> None:
    fell, waiting = movement("8.2", "7.4", unit="percent"), movement("8", "8", on=0)

    assert fell.sentence.replace("\xa0", " ") == "since then 8.2 → 7.4%"
    assert fell.words.replace("\xa0", " ") == "8.2 → 7.4%"
    assert (waiting.sentence, waiting.words) == ("no value since", "")


def test_an_action_of_a_review_shows_on_its_open_screens(
    alice: Membership, bob: Membership, review: Review, onboarding: KeyResult
) -> None:
    action = act(bob, "Ask for an export", owner=alice, review=review, key_result=onboarding)

    assert (action.what, action.owner, action.created_by) == ("Ask for an export", alice, bob)
    assert (action.objective, action.key_result) == (onboarding.objective, onboarding)
    assert action.is_open
    review.refresh_from_db()
    assert review.live_version == 2


def test_an_action_needs_a_text_an_owner_and_a_day_ahead(alice: Membership, review: Review) -> None:
    gone = build.member(alice.engagement, "Gus", removed_at=TUESDAY)
    form_data = {"what": "  ", "owner": alice.public_id, "due_on": "2026-03-24", "key": uuid4()}

    assert set(ActionForm(form_data, engagement=alice.engagement).errors) == {"what"}
    assert refused(act, alice, field="due_on", due_on=dt.date(2026, 3, 9)) == "in_past"
    assert refused(act, alice, field="owner", owner=gone) == "owner"
    assert refused(act, alice, review=close(review)) == "closed"


ROLES = {"Olga": Role.CONTRIBUTOR, "Carol": Role.CONTRIBUTOR, "Vera": Role.VIEWER}


@pytest.mark.parametrize(
    ("before", "command", "name", "expected"),
    [
        (None, complete_action, "Vera", "no_right"),
        (None, reopen_action, "Vera", "no_right"),
        (None, drop_action, "Vera", "no_right"),
        (None, drop_action, "Carol", "no_right"),  # neither lead nor author nor owner
        (None, drop_action, "Alice", "dropped by Alice"),
        (None, drop_action, "Bob", "dropped by Bob"),
        (None, drop_action, "Olga", "dropped by Olga"),
        (None, complete_action, "Carol", "done by Carol"),
        (complete_action, complete_action, "Carol", "done by Bob"),
        (drop_action, drop_action, "Alice", "dropped by Bob"),
        (complete_action, drop_action, "Alice", "done"),
        (drop_action, complete_action, "Alice", "dropped"),
        (complete_action, reopen_action, "Carol", "open"),
        (drop_action, reopen_action, "Carol", "open"),
        (None, reopen_action, "Carol", "open"),
    ],
)
def test_an_action_ends_once_and_can_be_reopened_even_after_its_review(
    review: Review, bob: Membership, before: Any, command: Any, name: str, expected: str
) -> None:
    """M8.3; Alice leads, Bob is its author and Olga its owner."""
    for other, role in ROLES.items():
        build.member(review.engagement, other, role)
    action = act(bob, owner=Membership.objects.get(name="Olga"), review=review)
    close(review)
    if before:
        before(action=action, by=bob, now=TUESDAY)

    by = Membership.objects.get(name=name)
    call: dict[str, Any] = {"action": action, "by": by, "now": LATER}

    if expected in ("no_right", "done", "dropped"):
        assert refused(command, **call) == expected
        return
    ended = command(**call)
    done, dropped = ended.done_by, ended.dropped_by
    state = f"done by {done}" if done else f"dropped by {dropped}" if dropped else "open"
    assert (state, ended.is_open) == (expected, expected == "open")
    assert ended.is_open == ActionItem.objects.open().filter(pk=action.pk).exists()
