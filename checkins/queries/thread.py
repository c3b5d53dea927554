from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter

from checkins.models import Blocker, CheckIn, CheckInKind, HelpRequest, PromptAnswer
from checkins.periods import (
    Timeliness,
    missed_periods,
    periods,
    rhythm_of,
    timeliness,
)
from checkins.prompts import Prompt, prompt
from checkins.queries.cards import Due, KeyResultRow, asks_now, due_of
from checkins.rules import Assessment, assess_latest, effective
from engagements.models import Membership
from okrs.audit import Criterion, audit
from okrs.charts import History
from okrs.formatting import YES_NO
from okrs.models import Collaborator, KeyResult, KeyResultAudit, Stage
from okrs.queries.cards import trace
from okrs.queries.changes import Change, changes
from scoring import Rag, format_score
from tenancy.models import instances, select_list

POSTS = f"""
    SELECT {select_list(CheckIn, "post")}, {select_list(Membership, "author")},
        {select_list(Membership, "undone_by")}
    FROM checkins_checkin post
    JOIN engagements_membership author
        ON author.engagement_id = post.engagement_id AND author.id = post.author_id
    LEFT JOIN engagements_membership undone_by
        ON undone_by.engagement_id = post.engagement_id AND undone_by.id = post.undone_by_id
    WHERE post.engagement_id = ANY(%(scope)s) AND post.engagement_id = %(engagement)s
        AND post.key_result_id = %(key_result)s
    ORDER BY post.id
"""  # noqa: S608 - columns


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """A former check-in of a period, with the row that undid it, if one did."""

    check_in: CheckIn
    undo: CheckIn | None


@dataclass(frozen=True, kw_only=True)
class ThreadEntry:
    """One period of the thread: its current check-in, and those that it replaced.

    `current` is None if the period was missed or its check-in was undone. `earlier` holds the
    others, newest first, each once: an undo repeats words, and is shown as a mark. `timeliness` is
    that of the first effective post, by the due time stored with it: a correction makes nothing
    late, nor do new settings. Missed periods follow the present rhythm. `counts_red`: missed, and
    the one before was red (M7.1). `help_requests` and `blockers` are those that its check-ins
    raised and that are answered or resolved (M6.6). `answers` are those to prompts (M5.9).
    """

    period: dt.date
    timeliness: Timeliness
    current: CheckIn | None = None
    earlier: Sequence[Earlier] = ()
    counts_red: bool = False
    help_requests: Sequence[HelpRequest] = ()
    blockers: Sequence[Blocker] = ()
    answers: Sequence[PromptAnswer] = ()

    @property
    def is_missed(self) -> bool:
        return self.current is None and self.timeliness is Timeliness.MISSED

    @property
    def folded(self) -> Sequence[Earlier]:
        """Return those below the first one shown: the current one, or the one that was undone."""
        return self.earlier if self.current or self.is_missed else self.earlier[1:]

    @property
    def is_late(self) -> bool:
        return self.current is not None and self.timeliness is not Timeliness.ON_TIME


@dataclass(frozen=True, kw_only=True)
class KeyResultPage:
    """The key result's card with its thread, newest period first, and its chart.

    `due` is None if no check-in is asked for now.
    """

    key_result: KeyResult
    collaborators: Sequence[Membership]
    assessment: Assessment
    prompt: Prompt | None
    week: int
    weeks: int
    thread: Sequence[ThreadEntry]
    help_requests: Sequence[HelpRequest]
    blockers: Sequence[Blocker]
    due: Due | None
    history: History
    trace: Sequence[Decimal | None]
    periods: int
    answers: KeyResultAudit | None
    audit: Sequence[Criterion]
    changes: Sequence[Change]

    @property
    def check_ins(self) -> int:
        return sum(entry.current is not None for entry in self.thread)

    @property
    def missed(self) -> int:
        return sum(entry.is_missed for entry in self.thread)

    @property
    def newest(self) -> CheckIn | None:
        return next((entry.current for entry in self.thread if entry.current), None)

    @property
    def is_behind(self) -> bool:
        return self.key_result.stage == Stage.AT_RISK

    @property
    def is_yes_no(self) -> bool:
        return self.key_result.unit == YES_NO

    @property
    def audit_passed(self) -> int:
        return sum(criterion.passed for criterion in self.audit)


def key_result_page(row: KeyResultRow, *, now: dt.datetime) -> KeyResultPage:
    """Return all that the page of a key result shows (M4.1, M6.6). Nine queries."""
    card = row.key_result
    own = {"engagement_id": card.engagement_id, "key_result_id": card.pk}
    helpers = Collaborator.objects.filter(**own).select_related("member").order_by("member__name")
    requests = HelpRequest.objects.filter(**own).select_related("asked_by", "answered_by")
    blockers = Blocker.objects.filter(**own).select_related("opened_by", "resolved_by")
    today = rhythm_of(card).day_of(now)
    found = assess_latest(card, today=today)
    audited = KeyResultAudit.objects.filter(**own).select_related("answered_by").first()
    answers = PromptAnswer.objects.filter(**own).select_related("answered_by").order_by("id")
    thread = _thread(card, requests=requests, blockers=blockers, answers=answers, now=now)
    return KeyResultPage(
        key_result=card,
        collaborators=[one.member for one in helpers],
        assessment=found,
        prompt=prompt(card, answer=row.answer, now=now) if card.is_live else None,
        week=card.objective.cycle.week_on(today),
        weeks=card.objective.cycle.weeks,
        thread=thread,
        help_requests=[one for one in requests if one.answered_at is None],
        blockers=[one for one in blockers if one.resolved_at is None],
        due=due_of(card, now=now) if asks_now(card, now=now) else None,
        history=_history(card, thread=thread, today=today),
        trace=trace(card.trail, cadence=card.engagement.cadence),
        periods=len(periods(rhythm_of(card))),
        answers=audited,
        audit=audit(card, audited),
        changes=changes(card),
    )


def _thread(
    key_result: KeyResult,
    *,
    requests: Iterable[HelpRequest],
    blockers: Iterable[Blocker],
    answers: Iterable[PromptAnswer],
    now: dt.datetime,
) -> list[ThreadEntry]:
    chains: dict[dt.date, list[CheckIn]] = defaultdict(list)
    for row, author, undone_by in instances(
        POSTS,
        *(CheckIn, Membership, Membership),
        engagement=key_result.engagement_id,
        key_result=key_result.pk,
    ):
        row.author, row.undone_by = author, undone_by
        chains[row.period].append(row)
    missed = {period.monday for period in missed_periods(key_result, now=now)}
    entries: list[ThreadEntry] = []
    was_red = False
    for monday in sorted(missed | set(chains)):
        chain = chains[monday]
        timely = _timeliness(chain, since=key_result.committed_at, now=now)
        current = chain[-1] if chain and chain[-1].kind == CheckInKind.UPDATE else None
        ids = {row.pk for row in chain}
        entry = ThreadEntry(
            period=monday,
            current=current,
            earlier=_earlier(chain[:-1] if current else chain, chain=chain),
            timeliness=timely,
            counts_red=was_red and not current and timely is Timeliness.MISSED,
            help_requests=[one for one in requests if one.answered_at and one.check_in_id in ids],
            blockers=[one for one in blockers if one.resolved_at and one.check_in_id in ids],
            answers=[one for one in answers if one.check_in_id in ids],
        )
        was_red = current.rag == Rag.RED if current else was_red
        entries.append(entry)
    return entries[::-1]


def _earlier(rows: Sequence[CheckIn], *, chain: Sequence[CheckIn]) -> list[Earlier]:
    """Return those of these rows with words of their own, newest first.

    Each row supersedes the one before it. An undo repeats the words of the row before that one, or
    else those that it takes back.
    """
    following = [*chain[1:], None, None]
    found = [
        Earlier(check_in=row, undo=after if after and after.undone_by_id else None)
        for row, after, second in zip(rows, following, following[1:], strict=False)
        if row.kind == CheckInKind.UPDATE
        and not (second and second.undone_by_id and second.kind == CheckInKind.UPDATE)
    ]
    return found[::-1]


def _timeliness(
    chain: Sequence[CheckIn], *, since: dt.datetime | None, now: dt.datetime
) -> Timeliness:
    """Compare with the due time stored with the row: later settings make nothing late (M6.3).

    Nothing is late or missed that was due before the commit, `since`.
    """
    if not chain:
        return Timeliness.MISSED
    first = next(iter(effective(chain)), None)
    row, moment = (first, first.posted_at) if first else (chain[-1], now)
    if since is not None and row.due_at < since:
        return Timeliness.ON_TIME
    return timeliness(moment, due_at=row.due_at, closes_at=row.closes_at)


def _reading(entry: ThreadEntry, *, today: dt.date) -> tuple[dt.date, Decimal | None]:
    """Return a value by the day it was measured; a missed one by its period's Monday."""
    if entry.current is None:
        return min(entry.period, today), None
    return entry.current.measured_on, entry.current.actual


def _history(key_result: KeyResult, *, thread: Sequence[ThreadEntry], today: dt.date) -> History:
    scale = key_result.engagement.score_scale
    shown = [entry for entry in reversed(thread) if entry.current or entry.is_missed]
    return History(
        # By day: a late value may be measured after that of the next period.
        readings=sorted((_reading(entry, today=today) for entry in shown), key=itemgetter(0)),
        starts_on=key_result.first_day,
        due_on=key_result.due_on or key_result.objective.cycle.ends_on,
        today=today,
        start=key_result.baseline,
        goal=key_result.target,
        rungs=[
            (threshold, format_score(score, scale=scale)) for threshold, score in key_result.rungs
        ],
    )
