from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from operator import itemgetter
from typing import TypeVar

from django.db.models import BigIntegerField, Model, QuerySet

from checkins.assessment import Assessment, assess_standing, standing_prompt
from checkins.models import Blocker, CheckIn, CheckInKind, HelpRequest
from checkins.periods import Timeliness, open_periods, timeliness
from checkins.prompts import Prompt
from checkins.queries.states import Due, due_of
from checkins.rhythms import missed_periods, rhythm_of
from engagements.models import Membership
from okrs.charts import History
from okrs.models import Collaborator, KeyResult
from scoring import Rag, format_score
from tenancy.compiled import Compiled, Slot

M = TypeVar("M", bound=Model)
ENGAGEMENT = Slot("engagement", BigIntegerField())
KEY_RESULT = Slot("key_result", BigIntegerField())


@dataclass(frozen=True, kw_only=True)
class ThreadEntry:
    """One period of the thread: the check-in that counts, with what it replaced folded under it.

    `standing` is None where the period was missed or its check-in was taken back. `earlier` holds
    the rest of its rows, newest first. `timeliness` is that of the first post that was not taken
    back, by the due time of its day: a correction makes nothing late, nor do new settings. Which
    periods were missed is worked out for the rhythm as it is now. `counts_red`: missed, and the
    one before was red (M7.1). `help_requests` and `blockers` are those that its check-ins raised
    and that are answered or resolved by now (M6.6).
    """

    period: dt.date
    timeliness: Timeliness
    standing: CheckIn | None = None
    earlier: Sequence[CheckIn] = ()
    counts_red: bool = False
    help_requests: Sequence[HelpRequest] = ()
    blockers: Sequence[Blocker] = ()

    @property
    def is_missed(self) -> bool:
        return self.standing is None and self.timeliness is Timeliness.MISSED

    @property
    def is_late(self) -> bool:
        return self.standing is not None and self.timeliness is not Timeliness.ON_TIME


@dataclass(frozen=True, kw_only=True)
class KeyResultPage:
    """The key result's card with its thread, newest period first, and its chart.

    `due` is None where no check-in is asked for now.
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

    @property
    def check_ins(self) -> int:
        return sum(entry.standing is not None for entry in self.thread)

    @property
    def missed(self) -> int:
        return sum(entry.is_missed for entry in self.thread)


def key_result_page(*, key_result: KeyResult, now: dt.datetime) -> KeyResultPage:
    """Everything of one key result that its page shows (M4.1, M6.6). Five queries."""
    own = {"engagement": key_result.engagement_id, "key_result": key_result.pk}
    card = CARD.one(**own)
    today = rhythm_of(card).day_of(now)
    found = assess_standing(card, today=today)
    thread = _thread(card, now=now)
    asked, named = ASKED(**own), NAMED(**own)
    return KeyResultPage(
        key_result=card,
        collaborators=[one.member for one in HELPERS(**own)],
        assessment=found,
        prompt=standing_prompt(card, assessment=found, now=now) if card.is_live else None,
        week=card.objective.cycle.week_on(today),
        weeks=card.objective.cycle.weeks,
        thread=[_with_dealt(entry, asked=asked, named=named) for entry in thread],
        help_requests=[one for one in asked if one.answered_at is None],
        blockers=[one for one in named if one.resolved_at is None],
        due=due_of(card, now=now) if card.is_live and open_periods(rhythm_of(card), now) else None,
        history=_history(card, thread=thread, today=today),
    )


def _card() -> QuerySet[KeyResult]:
    rows = KeyResult.objects.for_card().select_related(
        "engagement", "objective__owner", "committed_by"
    )
    return rows.filter(engagement_id=ENGAGEMENT, pk=KEY_RESULT)


def _of(rows: QuerySet[M], *joined: str) -> QuerySet[M]:
    return rows.filter(engagement_id=ENGAGEMENT, key_result_id=KEY_RESULT).select_related(*joined)


CARD = Compiled(_card)
HELPERS = Compiled(lambda: _of(Collaborator.objects.order_by("member__name"), "member"))
ASKED = Compiled(lambda: _of(HelpRequest.objects.all(), "asked_by", "answered_by"))
NAMED = Compiled(lambda: _of(Blocker.objects.all(), "opened_by", "resolved_by"))
POSTS = Compiled(
    lambda: _of(CheckIn.objects.with_effective().order_by("id"), "author", "undone_by")
)


def _thread(key_result: KeyResult, *, now: dt.datetime) -> list[ThreadEntry]:
    chains: dict[dt.date, list[CheckIn]] = defaultdict(list)
    for row in POSTS(engagement=key_result.engagement_id, key_result=key_result.pk):
        chains[row.period].append(row)
    missed = {period.monday for period in missed_periods(key_result, now=now)}
    entries: list[ThreadEntry] = []
    was_red = False
    for monday in sorted(missed | set(chains)):
        timely = _timeliness(chains[monday], since=key_result.committed_at, now=now)
        entry = _entry(monday, chain=chains[monday], timely=timely, was_red=was_red)
        was_red = entry.standing.rag == Rag.RED if entry.standing else was_red
        entries.append(entry)
    return entries[::-1]


def _entry(
    monday: dt.date, *, chain: Sequence[CheckIn], timely: Timeliness, was_red: bool
) -> ThreadEntry:
    stands = bool(chain) and chain[-1].kind == CheckInKind.UPDATE
    return ThreadEntry(
        period=monday,
        standing=chain[-1] if stands else None,
        earlier=chain[-2::-1] if stands else chain[::-1],
        timeliness=timely,
        counts_red=was_red and not stands and timely is Timeliness.MISSED,
    )


def _with_dealt(
    entry: ThreadEntry, *, asked: Sequence[HelpRequest], named: Sequence[Blocker]
) -> ThreadEntry:
    """The entry with what its check-ins asked for or named, as far as that is dealt with."""
    rows = {row.pk for row in (entry.standing, *entry.earlier) if row}
    return replace(
        entry,
        help_requests=[one for one in asked if one.answered_at and one.check_in_id in rows],
        blockers=[one for one in named if one.resolved_at and one.check_in_id in rows],
    )


def _timeliness(
    chain: Sequence[CheckIn], *, since: dt.datetime | None, now: dt.datetime
) -> Timeliness:
    """By the due time that was kept with the row: later settings make nothing late (M6.3).

    Nothing is late or missed that was due before the commit, `since`.
    """
    if not chain:
        return Timeliness.MISSED
    first = next((row for row in chain if row.is_effective), None)
    row, moment = (first, first.posted_at) if first else (chain[-1], now)
    if since is not None and row.due_at < since:
        return Timeliness.ON_TIME
    return timeliness(moment, due_at=row.due_at, closes_at=row.closes_at)


def _reading(entry: ThreadEntry, *, today: dt.date) -> tuple[dt.date, Decimal | None]:
    """A value on the day on which it was measured; what was missed on its period's Monday."""
    if entry.standing is None:
        return min(entry.period, today), None
    return entry.standing.measured_on, entry.standing.actual


def _history(key_result: KeyResult, *, thread: Sequence[ThreadEntry], today: dt.date) -> History:
    scale = key_result.engagement.score_scale
    shown = [entry for entry in reversed(thread) if entry.standing or entry.is_missed]
    return History(
        # By day: what an earlier period was late with may be measured after the next one's.
        readings=sorted((_reading(entry, today=today) for entry in shown), key=itemgetter(0)),
        starts_on=key_result.starts_on,
        due_on=key_result.due_on or key_result.objective.cycle.ends_on,
        today=today,
        start=key_result.baseline,
        goal=key_result.target,
        rungs=[
            (threshold, format_score(score, scale=scale)) for threshold, score in key_result.rungs
        ],
    )
