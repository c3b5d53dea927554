"""Rights and state are read again under the lock: what was lost while a command waited, it refuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model

from accounts.commands import disable_user
from checkins.commands import undo_check_in
from decisions.commands import complete_action
from engagements.commands.engagements import close_engagement
from engagements.commands.invitations import correct_placeholder, send_invitation
from engagements.commands.members import change_role, remove_member
from engagements.commands.share_links import create_share_link, revoke_share_link
from engagements.models import Engagement, Membership, Role
from engagements.permissions import RightLost
from metrics.commands import archive_metric, update_metric
from notifications.models import Notice
from okrs.commands.cycles import update_cycle
from okrs.commands.objectives import commit_objective, draft_objective
from okrs.imports.command import import_okrs
from reviews.commands.reviews import close_review, start_review
from tenancy.locks import lock, lock_names
from tenancy.models import TenantModel
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, post
from tests.okrs.imports.files import file_of
from tests.reviews.meeting import act, decide
from tests.reviews.running import YES, key_results, plan, run
from tests.walls.racing import waiting

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.slow]
Doing = Callable[[], Any]
DAY = dt.date(2026, 1, 5)


@dataclass
class Scene:
    """A client with two leads: Bob acts, Alice takes his right away."""

    alice: Membership
    bob: Membership

    @property
    def engagement(self) -> Engagement:
        engagement: Engagement = self.bob.engagement
        return engagement


@pytest.fixture
def scene(committed: str) -> Scene:
    engagement = build.engagement()
    return Scene(build.member(engagement), build.member(engagement, "Bob"))


def check_in(s: Scene) -> tuple[Model, Doing]:
    (row,) = key_results(s.bob, "One")
    return row, lambda: post(row, s.bob)


def undo(s: Scene) -> tuple[Model, Doing]:
    (row,) = key_results(s.bob, "One")
    posted = post(row, s.bob)
    return row, lambda: undo_check_in(check_in=posted, by=s.bob, now=TUESDAY)


def decision(s: Scene) -> tuple[Model, Doing]:
    review = run(s.alice)
    return review, lambda: decide(review, s.bob)


def action(s: Scene) -> tuple[Model, Doing]:
    review = run(s.alice)
    return review, lambda: act(s.bob, review=review)


def done(s: Scene) -> tuple[Model, Doing]:
    row = act(s.bob)
    return row, lambda: complete_action(action=row, by=s.bob, now=TUESDAY)


def start(s: Scene) -> tuple[Model, Doing]:
    review = plan(s.alice)
    return review, lambda: start_review(review=review, by=s.bob, now=TUESDAY)


def close(s: Scene) -> tuple[Model, Doing]:
    review = run(s.alice)
    return review, lambda: close_review(review=review, by=s.bob, now=TUESDAY, **YES)


def commit(s: Scene) -> tuple[Model, Doing]:
    cycle = build.cycle(s.engagement)
    objective = build.objective(s.bob, cycle)
    build.audited(build.key_result(objective, build.metric(s.engagement)), by=s.bob)
    return cycle, lambda: commit_objective(objective=objective, on=DAY, by=s.bob)


def draft(s: Scene) -> tuple[Model, Doing]:
    cycle = build.cycle(s.engagement)
    title = "Make first-time buyers want to return"
    return cycle, lambda: draft_objective(cycle=cycle, title=title, owner=s.bob, by=s.bob)


def cycle(s: Scene) -> tuple[Model, Doing]:
    row = build.cycle(s.engagement)
    terms = {name: getattr(row, name) for name in ("kind", "starts_on", "ends_on", "version")}
    return row, lambda: update_cycle(cycle=row, name="Spring", by=s.bob, **terms)


def metric(s: Scene) -> tuple[Model, Doing]:
    row = build.metric(s.engagement)
    return row, lambda: update_metric(metric=row, version=1, by=s.bob, name="Time to onboard")


def archive(s: Scene) -> tuple[Model, Doing]:
    row = build.metric(s.engagement)
    return row, lambda: archive_metric(metric=row, by=s.bob)


def sheet(s: Scene) -> tuple[Model, Doing]:
    row = build.cycle(s.engagement)
    return row, lambda: import_okrs(content=file_of({}), by=s.bob, is_trusted=True)


# These lock the person and who acts, by primary key: Bob first.
def invitation(s: Scene) -> tuple[Model, Doing]:
    dana = build.member(s.engagement, "Dana", Role.CONTRIBUTOR, user=None)
    return s.bob, lambda: send_invitation(membership=dana, by=s.bob)


def correction(s: Scene) -> tuple[Model, Doing]:
    dana = build.member(s.engagement, "Dana", Role.CONTRIBUTOR, user=None)
    return s.bob, lambda: correct_placeholder(
        membership=dana, version=1, name="Dana Doe", email=dana.email, by=s.bob
    )


def role(s: Scene) -> tuple[Model, Doing]:
    dana = build.member(s.engagement, "Dana", Role.CONTRIBUTOR)
    return s.bob, lambda: change_role(membership=dana, role=Role.CHAMPION, by=s.bob)


def removal(s: Scene) -> tuple[Model, Doing]:
    dana = build.member(s.engagement, "Dana", Role.CONTRIBUTOR)
    return s.bob, lambda: remove_member(membership=dana, by=s.bob)


def share_link(s: Scene) -> tuple[Model, Doing]:
    row = create_share_link(engagement=s.engagement, label="Board", by=s.bob, now=TUESDAY)
    return row, lambda: revoke_share_link(share_link=row, by=s.bob, now=TUESDAY)


WORK = (
    check_in, undo, decision, action, done, start, close, commit, draft, cycle, metric, archive,
    sheet,
)  # fmt: skip
PEOPLE = (invitation, correction, role, removal, share_link)  # go on in a closed engagement


def close_it(s: Scene) -> None:
    close_engagement(engagement=s.engagement, by=s.alice)


def remove_bob(s: Scene) -> None:
    remove_member(membership=s.bob, by=s.alice)


def make_bob_a_viewer(s: Scene) -> None:
    Membership.objects.filter(pk=s.bob.pk).update(role=Role.VIEWER)


def disable_bob(s: Scene) -> None:
    assert s.bob.user is not None
    disable_user(user=s.bob.user)


CASES = [
    *((doing, lost, "no_right") for doing in (*WORK, *PEOPLE) for lost in (remove_bob,)),
    *((doing, lost, "no_right") for doing in (check_in, role) for lost in (make_bob_a_viewer, disable_bob)),
    *((doing, close_it, "closed") for doing in WORK),
]  # fmt: skip


@pytest.mark.parametrize(
    ("prepare", "lose", "code"),
    CASES,
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_a_command_that_waited_while_its_right_was_lost_is_refused_and_stores_nothing(
    scene: Scene,
    prepare: Callable[[Scene], tuple[Model, Doing]],
    lose: Callable[[Scene], None],
    code: str,
) -> None:
    with scope(scene.engagement.pk):
        held, doing = prepare(scene)

    def hold() -> None:
        lock_names(scene.engagement.pk)  # first, as who removes a member does
        lock(held)

    with waiting(hold, doing, engagement_id=scene.engagement.pk) as outcome:
        lose(scene)
        before = stored(scene)

    refusal = outcome.exception()
    assert isinstance(refusal, RightLost), refusal
    assert refusal.code == code
    with scope(scene.engagement.pk):
        assert stored(scene) == before


def test_the_close_waits_for_a_command_that_read_the_engagement_as_open(scene: Scene) -> None:
    """So nothing is stored after it closed."""
    with scope(scene.engagement.pk):
        review = run(scene.alice)

    def close_now() -> Any:
        return close_engagement(engagement=scene.engagement, by=scene.alice)

    post = lambda: decide(review, scene.bob)  # noqa: E731
    with waiting(post, close_now, engagement_id=scene.engagement.pk) as closed:
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
