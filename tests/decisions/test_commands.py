"""Decisions and actions: recorded, superseded or ended, compared with today (M8, M8.2, M8.3)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
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
from reviews.models import AgendaItem, Review
from tests import build
from tests.checkins.posting import TUESDAY, post
from tests.reviews.meeting import act, close, decide, planned, refusal, supersede

pytestmark = pytest.mark.django_db
LATER = TUESDAY + dt.timedelta(minutes=5)
NEXT_WEEK = TUESDAY + dt.timedelta(days=7)
URL = "https://example.com/usage"


def next_week(decision: Decision, by: Membership, **fields: Any) -> Decision:
    return supersede(decision, by, now=NEXT_WEEK, **fields)


def test_a_decision_is_numbered_and_sealed_with_the_hash_before_it(
    review: Review, alice: Membership
) -> None:
    first, second = decide(review, alice), decide(review, alice, now=LATER)

    assert (first.number, first.previous_hash, len(first.hash)) == (1, "", 64)
    assert (second.number, second.previous_hash) == (2, first.hash)
    head = DecisionHead.objects.get(engagement=alice.engagement)
    assert (head.number, head.hash) == (2, second.hash)
    review.refresh_from_db()
    assert review.live_version == 3


def test_a_decision_has_the_clients_day_and_none_is_dated_before_the_last(
    review: Review, alice: Membership
) -> None:
    midnight_in_berlin = dt.datetime(2026, 3, 10, 23, 30, tzinfo=dt.UTC)

    assert decide(review, alice, now=midnight_in_berlin).decided_on == dt.date(2026, 3, 11)
    assert decide(review, alice, now=TUESDAY).recorded_at == midnight_in_berlin


def test_the_key_result_is_sealed_with_its_values_and_its_check_in(
    review: Review, alice: Membership, onboarding: KeyResult
) -> None:
    check_in = post(onboarding, alice, actual=6)

    decision = decide(review, alice, key_result=onboarding)

    assert decision.touches == [
        {
            "objective": onboarding.objective.public_id,
            "key_result": onboarding.public_id,
            "title": onboarding.title,
            "value": "6",
            "score": "0.60",
            "rag": "amber",
        }
    ]
    label = "Check-in of 10\N{NO-BREAK SPACE}Mar\N{NO-BREAK SPACE}2026, 0.60"
    public_ids = {"check_in": check_in.public_id, "key_result": onboarding.public_id}
    assert decision.evidence == [{"label": label, **public_ids}]


def test_an_objective_is_sealed_by_name_and_an_address_as_evidence(
    review: Review, alice: Membership, onboarding: KeyResult
) -> None:
    objective = onboarding.objective

    (touch,) = decide(review, alice, key_result=onboarding).touches  # without a value yet
    decision = decide(review, alice, objective=objective, evidence_url=URL)

    assert (touch["value"], touch["score"], touch["rag"]) == (None, None, "no_data")
    assert decision.touches == [{"objective": objective.public_id, "title": objective.title}]
    assert decision.evidence == [{"label": URL, "url": URL}]
    assert next_week(decision, alice).touches == decision.touches


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        pytest.param(Role.CHAMPION, "", id="M8.2-champion"),
        pytest.param(Role.LEAD, "", id="M8.2-lead"),
        pytest.param(Role.SPONSOR, "", id="M8.2-sponsor"),
        pytest.param(Role.CONTRIBUTOR, "no_right", id="M8.2-contributor"),
        pytest.param(Role.VIEWER, "no_right", id="M8.2-viewer"),
    ],
)
def test_champion_lead_and_sponsor_decide(
    review: Review, alice: Membership, role: str, expected: str
) -> None:
    dana = build.member(alice.engagement, "Dana", role)

    if expected:
        assert refusal(decide, review, dana, owner=alice) == expected
        assert refusal(next_week, decide(review, alice), dana, owner=alice) == expected
    else:
        assert decide(review, dana, owner=alice).recorded_by == dana


def test_a_decision_needs_an_open_review_and_an_item_of_it(
    review: Review, alice: Membership
) -> None:
    item = AgendaItem.objects.create(
        engagement=alice.engagement,
        review=planned(alice, title="April"),
        section="red",
        position=1,
        title="It is red",
    )

    assert refusal(decide, review, alice, agenda_item=item) == "other_review"
    assert refusal(decide, close(review), alice) == "closed"


def test_it_is_due_on_its_day_or_later_and_owned_by_a_member(
    review: Review, alice: Membership
) -> None:
    yesterday = dt.date(2026, 3, 9)
    viewer = build.member(alice.engagement, "Vera", Role.VIEWER)

    for record in (decide, lambda _, by, **fields: supersede(decide(review, by), by, **fields)):
        late = refusal(record, review, alice, field="due_on", due_on=yesterday)
        assert late == "before_decision"
        assert refusal(record, review, alice, field="owner", owner=viewer) == "owner"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("text", "   ", "required"),
        ("text", "x" * 4001, "max_length"),
        ("change", "mood", "invalid_choice"),
        ("change", "", "required"),
        ("evidence_url", "example.com/usage", "invalid"),
        ("evidence_url", "javascript:alert(1)", "invalid"),
        ("evidence_url", "ftp://example.com/usage", "invalid"),
        ("evidence_url", f"https://example.com/{'a' * 500}", "max_length"),
    ],
)
def test_the_form_checks_the_shape_of_each_value(
    alice: Membership, field: str, value: str, code: str
) -> None:
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
    assert {name: error[0]["code"] for name, error in invalid.errors.get_json_data().items()} == {
        field: code
    }


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"text": "Move it to day twenty."},
        {"due_on": dt.date(2026, 3, 25)},
        {"client_visible": True},
        {"evidence_url": "https://example.com/other"},
    ],
)
def test_one_form_is_recorded_once_and_does_not_come_with_other_values(
    review: Review, alice: Membership, other: dict[str, Any]
) -> None:
    fields: dict[str, Any] = {"evidence_url": URL, "idempotency_key": uuid4()}
    first = decide(review, alice, **fields)
    close(review)

    if other:
        assert refusal(decide, review, alice, **{**fields, **other}) == "reused"
    else:
        assert decide(review, alice, now=LATER, **fields) == first
    assert Decision.objects.count() == 1


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
    assert refusal(next_week, earlier, alice) == "superseded"
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

    assert fell.sentence.replace("\xa0", " ") == "since then 8.2 → 7.4 %"
    assert fell.words.replace("\xa0", " ") == "8.2 → 7.4 %"
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


def test_an_action_needs_a_text_an_active_owner_and_a_day_ahead(
    alice: Membership, review: Review
) -> None:
    gone = build.member(alice.engagement, "Gus", removed_at=TUESDAY)
    form_data = {"what": "  ", "owner": alice.public_id, "due_on": "2026-03-24", "key": uuid4()}

    assert set(ActionForm(form_data, engagement=alice.engagement).errors) == {"what"}
    assert refusal(act, alice, field="due_on", due_on=dt.date(2026, 3, 9)) == "in_past"
    assert refusal(act, alice, field="owner", owner=gone) == "owner"
    assert refusal(act, alice, review=close(review)) == "closed"


def test_an_action_is_done_once_even_after_its_review(
    alice: Membership, bob: Membership, review: Review
) -> None:
    action = act(alice, review=review)
    close(review)

    complete_action(action=action, by=bob, now=TUESDAY)
    done = complete_action(action=action, by=alice, now=LATER)

    assert (done.done_at, done.done_by) == (TUESDAY, bob)


@pytest.mark.parametrize("end", [complete_action, drop_action])
def test_an_ended_action_can_be_reopened(alice: Membership, end: Any) -> None:
    action = act(alice)
    end(action=action, by=alice, now=TUESDAY)

    assert reopen_action(action=action, by=alice, now=LATER).is_open
    assert ActionItem.objects.open().get() == action
    assert reopen_action(action=action, by=alice, now=LATER).is_open


def test_owner_author_and_lead_drop_an_action(alice: Membership, bob: Membership) -> None:
    carol = build.member(alice.engagement, "Carol", Role.CONTRIBUTOR)
    action = act(bob, owner=bob)

    assert refusal(drop_action, action=action, by=carol, now=LATER) == "no_right"
    assert drop_action(action=action, by=bob, now=LATER).dropped_by == bob
    assert drop_action(action=action, by=alice, now=LATER).dropped_by == bob


def test_an_action_is_either_done_or_dropped(alice: Membership) -> None:
    done, dropped = act(alice), act(alice)
    complete_action(action=done, by=alice, now=TUESDAY)
    drop_action(action=dropped, by=alice, now=TUESDAY)

    assert refusal(drop_action, action=done, by=alice, now=LATER) == "done"
    assert refusal(complete_action, action=dropped, by=alice, now=LATER) == "dropped"


@pytest.mark.parametrize("command", [complete_action, reopen_action, drop_action])
def test_viewers_change_no_action(alice: Membership, command: Any) -> None:
    viewer = build.member(alice.engagement, "Vera", Role.VIEWER)

    assert refusal(command, action=act(alice), by=viewer, now=LATER) == "no_right"


def test_one_form_is_added_once_and_with_the_same_values(
    alice: Membership, bob: Membership, review: Review
) -> None:
    key = uuid4()
    first = act(alice, review=review, idempotency_key=key)

    assert act(alice, review=review, idempotency_key=key, now=LATER) == first
    for other in ({"what": "Call them"}, {"owner": bob}, {"due_on": dt.date(2026, 3, 25)}):
        fields: dict[str, Any] = {**other, "review": review, "idempotency_key": key}
        assert refusal(act, alice, **fields) == "reused"
    assert ActionItem.objects.count() == 1
    review.refresh_from_db()
    assert review.live_version == 2
