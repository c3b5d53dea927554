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
from checkins.commands import undo_check_in
from decisions.commands import complete_action
from engagements.commands.engagements import close_engagement, update_engagement
from engagements.commands.invitations import correct_placeholder
from engagements.commands.members import change_role, remove_member
from engagements.commands.share_links import revoke_share_link
from engagements.models import Membership, Role
from engagements.permissions import RightLost
from metrics.commands import create_metric, update_metric
from notifications.models import Notice
from okrs.commands.cycles import create_team
from okrs.commands.key_results import draft_key_result, update_key_result
from okrs.commands.objectives import draft_objective, update_objective
from okrs.imports.command import import_okrs
from reviews.commands.reviews import close_review, mark_here, start_review, update_review
from tenancy.locks import lock, lock_names
from tenancy.models import TenantModel
from tenancy.scoping import scope
from tests.checkins.posting import TUESDAY, post
from tests.escalations.escalating import escalated
from tests.escalations.test_commands import outcome
from tests.okrs.imports.files import file_of
from tests.reviews.meeting import act, decide, supersede
from tests.reviews.running import YES
from tests.walls import acts
from tests.walls.acts import Act, Scene, scene_of
from tests.walls.racing import Doing, waiting

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.slow]


def undoes(scene: Scene, by: Membership) -> Doing:
    posted = post(scene.live[0], by)
    return lambda turn: undo_check_in(check_in=posted, by=by, now=TUESDAY)


def hands_out_action(scene: Scene, by: Membership) -> Doing:
    review = scene.review
    return lambda turn: act(by, review=review)


def completes(scene: Scene, by: Membership) -> Doing:
    row = scene.action
    return lambda turn: complete_action(action=row, by=by, now=TUESDAY)


def starts(scene: Scene, by: Membership) -> Doing:
    review = scene.planned
    return lambda turn: start_review(review=review, by=by, now=TUESDAY)


def closes_review(scene: Scene, by: Membership) -> Doing:
    review = scene.review
    return lambda turn: close_review(review=review, by=by, now=TUESDAY, **YES)


def imports(scene: Scene, by: Membership) -> Doing:
    return lambda turn: import_okrs(content=file_of({}), by=by, is_trusted=True, now=TUESDAY)


def corrects(scene: Scene, by: Membership) -> Doing:
    row = scene.invited[0]
    return lambda turn: correct_placeholder(
        membership=row, version=row.version, name="Dana", email=row.email, by=by, now=TUESDAY
    )


def revokes(scene: Scene, by: Membership) -> Doing:
    row = scene.share_link
    return lambda turn: revoke_share_link(share_link=row, by=by, now=TUESDAY)


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


def close_it(scene: Scene) -> None:
    close_engagement(engagement=scene.engagement, by=scene.lead, now=TUESDAY)


def remove_bob(scene: Scene) -> None:
    remove_member(membership=scene.other, by=scene.lead, now=TUESDAY)


def make_bob_a_viewer(scene: Scene) -> None:
    Membership.objects.filter(pk=scene.other.pk).update(role=Role.VIEWER)


def disable_bob(scene: Scene) -> None:
    assert scene.other.user is not None
    disable_user(user=scene.other.user)


BOTH = {**WORK, **PEOPLE}
CASES = [
    *((name, remove_bob, "no_right") for name in BOTH),
    *((name, make_bob_a_viewer, "no_right") for name in ("check-in", "role")),
    *((name, disable_bob, "no_right") for name in ("check-in", "role")),
    *((name, close_it, "closed") for name in WORK),
]


@pytest.mark.parametrize(
    ("name", "lose", "code"), CASES, ids=lambda one: getattr(one, "__name__", one)
)
def test_a_command_that_waited_while_its_right_was_lost_is_refused_and_stores_nothing(
    name: str, lose: Callable[[Scene], None], code: str
) -> None:
    act, held_by = BOTH[name]
    scene, (_, doing) = scene_of(acts.nothing, act)
    with scope(scene.engagement.pk):
        held = held_by(scene)

    def hold() -> None:
        lock_names(scene.engagement.pk)  # first, as who removes a member does
        lock(held)

    with waiting(hold, lambda: doing(0), engagement_id=scene.engagement.pk) as outcome:
        lose(scene)
        before = stored(scene)

    refusal = outcome.exception()
    assert isinstance(refusal, RightLost), refusal
    assert refusal.code == code
    with scope(scene.engagement.pk):
        assert stored(scene) == before


Give = Callable[..., Any]  # awaits who acts
# How a member gives something to the champion (M9.3). Owners come first.
GIVES: dict[str, Callable[[Scene], Give]] = {
    "objective": lambda scene: partial(
        draft_objective, cycle=scene.cycle, title="Grow", owner=scene.champion
    ),
    "key result": lambda scene: partial(
        draft_key_result, objective=scene.objectives[0], title="Two", owner=scene.champion
    ),
    "live key result": lambda scene: partial(
        update_key_result,
        key_result=scene.live[0],
        version=scene.live[0].version,
        title="One",
        owner=scene.champion,
    ),
    "metric": lambda scene: partial(
        create_metric, engagement=scene.engagement, name="Rate", owner=scene.champion
    ),
    "steward": lambda scene: partial(
        update_metric, metric=scene.metrics[0], version=1, name="Rate", steward=scene.champion
    ),
    "team": lambda scene: partial(
        create_team, engagement=scene.engagement, name="Platform", champion=scene.champion
    ),
    "decision": lambda scene: partial(decide, scene.review, owner=scene.champion),
    "action": lambda scene: partial(act, review=scene.review, owner=scene.champion),
    "later decision": lambda scene: partial(
        supersede, decide(scene.review, scene.lead), owner=scene.champion
    ),
    "reviewer": lambda scene: partial(
        draft_objective,
        cycle=scene.cycle,
        title="Grow",
        owner=scene.lead,
        reviewer=scene.champion,
    ),
    "objective's collaborator": lambda scene: partial(
        update_objective,
        objective=scene.objectives[0],
        version=1,
        title="Grow",
        owner=scene.lead,
        collaborators=[scene.champion],
    ),
    "key result's collaborator": lambda scene: partial(
        draft_key_result,
        objective=scene.objectives[0],
        title="Two",
        collaborators=[scene.champion],
    ),
    "recovery plan": lambda scene: partial(
        outcome, escalated(scene.live[0], scene.lead), plan_owner=scene.champion
    ),
    "attendee": lambda scene: partial(
        update_review,
        review=scene.planned,
        version=1,
        scheduled_at=TUESDAY,
        lead=scene.lead,
        attendees=[scene.champion],
        now=TUESDAY,
    ),
    "attendance": lambda scene: partial(
        mark_here, review=scene.review, member=scene.champion, is_here=True, now=TUESDAY
    ),
    "workflow": lambda scene: partial(
        update_engagement,
        engagement=scene.engagement,
        version=1,
        workflow_owner=scene.champion,
        now=TUESDAY,
    ),
}
CODES = {"team": "champion", "attendee": "attendees"}  # others: owner


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
    with scope(scene.engagement.pk):
        give = GIVES[name](scene)

    def hold() -> None:
        lock_names(scene.engagement.pk)
        lock(scene.lead, scene.other)

    with waiting(hold, lambda: give(by=scene.other), engagement_id=scene.engagement.pk) as given:
        lose(scene)
        before = stored(scene)

    refusal = given.exception()
    assert isinstance(refusal, ValidationError), refusal
    codes = refusal.error_dict.values() if hasattr(refusal, "error_dict") else [refusal.error_list]
    assert {error.code for errors in codes for error in errors} == {CODES.get(name, "owner")}
    with scope(scene.engagement.pk):
        assert stored(scene) == before


@pytest.mark.parametrize("name", list(GIVES)[:9])
def test_who_is_being_given_something_does_not_become_a_viewer(name: str) -> None:
    """M9.3."""
    scene, _ = scene_of(acts.nothing)
    with scope(scene.engagement.pk):
        give = GIVES[name](scene)

    with waiting(
        lambda: give(by=scene.other),
        lambda: make_champion_a_viewer(scene),
        engagement_id=scene.engagement.pk,
    ) as change:
        pass

    refusal = change.exception()
    assert isinstance(refusal, ValidationError), refusal
    assert refusal.code == "owner"


def test_the_close_waits_for_a_command_that_read_the_engagement_as_open() -> None:
    """So nothing is stored after it closed."""
    scene, (_, decides) = scene_of(acts.nothing, acts.decides)

    def close_now() -> Any:
        return close_engagement(engagement=scene.engagement, by=scene.lead, now=TUESDAY)

    with waiting(lambda: decides(0), close_now, engagement_id=scene.engagement.pk) as closed:
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
