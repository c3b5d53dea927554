"""No two commands wait for each other, whatever tables they share.

`RACE_ROUNDS=200` runs each pair 200 times; the usual run does a few.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from decisions.commands import complete_action, reopen_action
from engagements import links
from engagements.commands.engagements import close_engagement, reopen_engagement, update_engagement
from engagements.commands.invitations import accept_as_user, send_invitation
from engagements.commands.members import change_role, remove_member
from engagements.commands.profiles import update_profile
from engagements.models import Invitation, Membership, Role
from escalations.commands import set_huddle
from metrics.commands import archive_metric, create_metric, update_metric
from metrics.models import Metric
from okrs.commands.cycles import update_cycle, update_team
from okrs.commands.key_results import (
    discard_key_result,
    draft_key_result,
    link_contribution,
    unlink_contribution,
    update_key_result,
)
from okrs.commands.objectives import (
    commit_objective,
    discard_objective,
    draft_objective,
    update_objective,
)
from okrs.imports.command import ImportRefusedError
from okrs.models import ContributionLink, Cycle, CycleKind, KeyResult, Objective
from status.commands import publish_report
from status.schema import ReportText
from tenancy.locks import lock
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, post
from tests.escalations.escalating import escalated
from tests.lock_order import LockedOutOfOrder
from tests.okrs.imports.files import file_of, load
from tests.reviews.meeting import act, decide
from tests.reviews.running import key_results, run
from tests.walls.racing import ROUNDS, Doing, deadlocks, waiting

pytestmark = pytest.mark.slow

DAY = dt.date(2026, 1, 5)
WORDS = ReportText(headline="Five of six are on pace.", moved="", red="", decided="", next_steps="")
Pair = tuple[Doing, Doing]


def committed_objectives(lead: Membership, metrics: list[Metric]) -> list[Objective]:
    cycle = build.cycle(lead.engagement)
    rows = [build.objective(lead, cycle, title=f"Win {turn}") for turn in range(ROUNDS)]
    for row, metric in zip(rows, metrics, strict=True):
        build.audited(build.key_result(row, metric), by=lead)
    return rows


def metrics_of(lead: Membership) -> list[Metric]:
    return [build.metric(lead.engagement, f"Metric {turn}") for turn in range(ROUNDS)]


def rename(metric: Metric, by: Membership) -> Metric:
    return update_metric(metric=metric, version=1, by=by, name=f"{metric.name} renamed")


def metric_and_engagement(lead: Membership, other: Membership) -> Pair:
    rows = metrics_of(lead)
    return (
        lambda turn: rename(rows[turn], lead),
        lambda turn: archive_metric(metric=rows[turn], by=other),
    )


def key_result_metric_and_engagement(lead: Membership, other: Membership) -> Pair:
    rows = metrics_of(lead)
    objectives = committed_objectives(lead, rows)
    return (
        lambda turn: rename(rows[turn], lead),
        lambda turn: commit_objective(objective=objectives[turn], on=DAY, by=other),
    )


def extend(cycle: Cycle, by: Membership) -> Doing:
    terms = {name: getattr(cycle, name) for name in ("name", "kind", "starts_on")}

    def longer(turn: int) -> Any:
        ends_on = cycle.ends_on + dt.timedelta(days=turn + 1)
        return update_cycle(cycle=cycle, version=turn + 1, ends_on=ends_on, by=by, **terms)

    return longer


def cycle_draft_and_engagement(lead: Membership, other: Membership) -> Pair:
    cycle = build.cycle(lead.engagement)
    return extend(cycle, lead), lambda turn: draft_objective(
        cycle=cycle, title=f"Draft {turn}", owner=other, by=other
    )


def cycle_and_commit(lead: Membership, other: Membership) -> Pair:
    objectives = committed_objectives(lead, metrics_of(lead))
    return (
        extend(objectives[0].cycle, lead),
        lambda turn: commit_objective(objective=objectives[turn], on=DAY, by=other),
    )


def new_metric_in_a_draft(lead: Membership, other: Membership) -> Pair:
    row = build.key_result(build.objective(lead, build.cycle(lead.engagement)))

    def save(turn: int) -> Any:
        new = {"name": f"Metric {turn}", "unit": "days"}
        return update_key_result(
            key_result=row, version=turn + 1, by=lead, title=f"Days {turn}", new_metric=new
        )

    return save, lambda turn: create_metric(
        engagement=other.engagement, by=other, name=f"Other {turn}"
    )


def check_in_and_huddle(lead: Membership, other: Membership) -> Pair:
    (row,) = key_results(lead, "One")
    found = escalated(row, lead)
    huddle: dict[str, Any] = {"at": TUESDAY + dt.timedelta(hours=2), "now": TUESDAY, "by": other}
    return (
        lambda turn: post(row, lead, actual="8.8", confidence=2),
        lambda turn: set_huddle(escalation=found, version=found.version + turn, **huddle),
    )


def check_in_and_settings(lead: Membership, other: Membership) -> Pair:
    (row,) = key_results(lead, "One")
    vision = "Everyone returns."
    return (
        lambda turn: post(row, lead),
        lambda turn: update_engagement(
            engagement=other.engagement, version=turn + 1, by=other, vision=vision
        ),
    )


def check_in_and_close(lead: Membership, other: Membership) -> Pair:
    (row,) = key_results(lead, "One")

    def close(turn: int) -> None:
        close_engagement(engagement=other.engagement, by=other)
        reopen_engagement(engagement=other.engagement, by=other)

    return lambda turn: post(row, lead), close


def contributions(lead: Membership, other: Membership) -> Pair:
    one, two = key_results(lead, "One", "Two")

    def unlink(turn: int) -> None:
        if link := ContributionLink.objects.first():
            unlink_contribution(link=link, by=other)

    return (
        lambda turn: link_contribution(source=one, target=two, how=f"By {turn}.", by=lead),
        unlink,
    )


def drafts(lead: Membership) -> list[KeyResult]:
    """Drafts of one objective, each with an audit, which a discard deletes first."""
    objective = build.objective(lead, build.cycle(lead.engagement), title="Drafts")
    return [build.audited(build.key_result(objective), by=lead) for _ in range(ROUNDS)]


def parents(lead: Membership) -> list[Objective]:
    cycle = build.cycle(lead.engagement, "2026", kind=CycleKind.ANNUAL)
    return [build.objective(lead, cycle, title=f"Parent {turn}") for turn in range(ROUNDS)]


def discard_and_link(lead: Membership, other: Membership) -> Pair:
    rows = drafts(lead)
    target = build.key_result(rows[0].objective)
    return (
        lambda turn: link_contribution(source=rows[turn], target=target, how="", by=lead),
        lambda turn: discard_key_result(key_result=rows[turn], by=other),
    )


def discard_and_unlink(lead: Membership, other: Membership) -> Pair:
    rows = drafts(lead)
    target = build.key_result(rows[0].objective)
    links = [link_contribution(source=target, target=row, how="", by=lead) for row in rows]
    return (
        lambda turn: unlink_contribution(link=links[turn], by=lead),
        lambda turn: discard_key_result(key_result=rows[turn], by=other),
    )


def discard_and_child(lead: Membership, other: Membership) -> Pair:
    rows = parents(lead)
    cycle, team = build.cycle(lead.engagement), build.team(lead.engagement)
    drafted: dict[str, Any] = {"cycle": cycle, "team": team, "owner": lead, "by": lead}
    return (
        lambda turn: draft_objective(title=f"Child {turn}", parent=rows[turn], **drafted),
        lambda turn: discard_objective(objective=rows[turn], by=other),
    )


def decision_and_report(lead: Membership, other: Membership) -> Pair:
    review = run(lead)
    return (
        lambda turn: decide(review, lead),
        lambda turn: publish_report(
            engagement=other.engagement, words=WORDS, by=other, now=TUESDAY
        ),
    )


def two_decisions(lead: Membership, other: Membership) -> Pair:
    first, second = run(lead), run(lead, title="Other")
    return lambda turn: decide(first, lead), lambda turn: decide(second, other)


def action_and_decision(lead: Membership, other: Membership) -> Pair:
    review = run(lead)
    action = act(lead, review=review)

    def tick(turn: int) -> None:
        complete_action(action=action, by=other, now=TUESDAY)
        reopen_action(action=action, by=other, now=TUESDAY)

    return lambda turn: decide(review, lead), tick


def team_and_role(lead: Membership, other: Membership) -> Pair:
    team = build.team(lead.engagement)
    champion = build.member(lead.engagement, "Charlie", Role.CHAMPION)
    roles = (Role.LEAD, Role.CHAMPION)
    return (
        lambda turn: update_team(
            team=team, version=turn + 1, name=f"Team {turn}", champion=champion, by=lead
        ),
        lambda turn: change_role(membership=champion, role=roles[turn % 2], by=other),
    )


def two_roles(lead: Membership, other: Membership) -> Pair:
    """Two leads, each about the other."""
    build.member(lead.engagement, "Carol")
    roles = (Role.SPONSOR, Role.LEAD)

    def change(turn: int, row: Membership, by: Membership) -> None:
        change_role(membership=row, role=roles[turn % 2], by=by)
        Membership.objects.filter(pk=row.pk).update(role=Role.LEAD)

    return lambda turn: change(turn, other, lead), lambda turn: change(turn, lead, other)


def role_and_name(lead: Membership, other: Membership) -> Pair:
    roles, user = (Role.CHAMPION, Role.LEAD), other.user
    assert user is not None
    return (
        lambda turn: change_role(membership=other, role=roles[turn % 2], by=lead),
        lambda turn: update_profile(user=user, name=f"Bob {turn}"),
    )


def placeholders(lead: Membership) -> list[Membership]:
    names = [f"Guest {turn}" for turn in range(ROUNDS)]
    rows = [build.member(lead.engagement, one, Role.CONTRIBUTOR, user=None) for one in names]
    for row in rows:
        build.user(row.name, email=row.email)
    return rows


def accept(row: Membership) -> None:
    invitation = Invitation.objects.filter(membership=row).latest("pk")
    user = User.objects.get(email=row.email)
    accept_as_user(token=links.invitation_token(invitation), user=user)


def joining_and_inviting_again(lead: Membership, other: Membership) -> Pair:
    rows = placeholders(lead)
    for row in rows:
        send_invitation(membership=row, by=lead)
    return (
        lambda turn: accept(rows[turn]),
        lambda turn: send_invitation(membership=rows[turn], by=other),
    )


def joining_and_removing(lead: Membership, other: Membership) -> Pair:
    rows = placeholders(lead)
    for row in rows:
        send_invitation(membership=row, by=lead)
    return (
        lambda turn: accept(rows[turn]),
        lambda turn: remove_member(membership=rows[turn], by=other),
    )


def joining_and_being_named(lead: Membership, other: Membership) -> Pair:
    rows = placeholders(lead)
    review = run(lead)
    for row in rows:
        send_invitation(membership=row, by=lead)
    return (
        lambda turn: accept(rows[turn]),
        lambda turn: decide(review, other, owner=rows[turn]),
    )


def removing_and_acting(lead: Membership, other: Membership) -> Pair:
    (row,) = key_results(lead, "One")

    def remove(turn: int) -> None:
        remove_member(membership=other, by=lead)
        Membership.objects.filter(pk=other.pk).update(removed_at=None, removed_by=None)

    return remove, lambda turn: post(row, other)


def importing(lead: Membership, line: Callable[[int], dict[str, str]]) -> Doing:
    """Import one new key result a round."""

    def load_one(turn: int) -> None:
        new = {"key_result": f"Share {turn}", "unit": "", "metric": f"Rate {turn}"}
        with suppress(ImportRefusedError):  # who comes second may be refused
            load(file_of({**new, **line(turn)}), by=lead)

    return load_one


def import_and_renaming(lead: Membership, other: Membership) -> Pair:
    rows = metrics_of(lead)
    return importing(lead, lambda turn: {"metric": rows[turn].name}), (
        lambda turn: rename(rows[turn], other)
    )


def import_and_archiving(lead: Membership, other: Membership) -> Pair:
    rows = metrics_of(lead)
    return importing(lead, lambda turn: {"metric": rows[turn].name}), (
        lambda turn: archive_metric(metric=rows[turn], by=other)
    )


def import_and_commit(lead: Membership, other: Membership) -> Pair:
    rows = committed_objectives(lead, metrics_of(lead))
    return importing(lead, lambda turn: {"objective": f"Win {turn}", "metric": f"Metric {turn}"}), (
        lambda turn: commit_objective(objective=rows[turn], on=DAY, by=other)
    )


def import_and_draft(lead: Membership, other: Membership) -> Pair:
    (row,) = key_results(lead, "One")
    return importing(lead, lambda turn: {"metric": f"New {turn}"}), lambda turn: draft_key_result(
        objective=row.objective, title=f"Two {turn}", new_metric={"name": f"New {turn}"}, by=other
    )


def import_and_check_in(lead: Membership, other: Membership) -> Pair:
    (row,) = key_results(lead, "One")
    contributing = importing(lead, lambda turn: {"contributes_to": "One"})
    return contributing, lambda turn: post(row, other)


def import_and_joining(lead: Membership, other: Membership) -> Pair:
    rows = placeholders(lead)
    for row in rows:
        send_invitation(membership=row, by=lead)
    return importing(
        lead, lambda turn: {"owner": rows[turn].name, "owner_email": rows[turn].email}
    ), (lambda turn: accept(rows[turn]))


def import_and_removing(lead: Membership, other: Membership) -> Pair:
    owner = build.member(lead.engagement, "Carol")

    def remove(turn: int) -> None:
        remove_member(membership=owner, by=other)
        Membership.objects.filter(pk=owner.pk).update(removed_at=None, removed_by=None)

    return importing(lead, lambda turn: {"owner": owner.name, "owner_email": owner.email}), remove


PAIRS: list[Callable[[Membership, Membership], Pair]] = [
    metric_and_engagement,
    key_result_metric_and_engagement,
    cycle_draft_and_engagement,
    cycle_and_commit,
    new_metric_in_a_draft,
    check_in_and_huddle,
    check_in_and_settings,
    check_in_and_close,
    contributions,
    discard_and_link,
    discard_and_unlink,
    discard_and_child,
    decision_and_report,
    two_decisions,
    action_and_decision,
    team_and_role,
    two_roles,
    role_and_name,
    joining_and_inviting_again,
    joining_and_removing,
    joining_and_being_named,
    removing_and_acting,
    import_and_renaming,
    import_and_archiving,
    import_and_commit,
    import_and_draft,
    import_and_check_in,
    import_and_joining,
    import_and_removing,
]


@pytest.mark.slow
@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.__name__)
def test_two_commands_never_wait_for_each_other(
    pair: Callable[[Membership, Membership], Pair],
) -> None:
    engagement = build.engagement()
    lead, other = build.member(engagement), build.member(engagement, "Bob")
    with scope(engagement.pk):
        # Each acts in hand of its own, as two requests do.
        doings = pair(lead, copy.deepcopy(other))

    assert deadlocks(engagement.pk, *doings) == []


Discard = tuple[Doing, Doing, Doing]  # what it waits for, the discard, and what comes meanwhile


def nothing(turn: int) -> None:
    pass


def discard_of_a_source(lead: Membership, other: Membership) -> Discard:
    return *discard_and_link(lead, other), nothing


def discard_of_a_target(lead: Membership, other: Membership) -> Discard:
    row, target = drafts(lead)[:2]
    return (
        lambda turn: link_contribution(source=row, target=target, how="", by=lead),
        lambda turn: discard_objective(objective=target.objective, by=other),
        nothing,
    )


def discard_of_a_new_childs_parent(lead: Membership, other: Membership) -> Discard:
    return *discard_and_child(lead, other), nothing


def discard_of_an_old_childs_parent(lead: Membership, other: Membership) -> Discard:
    parent = parents(lead)[0]
    team = build.team(lead.engagement)
    child = build.objective(lead, build.cycle(lead.engagement), title="Child", team=team)
    fields: dict[str, Any] = {"title": "Child", "owner": lead, "by": lead}
    return (
        lambda turn: update_objective(objective=child, version=1, parent=parent, **fields),
        lambda turn: discard_objective(objective=parent, by=other),
        nothing,
    )


def discard_of_a_link_that_is_being_removed(lead: Membership, other: Membership) -> Discard:
    unlink, discard = discard_and_unlink(lead, other)
    link = ContributionLink.objects.earliest("pk")
    return lambda turn: lock(link, exclusive=True), discard, unlink


DISCARDS = [
    (discard_of_a_source, None),
    (discard_of_a_target, None),
    (discard_of_a_new_childs_parent, "children"),
    (discard_of_an_old_childs_parent, "children"),
    (discard_of_a_link_that_is_being_removed, None),
]


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize(
    ("scene", "code"), DISCARDS, ids=lambda one: getattr(one, "__name__", str(one))
)
def test_a_discard_waits_for_who_points_at_the_draft_and_holds_up_no_commit(
    scene: Callable[[Membership, Membership], Discard], code: str | None
) -> None:
    engagement = build.engagement()
    lead, other = build.member(engagement), build.member(engagement, "Bob")
    with scope(engagement.pk):
        first, discard, meanwhile = scene(lead, copy.deepcopy(other))

    with waiting(lambda: first(0), lambda: discard(0), engagement_id=engagement.pk) as discarded:
        meanwhile(0)

    refusal = discarded.exception()
    assert refusal is None or isinstance(refusal, ValidationError), refusal
    assert getattr(refusal, "code", None) == code


@pytest.mark.django_db
def test_a_lock_out_of_order_is_a_failure_of_the_test_that_takes_it() -> None:
    lead = build.member(build.engagement())
    with scope(lead.engagement_id):
        metric = build.metric(lead.engagement)

        with transaction.atomic():
            lock(lead.engagement)
            with pytest.raises(LockedOutOfOrder):
                lock(metric)
