"""What people who left were in charge of is listed until it is handed over (M9.3, M9.5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.db.models import ManyToOneRel
from django.test import Client

from decisions.models import ActionItem
from engagements.commands.handing_over import hand_over
from engagements.commands.members import change_role, remove_member
from engagements.holdings import count_left, held_by, items_of, leavers, registered
from engagements.models import Membership, Role
from escalations.models import Escalation, EscalationState
from metrics.models import Metric
from okrs.models import Collaborator, KeyResult, Objective, Stage
from okrs.queries.changes import changes
from reviews.models import Attendance, Review
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, refused
from tests.escalations.escalating import put_in
from tests.northwind import alice, onboarding
from tests.query_counts import assert_constant_queries
from tests.reviews.meeting import planned

__all__ = ["alice", "onboarding"]

TODAY, DAY = TUESDAY.date(), dt.timedelta(days=1)

# These columns name someone who acted, takes part in or receives something, or is given nothing.
NOT_IN_CHARGE = {
    *("author", "person", "member", "membership", "asked_by", "by", "removed_by", "recorded_by"),
    *("engagement.workflow_owner", "engagement.context_owner"),  # return to the leads by themselves
    "decision.owner",  # sealed with the decision; a later one supersedes it
}
FROZEN = (
    *("title", "commitment", "method", "direction", "baseline", "target", "ladder", "weight"),
    *("starts_on", "due_on", "metric_id", "committed_at"),
)


@pytest.fixture
def bob(alice: Membership) -> Membership:
    return build.member(alice.engagement, "Bob", Role.CHAMPION)


@pytest.fixture
def carol(alice: Membership) -> Membership:
    """Another lead, who may take over everything."""
    return build.member(alice.engagement, "Carol")


@pytest.fixture
def all_kinds(onboarding: KeyResult, alice: Membership, bob: Membership) -> KeyResult:
    """Bob is in charge of one thing of each kind; returns his key result."""
    objective, metric = onboarding.objective, onboarding.metric
    draft = build.objective(alice, objective.cycle, title="Grow", reviewer=bob)
    helped = build.live_key_result(draft, title="Other", owner_id=alice.pk)
    build.change(objective, owner=bob)
    build.change(metric, owner=bob, steward=bob)
    build.team(alice.engagement, champion=bob)
    for subject in ({"objective": draft}, {"key_result": helped}):
        Collaborator.objects.create(engagement=alice.engagement, member=bob, **subject)
    build.change(onboarding, red_since=TODAY - 8 * DAY)
    onboarding.refresh_from_db()
    put_in(onboarding, bob, state=EscalationState.ANSWERED, now=TUESDAY)
    ActionItem.objects.create(
        engagement=alice.engagement,
        what="Ask sales",
        owner=bob,
        due_on=TODAY,
        created_by=alice,
        created_at=TUESDAY,
    )
    review = planned(alice)
    build.change(review, lead=bob)
    Attendance.objects.create(engagement=alice.engagement, review=review, member=bob)
    return onboarding


def leave(bob: Membership, *, by: Membership) -> None:
    remove_member(membership=bob, by=by, now=TUESDAY)


def demote(bob: Membership, *, by: Membership) -> None:
    change_role(membership=bob, role=Role.VIEWER, by=by)


def give(bob: Membership, to: Membership, *, by: Membership, items: set[str] | None = None) -> int:
    tokens = {item.token for item in items_of(bob, today=TODAY)} if items is None else items
    bob.refresh_from_db()
    return hand_over(leaver=bob, to=to, items=tokens, by=by, now=TUESDAY)


def test_every_column_that_names_someone_in_charge_is_registered() -> None:
    names = {(holding.model, holding.key) for holding in registered()}
    relations = Membership._meta.get_fields(include_hidden=True)
    fields = [one.field for one in relations if isinstance(one, ManyToOneRel)]
    in_charge = {
        (field.model, field.name)
        for field in fields
        if not field.model.__name__.endswith("Event")
        and not field.name.endswith("_by")
        and not {field.name, f"{field.model._meta.model_name}.{field.name}"} & NOT_IN_CHARGE
    }

    assert names == in_charge


@pytest.mark.parametrize("goes", [leave, demote])
def test_everything_is_listed_for_the_lead_and_given_away_in_one_step(
    all_kinds: KeyResult,
    alice: Membership,
    bob: Membership,
    carol: Membership,
    goes: Callable[..., None],
) -> None:
    goes(bob, by=alice)

    (leaver,) = leavers(alice.engagement, today=TODAY)
    assert leaver.membership == bob
    assert [str(held) for held, _ in leaver.groups] == [
        "owns 1 metric",
        "is steward of 1 metric",
        "owns 1 objective",
        "reviews 1 objective",
        "owns 1 key result",
        "champions 1 team",
        "owns 1 open action",
        "carries out 1 recovery plan",
        "runs 1 review",
    ]
    assert count_left(alice.engagement, today=TODAY) == leaver.count == 9

    assert give(bob, carol, by=alice) == 9

    assert count_left(alice.engagement, today=TODAY) == 0
    assert sum(held.count for held in held_by(carol, today=TODAY)) == 9
    assert held_by(bob, today=TODAY) == []


def versions_now() -> list[int]:
    """Of a key result, an escalation, a metric and a review."""
    return [
        KeyResult.objects.values_list("version", flat=True).earliest("pk"),
        Escalation.objects.values_list("version", flat=True).get(),
        Metric.objects.values_list("version", flat=True).earliest("pk"),
        Review.objects.values_list("version", flat=True).get(),
    ]


def test_handing_over_leaves_frozen_terms_and_counts_the_version(
    all_kinds: KeyResult, alice: Membership, bob: Membership, carol: Membership
) -> None:
    before = {name: getattr(all_kinds, name) for name in FROZEN}
    versions = versions_now()
    leave(bob, by=alice)

    give(bob, carol, by=alice)

    all_kinds.refresh_from_db()
    assert {name: getattr(all_kinds, name) for name in FROZEN} == before
    assert all_kinds.owner == carol
    counted = [new - old for new, old in zip(versions_now(), versions, strict=True)]
    assert counted == [1, 1, 2, 1]
    assert [(one.field, one.old, one.new) for one in changes(all_kinds)][:1] == [
        ("Owner", "Bob", "Carol")
    ]


def test_single_items_can_be_handed_over(
    all_kinds: KeyResult, alice: Membership, bob: Membership, carol: Membership
) -> None:
    leave(bob, by=alice)

    assert give(bob, carol, by=alice, items={f"owner-{all_kinds.public_id}"}) == 1

    owned = Objective.objects.get(pk=all_kinds.objective_id).owner
    assert (KeyResult.objects.get(pk=all_kinds.pk).owner, owned) == (carol, bob)
    assert count_left(alice.engagement, today=TODAY) == 8


@pytest.mark.parametrize("goes", [leave, demote])
def test_collaboration_and_invitations_end_with_the_membership(
    all_kinds: KeyResult, alice: Membership, bob: Membership, goes: Callable[..., None]
) -> None:
    over = build.live_key_result(all_kinds.objective, title="Over", stage=Stage.CLOSED)
    Collaborator.objects.create(engagement=alice.engagement, member=bob, key_result=over)

    goes(bob, by=alice)

    assert [one.key_result for one in Collaborator.objects.all()] == [over]
    assert not Attendance.objects.exists()


def test_a_new_owner_is_no_longer_a_collaborator(
    all_kinds: KeyResult, alice: Membership, bob: Membership, carol: Membership
) -> None:
    for subject in ({"key_result": all_kinds}, {"objective": all_kinds.objective}):
        Collaborator.objects.create(engagement=alice.engagement, member=carol, **subject)
    leave(bob, by=alice)

    give(bob, carol, by=alice)

    assert not Collaborator.objects.exists()


@pytest.mark.parametrize(
    ("change", "listed"),
    [
        pytest.param({"stage": Stage.CLOSED}, False, id="closed"),
        pytest.param({"stage": Stage.WITHDRAWN}, False, id="withdrawn"),
        pytest.param({"stage": Stage.AT_RISK}, True, id="at-risk"),
    ],
)
def test_only_what_still_needs_someone_is_listed(
    onboarding: KeyResult,
    alice: Membership,
    bob: Membership,
    change: dict[str, Any],
    *,
    listed: bool,
) -> None:
    build.change(onboarding, owner=bob, **change)
    leave(bob, by=alice)

    assert (count_left(alice.engagement, today=TODAY) == 1) is listed


@pytest.mark.parametrize(
    ("days", "listed"),
    [
        pytest.param(7, True, id="M10.1-in-the-days-of-grace"),
        pytest.param(8, False, id="M10.1-after-them"),
    ],
)
def test_what_belongs_to_a_cycle_is_listed_until_its_values_are_in(
    onboarding: KeyResult, alice: Membership, bob: Membership, days: int, *, listed: bool
) -> None:
    build.change(onboarding, owner=bob)
    leave(bob, by=alice)

    after = onboarding.objective.cycle.ends_on + days * DAY

    assert (count_left(alice.engagement, today=after) == 1) is listed


@pytest.mark.parametrize(
    ("goes", "role", "code"),
    [
        pytest.param(False, Role.LEAD, "stays", id="M9.5-of-an-active-member"),
        pytest.param(True, Role.VIEWER, "to", id="M9.3-to-a-viewer"),
        pytest.param(True, Role.CONTRIBUTOR, "to", id="M9.4-a-team-to-a-contributor"),
    ],
)
def test_only_of_a_leaver_and_to_someone_who_may_take_all(
    all_kinds: KeyResult,
    alice: Membership,
    bob: Membership,
    carol: Membership,
    role: str,
    code: str,
    *,
    goes: bool,
) -> None:
    build.change(carol, role=role)
    if goes:
        leave(bob, by=alice)
    before = count_left(alice.engagement, today=TODAY)

    assert refused(give, bob, carol, by=alice) == code
    assert count_left(alice.engagement, today=TODAY) == before


def test_only_a_lead_hands_over(
    onboarding: KeyResult, alice: Membership, bob: Membership, carol: Membership
) -> None:
    build.change(onboarding, owner=bob)
    leave(bob, by=alice)
    build.change(carol, role=Role.CHAMPION)

    assert refused(give, bob, carol, by=carol) == "no_right"


def test_what_was_given_away_meanwhile_is_left_out(
    all_kinds: KeyResult, alice: Membership, bob: Membership, carol: Membership
) -> None:
    leave(bob, by=alice)
    tokens = {item.token for item in items_of(bob, today=TODAY)}
    give(bob, carol, by=alice, items={f"owner-{all_kinds.public_id}"})

    assert give(bob, alice, by=alice, items=tokens) == 8
    assert KeyResult.objects.get(pk=all_kinds.pk).owner == carol
    assert refused(give, bob, alice, by=alice, items=tokens) == "gone"


@pytest.fixture
def signed_in(alice: Membership, client: Client) -> Iterator[Client]:
    build.log_in(client, alice)
    with time_machine.travel(TUESDAY, tick=False):
        yield client


def test_removing_leads_to_the_page_on_which_one_press_gives_all_away(
    signed_in: Client, all_kinds: KeyResult, bob: Membership, carol: Membership
) -> None:
    slug = all_kinds.engagement.slug
    url, home = f"/e/{slug}/members/hand-over/", f"/e/{slug}/"
    removed = signed_in.post(f"/e/{slug}/members/{bob.public_id}/remove/")
    page = signed_in.get(removed["Location"])

    assert removed["Location"] == url
    assert "9 items have no active owner" in page.text
    for listing in (home, f"/e/{slug}/members/"):
        assert f'href="{url}"' in signed_in.get(listing).text
    tokens = [item.token for _, items in page.context["forms"][0].leaver.groups for item in items]
    data = {"leaver": bob.public_id, "items": tokens, "to": carol.public_id}
    given = signed_in.post(url, data)
    after = signed_in.get(given["Location"])

    assert "Carol takes over 9 items." in after.text
    assert "Every item has an active owner" in after.text
    assert f'href="{url}"' not in signed_in.get(home).text
    again = signed_in.post(url, data, follow=True)
    assert "given away in the meantime" in again.text


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"items": []}, "Tick at least one item."),
        ({"to": ""}, "Choose one person."),
        ({"items": ["owner-elsewhere"]}, "given away in the meantime"),
    ],
)
def test_an_invalid_form_keeps_what_was_ticked(
    signed_in: Client,
    all_kinds: KeyResult,
    alice: Membership,
    bob: Membership,
    carol: Membership,
    change: dict[str, Any],
    error: str,
) -> None:
    leave(bob, by=alice)
    token = f"owner-{all_kinds.public_id}"
    data = {"leaver": bob.public_id, "items": [token], "to": carol.public_id, **change}

    answer = signed_in.post(f"/e/{all_kinds.engagement.slug}/members/hand-over/", data)

    assert (answer.status_code, error in answer.text) == (422, True)
    assert answer.text.count(" checked") == (token in data["items"])
    assert count_left(alice.engagement, today=TODAY) == 9


def test_the_page_takes_the_same_queries_for_many(
    signed_in: Client, all_kinds: KeyResult, alice: Membership, bob: Membership
) -> None:
    leave(bob, by=alice)

    def add(number: int) -> None:
        with scope(alice.engagement_id):
            dana = build.member(alice.engagement, f"Dana {number}", removed_at=TUESDAY)
            build.live_key_result(all_kinds.objective, title=f"KR {number}", owner_id=dana.pk)
            build.metric(alice.engagement, f"Metric {number}", steward=dana)

    url = f"/e/{all_kinds.engagement.slug}/members/hand-over/"
    assert_constant_queries(lambda: signed_in.get(url), add=add, name="hand-over")


PAGES: dict[str, Callable[[KeyResult], str]] = {
    "home": lambda row: "",
    "cycle": lambda row: f"cycles/{row.objective.cycle.public_id}/",
    "objective": lambda row: f"objectives/{row.objective.public_id}/",
    "key result": lambda row: f"key-results/{row.public_id}/",
    "board": lambda row: "board/",
    "status page": lambda row: "status/",
    "metric": lambda row: f"metrics/{row.metric.public_id}/",
    "teams": lambda row: "teams/",
    "actions": lambda row: "actions/",
}


@pytest.mark.parametrize(("goes", "mark"), [(leave, "Bob (left)"), (demote, "Bob (viewer)")])
@pytest.mark.parametrize("page", PAGES)
def test_cards_home_and_status_page_mark_owners_who_left(
    signed_in: Client,
    all_kinds: KeyResult,
    alice: Membership,
    bob: Membership,
    page: str,
    goes: Callable[..., None],
    mark: str,
) -> None:
    build.change(all_kinds.objective, committed_at=TUESDAY - 30 * DAY, committed_by=alice)
    url = f"/e/{all_kinds.engagement.slug}/{PAGES[page](all_kinds)}"
    before = signed_in.get(url).text

    goes(bob, by=alice)

    assert (mark in before, mark in signed_in.get(url).text) == (False, True)
