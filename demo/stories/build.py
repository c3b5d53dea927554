"""Tells the stories through the product's own commands, each at the time at which it happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from operator import itemgetter
from uuid import uuid4

from django.db import transaction

from accounts.models import User
from checkins.commands import answer_help_request, record_check_in, resolve_blocker
from checkins.models import Blocker, CheckIn, HelpRequest
from demo.stories.cedar import CEDAR
from demo.stories.dates import (
    Post,
    Span,
    answers,
    closes,
    committed_at,
    meetings,
    posts,
    rounds,
    span_of,
)
from demo.stories.escalating import answer, judge, keep_as_told, tell
from demo.stories.harbor import HARBOR
from demo.stories.lakeside import LAKESIDE
from demo.stories.meetings import hold, look_ahead
from demo.stories.northwind import NORTHWIND
from demo.stories.people import Members, acting, join, make_users
from demo.stories.sheet import sheet_of
from demo.stories.story import ClientStory, DraftStory, Person, Told
from engagements.commands import create_engagement
from engagements.commands.engagements import Settings
from engagements.models import Membership
from metrics.commands import update_metric
from metrics.models import Metric
from okrs.commands import (
    answer_audit,
    commit_objective,
    create_cycle,
    draft_key_result,
    draft_objective,
    update_team,
)
from okrs.imports.command import import_okrs
from okrs.models import Cycle, CycleKind, KeyResult, Objective, Team
from tenancy.scoping import identity, scope

STORIES = (NORTHWIND, HARBOR, CEDAR, LAKESIDE)
ANSWERED_AFTER = dt.timedelta(hours=26)
RESOLVED_AFTER = dt.timedelta(hours=50)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What was made for one client; `draft_in` names the cycle that is still being written."""

    client_name: str
    cycle: str
    week: int
    weeks: int
    key_results: int
    check_ins: int
    draft_in: str


@transaction.atomic
def load_demo(*, now: dt.datetime) -> list[Loaded]:
    """Make the four clients with their people and all that happened until `now`, or nothing.

    Scores, bands, stages and trails are the product's own. Nothing is mailed.
    """
    users = make_users()
    return [_tell(story, users=users, now=now) for story in STORIES]


def _tell(story: ClientStory, *, users: Mapping[Person, User], now: dt.datetime) -> Loaded:
    settings: Settings = {**story.settings, "client_name": story.client_name}
    user = users[Person.LEAD]
    # History says that the lead set this up.
    with identity(user_id=user.pk):
        lead = create_engagement(by_user=user, slug=story.slug, **settings)
        with scope(lead.engagement_id):
            members = join(people=story.people, users=users, by=lead)
            span = span_of(story, now=now)
            cycle = _open_cycle(span, by=lead)
            import_okrs(content=sheet_of(story, cycle=span), by=lead, is_trusted=True)
            _name_champions(story, members=members)
            _answer_data_questions(story, by=lead)
            _commit(cycle, by=lead, at=committed_at(story, now=now))
            told = _happen(story, members=members, now=now)
            look_ahead(story, members=members, now=now)
            if story.draft:
                _draft(story.draft, cycle=_open_cycle(span.next(), by=lead), members=members)
    return Loaded(
        client_name=story.client_name,
        cycle=cycle.name,
        week=story.week,
        weeks=cycle.weeks,
        key_results=len(story.key_results),
        check_ins=told,
        draft_in=span.next().name if story.draft else "",
    )


def _open_cycle(span: Span, *, by: Membership) -> Cycle:
    return create_cycle(
        engagement=by.engagement,
        name=span.name,
        kind=CycleKind.QUARTERLY,
        starts_on=span.starts_on,
        ends_on=span.ends_on,
        by=by,
    )


def _name_champions(story: ClientStory, *, members: Members) -> None:
    lead = members[Person.LEAD]
    for name, person in story.champions.items():
        team = Team.objects.get(engagement=lead.engagement, name=name)
        update_team(team=team, version=team.version, name=name, champion=members[person], by=lead)


def _answer_data_questions(story: ClientStory, *, by: Membership) -> None:
    metrics = {one.name: one for one in Metric.objects.filter(engagement=by.engagement)}
    for one in story.key_results:
        if one.fetched_by:
            metric = metrics[one.metric]
            update_metric(
                metric=metric,
                version=metric.version,
                by=by,
                name=metric.name,
                access=story.access,
                fetched_by=one.fetched_by,
            )


def _commit(cycle: Cycle, *, by: Membership, at: dt.datetime) -> None:
    on = by.engagement.today(at)
    objectives = Objective.objects.filter(engagement=by.engagement, cycle=cycle)
    for objective in objectives.prefetch_related("key_results"):
        for key_result in objective.key_results.all():
            answer_audit(
                key_result=key_result, refresh_confirmed=True, ambitious=True, by=by, now=at
            )
        commit_objective(objective=objective, on=on, by=by, now=at)


def _happen(story: ClientStory, *, members: Members, now: dt.datetime) -> int:
    """All that happened until now, in the order of time; returns how many check-ins that made."""
    told = posts(story, now=now)
    rows = _key_results(members[Person.LEAD])
    seen: dict[str, str] = {}
    happened: list[tuple[dt.datetime, Callable[[], None]]] = [
        *((at, partial(judge, now=at)) for at in closes(story, now=now)),
        *((at, partial(tell, now=at)) for at in rounds(story, now=now)),
        *(
            (one.at, partial(_check_in, one, rows=rows, members=members, seen=seen, now=now))
            for one in told
        ),
        *(
            (at, partial(answer, one, at=at, members=members))
            for at, one in answers(story, now=now)
        ),
        *(
            (at, partial(hold, one, at=at, members=members, now=now))
            for at, one in meetings(story, now=now)
        ),
        (now, partial(judge, now=now)),
        (now, partial(tell, now=now)),
    ]
    for _, happen in sorted(happened, key=itemgetter(0)):
        happen()
    keep_as_told(members[Person.LEAD].engagement, now=now)
    return len(told)


def _key_results(lead: Membership) -> dict[str, KeyResult]:
    """By their metrics."""
    committed = KeyResult.objects.filter(engagement=lead.engagement).select_related("metric")
    return {one.metric.name: one for one in committed if one.metric}


def _check_in(
    post: Post,
    *,
    rows: Mapping[str, KeyResult],
    members: Members,
    seen: dict[str, str],
    now: dt.datetime,
) -> None:
    """Post what was told; `seen` keeps the latest check-in of each metric."""
    metric = post.key_result.metric
    with acting(members[post.author]) as author:
        check_in = _post(post, key_result=rows[metric], by=author, seen=seen.get(metric, ""))
    seen[metric] = check_in.public_id
    _settle(check_in, told=post.told, by=members[Person.LEAD], now=now)


def _post(post: Post, *, key_result: KeyResult, by: Membership, seen: str) -> CheckIn:
    told = post.told
    return record_check_in(
        key_result=key_result,
        by=by,
        now=post.at,
        actual=Decimal(told.read.value),
        measured_on=post.day,
        confidence=told.read.confidence,
        insight=told.insight,
        next_action=told.next_action,
        idempotency_key=uuid4(),
        help_needed=told.help_needed,
        blocker=told.blocker,
        evidence_url=post.key_result.evidence,
        seen=seen,
    )


def _settle(check_in: CheckIn, *, told: Told, by: Membership, now: dt.datetime) -> None:
    """Answer the ask and resolve the blocker that were not left open."""
    answered_at = check_in.posted_at + ANSWERED_AFTER
    if told.answer and answered_at <= now:
        asked = HelpRequest.objects.get(engagement=by.engagement, check_in=check_in)
        answer_help_request(help_request=asked, answer=told.answer, by=by, now=answered_at)
    resolved_at = check_in.posted_at + RESOLVED_AFTER
    if told.resolved and resolved_at <= now:
        blocker = Blocker.objects.get(engagement=by.engagement, check_in=check_in)
        resolve_blocker(blocker=blocker, by=by, now=resolved_at)


def _draft(draft: DraftStory, *, cycle: Cycle, members: Members) -> None:
    """An objective to try the commit on: one key result passes the audit, one does not."""
    lead, consultant = members[Person.LEAD], members[Person.CONSULTANT]
    with acting(consultant):
        _draft_objective(draft, cycle=cycle, owner=lead, by=consultant)


def _draft_objective(draft: DraftStory, *, cycle: Cycle, owner: Membership, by: Membership) -> None:
    objective = draft_objective(
        cycle=cycle, title=draft.title, why_now=draft.why_now, owner=owner, by=by
    )
    ready = draft_key_result(
        objective=objective,
        title=draft.ready,
        by=by,
        metric=Metric.objects.get(engagement=owner.engagement, name=draft.metric),
        owner=by,
        baseline=Decimal(draft.baseline),
        target=Decimal(draft.target),
        indicator="leading",
    )
    answer_audit(key_result=ready, refresh_confirmed=True, ambitious=True, by=by)
    draft_key_result(
        objective=objective,
        title=draft.unfinished,
        by=by,
        owner=by,
        indicator="lagging",
    )
