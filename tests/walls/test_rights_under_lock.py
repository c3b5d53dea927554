"""Rights, owners and state are read again under the lock: what was lost meanwhile is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Model

from accounts.commands import disable_user
from accounts.models import User
from checkins.commands import undo_check_in
from decisions.commands import complete_action
from engagements.commands.engagements import close_engagement, update_engagement
from engagements.commands.handing_over import hand_over
from engagements.commands.invitations import correct_placeholder
from engagements.commands.members import change_role, remove_member
from engagements.commands.share_links import revoke_share_link
from engagements.holdings import count_left, held_by
from engagements.models import Engagement, Membership, Role
from engagements.permissions import RightLost
from imports.commands import import_okrs
from metrics.commands import create_metric, update_metric
from notifications.models import Notice
from okrs.commands.cycles import create_team
from okrs.commands.key_results import draft_key_result, update_key_result
from okrs.commands.objectives import draft_objective, update_objective
from reviews.commands.reviews import close_review, mark_here, start_review, update_review
from tenancy.locks import lock, lock_names
from tenancy.models import TenantModel
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, post
from tests.escalations.escalating import escalated
from tests.escalations.test_commands import outcome
from tests.imports.files import file_of
from tests.reviews.meeting import act, decide, supersede
from tests.reviews.running import YES
from tests.walls import acts
from tests.walls.acts import Act, Scene, on, scene_of
from tests.walls.racing import Doing, waiting

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.slow]


def undoes(scene: Scene, by: Membership) -> Doing:
    posted = post(scene.live[0], by)
    return lambda turn: undo_check_in(check_in=posted, by=by, now=TUESDAY)


def imports(scene: Scene, by: Membership) -> Doing:
    return lambda turn: import_okrs(content=file_of({}), by=by, is_trusted=True, now=TUESDAY)


def corrects(scene: Scene, by: Membership) -> Doing:
    row = scene.invited[0]
    return lambda turn: correct_placeholder(
        membership=row, version=row.version, name="Dana", email=row.email, by=by, now=TUESDAY
    )


hands_out_action = on("review", act, "review")
completes = on("action", complete_action, "action", now=TUESDAY)
starts = on("planned", start_review, "review", now=TUESDAY)
closes_review = on("review", close_review, "review", now=TUESDAY, **YES)
revokes = on("share_link", revoke_share_link, "share_link", now=TUESDAY)

# What Bob does, and the row of the scene that it waits for.
WORK: dict[str, tuple[Act, Callable[[Scene], Model]]] = {
    "check-in": (acts.checks_in, lambda scene: scene.live[0]),
    "undo": (undoes, lambda scene: scene.live[0]),
    "decision": (acts.decides, lambda scene: scene.review),
    "action": (hands_out_action, lambda scene: scene.review),
    "done": (completes, lambda scene: scene.action),
    "start": (starts, lambda scene: scene.planned),
    "close": (closes_review, lambda scene: scene.review),
    "commit": (acts.commits, lambda scene: scene.cycle),
    "draft": (acts.drafts_objective, lambda scene: scene.cycle),
    "cycle": (acts.extends_cycle, lambda scene: scene.cycle),
    "metric": (acts.renames_metric, lambda scene: scene.metrics[0]),
    "archive": (acts.archives_metric, lambda scene: scene.metrics[0]),
    "sheet": (imports, lambda scene: scene.cycle),
}
# These go on in a closed engagement. They lock the person and who acts, by primary key: Bob first.
PEOPLE: dict[str, tuple[Act, Callable[[Scene], Model]]] = {
    "invitation": (acts.invites_again, lambda scene: scene.other),
    "correction": (corrects, lambda scene: scene.other),
    "role": (acts.changes_role, lambda scene: scene.other),
    "removal": (acts.removing("champion"), lambda scene: scene.other),
    "share link": (revokes, lambda scene: scene.share_link),
}
BOTH = {**WORK, **PEOPLE}


def close(scene: Scene) -> Engagement:
    return close_engagement(engagement=scene.engagement, by=scene.lead, now=TUESDAY)


LOSSES: dict[str, Callable[[Scene], object]] = {
    "removed": lambda scene: remove_member(membership=scene.other, by=scene.lead, now=TUESDAY),
    "a viewer": lambda scene: Membership.objects.filter(name="Bob").update(role=Role.VIEWER),
    "disabled": lambda scene: disable_user(user=User.objects.get(name="Bob")),
    "closed": close,
}
CASES = [
    *((name, "removed") for name in BOTH),
    *((name, loss) for name in ("check-in", "role") for loss in ("a viewer", "disabled")),
    *((name, "closed") for name in WORK),
]


@pytest.mark.parametrize(("name", "loss"), CASES)
def test_a_command_that_waited_while_its_right_was_lost_is_refused_and_stores_nothing(
    name: str, loss: str
) -> None:
    act, held_by = BOTH[name]
    scene, (_, doing) = scene_of(acts.nothing, act)
    with scope(scene.engagement.pk):
        held = held_by(scene)

    def hold() -> None:
        lock_names(scene.engagement.pk)  # first, as who removes a member does
        lock(held)

    with waiting(hold, lambda: doing(0), engagement_id=scene.engagement.pk) as outcome:
        LOSSES[loss](scene)
        before = stored(scene)

    refusal = outcome.exception()
    assert isinstance(refusal, RightLost), refusal
    assert refusal.code == ("closed" if loss == "closed" else "no_right")
    with scope(scene.engagement.pk):
        assert stored(scene) == before


TODAY = TUESDAY.date()
Give = Callable[..., Any]  # awaits who acts
# How the champion is given something (M9.3); the last word names them there. Owners come first.
GIVES: dict[str, Callable[[Scene], Give]] = {
    "objective owner": lambda its: partial(draft_objective, cycle=its.cycle, title="Grow"),
    "draft owner": lambda its: partial(draft_key_result, objective=its.objectives[0], title="Two"),
    "key result owner": lambda its: partial(
        update_key_result, key_result=its.live[0], version=its.live[0].version, title="One"
    ),
    "metric owner": lambda its: partial(create_metric, engagement=its.engagement, name="Rate"),
    "metric steward": lambda its: partial(
        update_metric, metric=its.metrics[0], version=1, name="Rate"
    ),
    "team champion": lambda its: partial(create_team, engagement=its.engagement, name="Platform"),
    "decision owner": lambda its: partial(decide, its.review),
    "action owner": lambda its: partial(act, review=its.review),
    "later decision owner": lambda its: partial(supersede, decide(its.review, its.lead)),
    "objective reviewer": lambda its: partial(
        draft_objective, cycle=its.cycle, title="Grow", owner=its.lead
    ),
    "objective collaborators": lambda its: partial(
        update_objective, objective=its.objectives[0], version=1, title="Grow", owner=its.lead
    ),
    "draft collaborators": lambda its: partial(
        draft_key_result, objective=its.objectives[0], title="Two"
    ),
    "recovery plan_owner": lambda its: partial(outcome, escalated(its.live[0], its.lead)),
    "review attendees": lambda its: partial(
        update_review,
        review=its.planned,
        version=1,
        lead=its.lead,
        scheduled_at=TUESDAY,
        now=TUESDAY,
    ),
    "attendance member": lambda its: partial(
        mark_here, review=its.review, is_here=True, now=TUESDAY
    ),
    "hand-over to": lambda its: hand_over_of(its),
    "engagement workflow_owner": lambda its: partial(
        update_engagement, engagement=its.engagement, version=1, now=TUESDAY
    ),
}


def hand_over_of(scene: Scene) -> Give:
    """Someone left who owns a live key result."""
    gone = build.member(scene.engagement, "Gone", removed_at=TUESDAY)
    build.change(scene.live[0], owner=gone)
    items = {f"owner-{scene.live[0].public_id}"}
    return partial(hand_over, leaver=gone, items=items, now=TUESDAY)


def give_of(scene: Scene, name: str) -> Give:
    field, person = name.split()[-1], scene.champion
    with scope(scene.engagement.pk):
        give = GIVES[name](scene)
    return partial(give, **{field: [person] if field in ("collaborators", "attendees") else person})


def make_champion_a_viewer(scene: Scene) -> Membership:
    return change_role(membership=scene.champion, role=Role.VIEWER, by=scene.lead)


def remove_champion(scene: Scene) -> None:
    remove_member(membership=scene.champion, by=scene.lead, now=TUESDAY)


@pytest.mark.parametrize("lose", [make_champion_a_viewer, remove_champion])
@pytest.mark.parametrize("name", GIVES)
def test_who_became_a_viewer_or_left_meanwhile_is_given_nothing(
    name: str, lose: Callable[[Scene], Any]
) -> None:
    """M9.3."""
    scene, _ = scene_of(acts.nothing)
    give = give_of(scene, name)

    def hold() -> None:
        lock_names(scene.engagement.pk)
        lock(scene.lead, scene.other)

    with waiting(hold, lambda: give(by=scene.other), engagement_id=scene.engagement.pk) as given:
        lose(scene)
        before = stored(scene)

    refusal = given.exception()
    assert isinstance(refusal, ValidationError), refusal
    codes = refusal.error_dict.values() if hasattr(refusal, "error_dict") else [refusal.error_list]
    code = {"team champion": "champion", "review attendees": "attendees", "hand-over to": "to"}.get(
        name, "owner"
    )
    assert {error.code for errors in codes for error in errors} == {code}
    with scope(scene.engagement.pk):
        assert stored(scene) == before


GIVEN = [name for name in list(GIVES)[:9] if "decision" not in name]  # those stay with their owner


@pytest.mark.parametrize("name", GIVEN)
def test_who_is_being_given_something_becomes_a_viewer_after_it_and_is_listed(name: str) -> None:
    """M9.3."""
    scene, _ = scene_of(acts.nothing)
    give = give_of(scene, name)
    with scope(scene.engagement.pk):
        before = sum(held.count for held in held_by(scene.champion, today=TODAY))

    with waiting(
        lambda: give(by=scene.other),
        lambda: make_champion_a_viewer(scene),
        engagement_id=scene.engagement.pk,
    ) as change:
        pass

    assert change.result().role == Role.VIEWER
    with scope(scene.engagement.pk):
        assert count_left(scene.engagement, today=TODAY) == before + 1


def test_the_close_waits_for_a_command_that_read_the_engagement_as_open() -> None:
    """So nothing is stored after it closed."""
    scene, (_, decides) = scene_of(acts.nothing, acts.decides)

    with waiting(
        lambda: decides(0), lambda: close(scene), engagement_id=scene.engagement.pk
    ) as closed:
        before = stored(scene)

    assert closed.result().is_closed
    with scope(scene.engagement.pk):
        assert stored(scene) == before


def stored(scene: Scene) -> dict[str, list[Any]]:
    """Every row of the client."""
    models = [
        one for one in apps.get_models() if issubclass(one, TenantModel) and one is not Notice
    ]
    return {one.__name__: list(one._default_manager.order_by("pk").values_list()) for one in models}
