"""The card of one key result: what it asks for now, and all that its form and page show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from checkins.models import CheckIn, PromptAnswer
from checkins.periods import (
    Asking,
    Period,
    Rhythm,
    asked_since,
    asking_of,
    closed_periods,
    due_after,
    fill,
    fillable_periods,
    filled_periods,
    missed_periods,
    rhythm_of,
)
from checkins.prompts import Prompt, prompt
from checkins.rules import Assessment, assess_latest, undo_refusal
from engagements.models import Engagement, Membership
from engagements.permissions import Permission, may_here
from engagements.row_cache import Row
from metrics.models import Metric
from okrs.models import Cycle, KeyResult, Objective, Team
from scoring import Rag
from tenancy.models import instances, select_list

MODELS = (
    *(KeyResult, Objective, Cycle, Team, Metric, Membership, Membership, CheckIn, Membership),
    PromptAnswer,
)
ALIASES = (
    *("okrs_keyresult", "o", "c", "team", "metric", "owner", "lead", "post", "author"),
    "answer",
)
ROW = f"""
    SELECT {", ".join(map(select_list, MODELS, ALIASES))},
        (SELECT public_id FROM checkins_checkin newest
         WHERE newest.engagement_id = okrs_keyresult.engagement_id AND newest.key_result_id = okrs_keyresult.id
         ORDER BY id DESC LIMIT 1)
    FROM okrs_keyresult
    JOIN okrs_objective o ON o.engagement_id = okrs_keyresult.engagement_id AND o.id = okrs_keyresult.objective_id
    JOIN okrs_cycle c ON c.engagement_id = o.engagement_id AND c.id = o.cycle_id
    JOIN engagements_membership lead
        ON lead.engagement_id = o.engagement_id AND lead.id = o.owner_id
    LEFT JOIN okrs_team team ON team.engagement_id = o.engagement_id AND team.id = o.team_id
    LEFT JOIN metrics_metric metric
        ON metric.engagement_id = okrs_keyresult.engagement_id AND metric.id = okrs_keyresult.metric_id
    LEFT JOIN engagements_membership owner
        ON owner.engagement_id = okrs_keyresult.engagement_id AND owner.id = okrs_keyresult.owner_id
    -- The limit keeps the planner from reading all check-ins of the client first.
    LEFT JOIN LATERAL (
        SELECT * FROM checkins_checkin own
        WHERE own.engagement_id = okrs_keyresult.engagement_id
            AND own.key_result_id = okrs_keyresult.id
            AND own.period = okrs_keyresult.last_period AND own.kind = 'update'
            AND NOT EXISTS (
                SELECT 1 FROM checkins_checkin later
                WHERE later.engagement_id = own.engagement_id AND later.supersedes_id = own.id)
        LIMIT 1
    ) post ON true
    LEFT JOIN engagements_membership author
        ON author.engagement_id = post.engagement_id AND author.id = post.author_id
    -- An answer counts for its band and pace, the plan for a red key result while that is red.
    LEFT JOIN LATERAL (
        SELECT own.* FROM checkins_promptanswer own
        JOIN checkins_checkin about
            ON about.engagement_id = own.engagement_id AND about.id = own.check_in_id
        WHERE own.engagement_id = okrs_keyresult.engagement_id
            AND own.key_result_id = okrs_keyresult.id AND own.band = okrs_keyresult.rag
            AND (coalesce(about.prompted_at, about.posted_at) = okrs_keyresult.checked_in_at
                OR (own.checkpoint_on IS NOT NULL AND about.week >= okrs_keyresult.red_since))
        ORDER BY own.id DESC LIMIT 1
    ) answer ON true
    WHERE okrs_keyresult.engagement_id = ANY(%(scope)s) AND okrs_keyresult.engagement_id = %(engagement)s
        AND okrs_keyresult.public_id = %(public_id)s
"""  # noqa: S608 - columns


class CardState(StrEnum):
    """Of a due card: wants a check-in by today, wants one later, has one for all open periods."""

    TODO = "todo"
    LATER = "later"
    SAVED = "saved"


@dataclass(frozen=True, kw_only=True)
class Due:
    """What a key result asks for now (M6.3).

    `period` is the oldest fillable one without a check-in, else the newest; `is_asked` is false
    where it was due before the commit, or by another rhythm: it takes a check-in, but nothing
    presses. `saved_monday` names the newest fillable one that has a check-in. A key result is done
    once nothing late or due today is left of it and something was saved in a period that still
    takes posts: the next period may be open already, but does not press yet.
    """

    period: Period
    state: CardState
    is_late: bool
    is_asked: bool
    saved_monday: dt.date | None

    @property
    def is_due_today(self) -> bool:
        return self.state is CardState.TODO and not self.is_late

    @property
    def is_saved(self) -> bool:
        return self.state is CardState.SAVED

    @property
    def is_done(self) -> bool:
        return self.saved_monday is not None and self.state is not CardState.TODO


@dataclass(frozen=True, kw_only=True)
class WeekCard(Due):
    """A key result that waits for its check-in, as My week lists it.

    `period` is the one that a post fills, or the newest filled one of a saved card. `previous` is
    the check-in in effect; My week reads it only of cards that are done.
    """

    membership: Membership  # with its engagement
    key_result_id: int
    public_id: str
    title: str
    rhythm: Rhythm
    previous: CheckIn | None
    now: dt.datetime

    @property
    def engagement(self) -> Engagement:
        engagement: Engagement = self.membership.engagement
        return engagement

    @property
    def row(self) -> Row:
        """Return its cached row on My week, with the state that the row shows."""
        state = f"{self.state}{self.is_late:d}{self.is_done:d}"
        return Row(self.engagement, self.public_id, state)

    @property
    def today(self) -> dt.date:
        return self.rhythm.day_of(self.now)

    @property
    def may_undo(self) -> bool:
        last, by = self.previous, self.membership
        if last is None:
            return False
        return undo_refusal(last, newest=last, rhythm=self.rhythm, by=by, now=self.now) is None


@dataclass(frozen=True, kw_only=True)
class DueCard(WeekCard):
    """One card with all that its form needs.

    `latest_check_in_id` is the public id of the check-in in effect or of the undo after it, for
    `seen`.
    """

    key_result: KeyResult
    latest_check_in_id: str
    answer: PromptAnswer | None

    @cached_property
    def assessment(self) -> Assessment:
        return assess_latest(self.key_result, today=self.today)

    @property
    def prompt(self) -> Prompt | None:
        return prompt(self.key_result, answer=self.answer, now=self.now)

    @property
    def missed(self) -> Period | None:
        """The period that closed just before this one opened to posts, if it went without."""
        closed = closed_periods(self.rhythm, self.now)
        missed = missed_periods(self.key_result, now=self.now)
        is_last = bool(missed) and missed[-1] == closed[-1]
        return missed[-1] if is_last and missed[-1].monday < self.period.monday else None

    @property
    def next_action_due(self) -> dt.date:
        """Return the day of the next action unless the check-in gives another one (M6.1)."""
        return max(due_after(self.rhythm, self.period), self.today)

    @property
    def rag(self) -> Rag:
        return Rag(self.key_result.rag)


@dataclass(frozen=True, kw_only=True)
class KeyResultRow:
    """A key result with objective, cycle, team, metric and owners, and its check-in in effect.

    `answer` is the last one to the prompt of its band and pace, or its recovery plan (M5.9).
    `latest_check_in_id` is the public id of its newest row, be it an undo; "" without any.
    """

    key_result: KeyResult
    current: CheckIn | None
    answer: PromptAnswer | None
    latest_check_in_id: str


def key_result_row(public_id: str, *, engagement: Engagement) -> KeyResultRow | None:
    """Return the key result with this public id in the engagement; None if there is none.

    One query.
    """
    if "\0" in public_id:  # no text of PostgreSQL has it
        return None
    found = instances(ROW, *MODELS, engagement=engagement.pk, public_id=public_id)
    if not found:
        return None
    key_result, objective, cycle, team, metric, owner, lead, current, author, answer, latest = (
        found[0]
    )
    objective.cycle, objective.team, objective.owner = cycle, team, lead
    key_result.engagement, key_result.objective = engagement, objective
    # Who changed meanwhile is missing here: the join is of before the lock.
    if metric is not None:
        key_result.metric = metric
    if owner is not None:
        key_result.owner = owner
    if current is not None:
        current.author = author
    return KeyResultRow(
        key_result=key_result, current=current, answer=answer, latest_check_in_id=latest or ""
    )


def due_card(*, key_result: KeyResult, membership: Membership, now: dt.datetime) -> DueCard | None:
    """Read the card of one key result, whether or not a period is open. One query.

    None if it is not live, or if this member may not check in.
    """
    row = key_result_row(key_result.public_id, engagement=membership.engagement)
    return card_of(row, membership=membership, now=now) if row else None


def card_of(row: KeyResultRow, *, membership: Membership, now: dt.datetime) -> DueCard | None:
    """Return the card of a row that was read; None as for `due_card`."""
    key_result = row.key_result
    if not key_result.is_live or not may_here(membership, Permission.CHECK_IN):
        return None
    return DueCard(
        membership=membership,
        key_result_id=key_result.pk,
        public_id=key_result.public_id,
        title=key_result.title,
        rhythm=rhythm_of(key_result),
        previous=row.current,
        now=now,
        key_result=key_result,
        latest_check_in_id=row.latest_check_in_id,
        answer=row.answer,
        **vars(due_of(key_result, now=now)),
    )


def due_of(key_result: KeyResult, *, now: dt.datetime) -> Due:
    """Return what a key result asks for; it comes with engagement and `objective__cycle`."""
    committed_at, engagement = key_result.committed_at, key_result.engagement
    since = asked_since(committed_at, engagement=engagement) if committed_at else None
    return due_by(
        rhythm_of(key_result),
        asking=asking_of(key_result),
        filled=filled_periods(key_result),
        since=since,
        now=now,
    )


def asks_now(key_result: KeyResult, *, now: dt.datetime) -> bool:
    """Return whether a period that asks for it is open (M6.3)."""
    asking = asking_of(key_result).periods_in(rhythm_of(key_result), now)
    return key_result.is_live and bool(asking)


def due_by(
    rhythm: Rhythm,
    *,
    asking: Asking,
    filled: Collection[dt.date],
    since: dt.datetime | None,
    now: dt.datetime,
) -> Due:
    """Return what is asked for; `filled` has the Mondays of periods with a check-in.

    None was asked for before `since`.
    """
    fillable = asking.periods_in(rhythm, now) or fillable_periods(rhythm, now)
    filled = () if fillable[-1].is_final else filled
    period = fill(fillable, filled)
    is_asked = since is not None and since <= period.due_at
    presses = is_asked and rhythm.day_of(period.due_at) <= rhythm.day_of(now)
    state = CardState.TODO if presses else CardState.LATER
    if period.monday in filled:
        state = CardState.SAVED
    saved = [one.monday for one in fillable if one.monday in filled]
    return Due(
        period=period,
        state=state,
        is_late=state is CardState.TODO and period.due_at < now,
        is_asked=is_asked,
        saved_monday=saved[-1] if saved else None,
    )
