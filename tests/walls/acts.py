"""What people of one client do at once: acts for the races of this package."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, partial
from typing import Any

from accounts.models import User
from decisions.commands import complete_action, reopen_action
from decisions.models import ActionItem
from engagements.commands.engagements import close_engagement, reopen_engagement, update_engagement
from engagements.commands.invitations import accept_as_user, send_invitation
from engagements.commands.members import change_role, remove_member
from engagements.commands.profiles import update_profile
from engagements.links import invitation_token
from engagements.models import Invitation, Membership, Role, ShareLink
from escalations.commands import set_huddle
from imports.commands import ImportRefusedError
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
from okrs.models import ContributionLink, Cycle, CycleKind, KeyResult, Objective
from reviews.models import Review
from status.commands import publish_report
from status.schema import ReportText
from tenancy.locks import lock
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, post
from tests.escalations.escalating import escalated
from tests.imports.files import file_of, load
from tests.reviews.meeting import act, decide
from tests.reviews.running import key_results, plan, run
from tests.walls.racing import ROUNDS, Doing

WORDS = ReportText(headline="Five of six are on pace.", moved="", red="", decided="", next_steps="")
ROLES = (Role.CHAMPION, Role.LEAD)


class Scene:
    """A client with two leads; its rows are made as an act first asks for them, before the race."""

    def __init__(self, lead: Membership, other: Membership) -> None:
        self.lead, self.other, self.engagement = lead, other, lead.engagement

    @cached_property
    def cycle(self) -> Cycle:
        return build.cycle(self.engagement)

    @cached_property
    def metrics(self) -> list[Metric]:
        return [build.metric(self.engagement, f"Metric {turn}") for turn in range(ROUNDS)]

    @cached_property
    def objectives(self) -> list[Objective]:
        """Drafts that are ready to be committed."""
        rows = [build.objective(self.lead, self.cycle, title=f"Win {n}") for n in range(ROUNDS)]
        for row, metric in zip(rows, self.metrics, strict=True):
            build.audited(build.key_result(row, metric), by=self.lead)
        return rows

    @cached_property
    def drafts(self) -> list[KeyResult]:
        """Drafts of one objective, each with an audit, which a discard deletes first."""
        objective = build.objective(self.lead, self.cycle, title="Drafts")
        rows = [build.key_result(objective) for _ in range(ROUNDS)]
        return [build.audited(row, by=self.lead) for row in rows]

    @cached_property
    def target(self) -> KeyResult:
        return build.key_result(self.drafts[0].objective)

    @cached_property
    def links(self) -> list[ContributionLink]:
        link = partial(link_contribution, source=self.target, how="", by=self.lead)
        return [link(target=row) for row in self.drafts]

    @cached_property
    def parents(self) -> list[Objective]:
        cycle = build.cycle(self.engagement, "2026", kind=CycleKind.ANNUAL)
        return [build.objective(self.lead, cycle, title=f"Parent {n}") for n in range(ROUNDS)]

    @cached_property
    def live(self) -> list[KeyResult]:
        return key_results(self.lead, "One", "Two")

    @cached_property
    def review(self) -> Review:
        return run(self.lead)

    @cached_property
    def planned(self) -> Review:
        return plan(self.lead)

    @cached_property
    def action(self) -> ActionItem:
        return act(self.other)

    @cached_property
    def share_link(self) -> ShareLink:
        return build.share(self.lead, now=TUESDAY)

    @cached_property
    def champion(self) -> Membership:
        return build.member(self.engagement, "Charlie", Role.CHAMPION)

    @cached_property
    def invited(self) -> list[Membership]:
        """Placeholders with an invitation, whose addresses have an account."""
        names = [f"Guest {turn}" for turn in range(ROUNDS)]
        member = partial(build.member, self.engagement, role=Role.CONTRIBUTOR, user=None)
        rows = [member(name) for name in names]
        for row in rows:
            build.user(row.name, email=row.email)
            send_invitation(membership=row, by=self.lead, now=TUESDAY)
        return rows


Act = Callable[[Scene, Membership], Doing]


def on(rows: str, command: Callable[..., Any], argument: str, **fields: Any) -> Act:
    """Act on what the scene has by this name; of several rows on another one each round."""

    def acts(scene: Scene, by: Membership) -> Doing:
        row = getattr(scene, rows)
        each = row if isinstance(row, list) else [row] * ROUNDS
        return lambda turn: command(**{argument: each[turn]}, by=by, **fields)

    return acts


archives_metric = on("metrics", archive_metric, "metric", now=TUESDAY)
commits = on("objectives", commit_objective, "objective", now=TUESDAY)
unlinks_draft = on("links", unlink_contribution, "link")
discards_draft = on("drafts", discard_key_result, "key_result")
discards_parent = on("parents", discard_objective, "objective")
decides = on("review", decide, "review")
invites_again = on("invited", send_invitation, "membership", now=TUESDAY)
removes_guest = on("invited", remove_member, "membership", now=TUESDAY)


def renames_metric(scene: Scene, by: Membership) -> Doing:
    rows = scene.metrics
    return lambda turn: update_metric(metric=rows[turn], version=1, by=by, name=f"Renamed {turn}")


def creates_metric(scene: Scene, by: Membership) -> Doing:
    return lambda turn: create_metric(engagement=by.engagement, by=by, name=f"Other {turn}")


def extends_cycle(scene: Scene, by: Membership) -> Doing:
    cycle = scene.cycle
    terms: dict[str, Any] = {"by": by, "now": TUESDAY}
    terms |= {name: getattr(cycle, name) for name in ("name", "kind", "starts_on")}

    def longer(turn: int) -> Any:
        ends_on = cycle.ends_on + dt.timedelta(days=turn + 1)
        return update_cycle(cycle=cycle, version=turn + 1, ends_on=ends_on, **terms)

    return longer


def drafts_objective(scene: Scene, by: Membership) -> Doing:
    cycle = scene.cycle
    return lambda turn: draft_objective(cycle=cycle, title=f"Draft {turn}", owner=by, by=by)


def drafts_for_other(scene: Scene, by: Membership) -> Doing:
    people: dict[str, Any] = {"owner": by, "reviewer": scene.other, "by": by}
    cycle = scene.cycle
    return lambda turn: draft_objective(cycle=cycle, title=f"Draft {turn}", **people)


def drafts_child(scene: Scene, by: Membership) -> Doing:
    rows, team = scene.parents, build.team(scene.engagement)
    drafted: dict[str, Any] = {"cycle": scene.cycle, "team": team, "owner": by, "by": by}
    return lambda turn: draft_objective(title=f"Child {turn}", parent=rows[turn], **drafted)


def drafts_with_new_metric(scene: Scene, by: Membership) -> Doing:
    objective = scene.live[0].objective
    return lambda turn: draft_key_result(
        objective=objective, title=f"Two {turn}", new_metric={"name": f"New {turn}"}, by=by
    )


def saves_with_new_metric(scene: Scene, by: Membership) -> Doing:
    row = build.key_result(build.objective(by, scene.cycle))
    return lambda turn: update_key_result(
        key_result=row,
        version=turn + 1,
        by=by,
        title=f"Days {turn}",
        new_metric={"name": f"Metric {turn}", "unit": "days"},
    )


def checks_in(scene: Scene, by: Membership) -> Doing:
    row = scene.live[0]
    return lambda turn: post(row, by, actual="8.8", confidence=2)


def sets_huddle(scene: Scene, by: Membership) -> Doing:
    found = escalated(scene.live[0], scene.lead)
    huddle: dict[str, Any] = {"at": TUESDAY + dt.timedelta(hours=2), "now": TUESDAY, "by": by}
    return lambda turn: set_huddle(escalation=found, version=found.version + turn, **huddle)


def changes_settings(scene: Scene, by: Membership) -> Doing:
    return lambda turn: update_engagement(
        engagement=by.engagement, version=turn + 1, by=by, vision="All return.", now=TUESDAY
    )


def closes(scene: Scene, by: Membership) -> Doing:
    def close(turn: int) -> None:
        # One of them a turn: a turn is one transaction, as a request is.
        change = reopen_engagement if turn % 2 else close_engagement
        change(engagement=by.engagement, by=by, now=TUESDAY)

    return close


def links(scene: Scene, by: Membership) -> Doing:
    one, two = scene.live
    return lambda turn: link_contribution(source=one, target=two, how=f"By {turn}.", by=by)


def unlinks(scene: Scene, by: Membership) -> Doing:
    def unlink(turn: int) -> None:
        if link := ContributionLink.objects.first():
            unlink_contribution(link=link, by=by)

    return unlink


def links_draft(scene: Scene, by: Membership) -> Doing:
    rows, target = scene.drafts, scene.target
    return lambda turn: link_contribution(source=rows[turn], target=target, how="", by=by)


def discards_all_drafts(scene: Scene, by: Membership) -> Doing:
    objective = scene.drafts[0].objective
    return lambda turn: discard_objective(objective=objective, by=by)


def names_parent(scene: Scene, by: Membership) -> Doing:
    parents, team = scene.parents, build.team(scene.engagement)
    child = build.objective(by, scene.cycle, title="Child", team=team)
    return lambda turn: update_objective(
        objective=child, version=turn + 1, parent=parents[turn], title="Child", owner=by, by=by
    )


def holds_link(scene: Scene, by: Membership) -> Doing:
    rows = scene.links
    return lambda turn: lock(rows[turn], exclusive=True)


def decides_elsewhere(scene: Scene, by: Membership) -> Doing:
    review = run(scene.lead, title="Other")
    return lambda turn: decide(review, by)


def names_as_owner(scene: Scene, by: Membership) -> Doing:
    rows, review = scene.invited, scene.review
    return lambda turn: decide(review, by, owner=rows[turn])


def publishes(scene: Scene, by: Membership) -> Doing:
    return lambda turn: publish_report(engagement=by.engagement, words=WORDS, by=by, now=TUESDAY)


def ticks_action(scene: Scene, by: Membership) -> Doing:
    action = act(scene.lead, review=scene.review)

    def tick(turn: int) -> None:
        complete_action(action=action, by=by, now=TUESDAY)
        reopen_action(action=action, by=by, now=TUESDAY)

    return tick


def names_champion(scene: Scene, by: Membership) -> Doing:
    team, champion = build.team(scene.engagement), scene.champion
    return lambda turn: update_team(
        team=team, version=turn + 1, name=f"Team {turn}", champion=champion, by=by
    )


def changes_role(scene: Scene, by: Membership) -> Doing:
    row = scene.champion
    return lambda turn: change_role(membership=row, role=ROLES[1 - turn % 2], by=by)


def changes_role_of_other(scene: Scene, by: Membership) -> Doing:
    row = scene.other
    return lambda turn: change_role(membership=row, role=ROLES[turn % 2], by=by)


def demotes_the_other_lead(scene: Scene, by: Membership) -> Doing:
    row = scene.other if by is scene.lead else scene.lead
    build.member(scene.engagement, f"Carol {by.name}")
    roles = (Role.SPONSOR, Role.LEAD)

    def change(turn: int) -> None:
        change_role(membership=row, role=roles[turn % 2], by=by)
        Membership.objects.filter(pk=row.pk).update(role=Role.LEAD)

    return change


def takes_name(scene: Scene, by: Membership) -> Doing:
    user = by.user
    assert user is not None
    return lambda turn: update_profile(user=user, name=f"Bob {turn}")


def joins(scene: Scene, by: Membership) -> Doing:
    rows = scene.invited

    def accept(turn: int) -> None:
        invitation = Invitation.objects.filter(membership=rows[turn]).latest("pk")
        user = User.objects.get(email=rows[turn].email)
        accept_as_user(token=invitation_token(invitation), user=user, now=TUESDAY)

    return accept


def removing(who: str) -> Act:
    """Remove `who` of the scene, and take them back for the next round."""

    def removes(scene: Scene, by: Membership) -> Doing:
        row = getattr(scene, who)

        def remove(turn: int) -> None:
            remove_member(membership=row, by=by, now=TUESDAY)
            Membership.objects.filter(pk=row.pk).update(removed_at=None, removed_by=None)

        return remove

    return removes


def importing(line: Callable[[Scene, int], dict[str, str]]) -> Act:
    """Import one new key result a round."""

    def imports(scene: Scene, by: Membership) -> Doing:
        lines = [line(scene, turn) for turn in range(ROUNDS)]

        def load_one(turn: int) -> None:
            new = {"key_result": f"Share {turn}", "unit": "", "metric": f"Rate {turn}"}
            with suppress(ImportRefusedError):  # who comes second may be refused
                load(file_of({**new, **lines[turn]}), by=by)

        return load_one

    return imports


def owned_by(row: Membership) -> dict[str, str]:
    return {"owner": row.name, "owner_email": row.email}


imports_metric = importing(lambda scene, turn: {"metric": scene.metrics[turn].name})
imports_new_metric = importing(lambda scene, turn: {"metric": f"New {turn}"})
imports_into_objective = importing(
    lambda scene, turn: {"objective": f"Win {turn}", "metric": f"Metric {turn}"}
)
imports_contribution = importing(lambda scene, turn: {"contributes_to": "One"})
imports_for_guest = importing(lambda scene, turn: owned_by(scene.invited[turn]))
imports_for_champion = importing(lambda scene, turn: owned_by(scene.champion))


def scene_of(*acts: Act) -> tuple[Scene, list[Doing]]:
    """Each acts in hand of its own, as two requests do; all but the first are the other's."""
    engagement = build.engagement()
    lead, other = build.member(engagement), copy.deepcopy(build.member(engagement, "Bob"))
    scene = Scene(lead, other)
    with scope(engagement.pk):
        return scene, [one(scene, other if number else lead) for number, one in enumerate(acts)]


def nothing(scene: Scene, by: Membership) -> Doing:
    return lambda turn: None
