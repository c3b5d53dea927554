"""Clients that strain every page: one with nothing at all, one with too much of everything.

Sixty key results of four teams and the company; titles at their longest, with and without a
place to break; Arabic and Hebrew; the largest, smallest and negative numbers.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from itertools import cycle as in_turn
from typing import Any

from django.utils import timezone

from accounts.models import User
from checkins.jobs.reminders import escalate_missed, send_overdue, send_reminders
from decisions.commands import complete_action
from decisions.models import Decision
from engagements.links import share_link_token
from engagements.models import Engagement, Membership, Role
from escalations.models import Escalation, EscalationState
from metrics.models import Metric
from okrs.models import Cycle, KeyResult, Objective, Team
from reviews.commands.agendas import add_item, next_item, park_item
from reviews.commands.reviews import close_review, start_review
from reviews.models import AgendaItem, Review
from status.commands import publish_report, save_draft
from status.models import WORDS
from tenancy.scoping import scope
from tests import build
from tests.browser import cast
from tests.checkins.posting import post
from tests.escalations.escalating import put_in
from tests.reviews.meeting import act, decide, supersede
from tests.reviews.running import YES, plan

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)

LONG = (
    "Every store that opened since the spring, wherever it stands and whoever runs it, greets a"
    " first-time buyer by name within two days and wins the second basket before the third week"
    " is over, in all regions"
)[:200]
UNBROKEN = ("Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz" * 4)[:200]
ARABIC = "زيادة عدد العملاء الذين يعودون للشراء خلال 30 يومًا من أول طلب لهم في Northwind بنسبة 25%"
HEBREW = "להגדיל את מספר הלקוחות שחוזרים לקנות תוך 30 יום מההזמנה הראשונה (Northwind) ב־25%"
TITLES = (LONG, UNBROKEN, ARABIC, HEBREW, "Ship", "<b>Score</b> & “quotes” of 100 %")
URL = "https://example.test/" + "a-very-long-path-that-nobody-would-type/" * 48 + "?q=1&r=2#end"
SAID = (
    f"The numbers of the north came in late again; what they show is at {URL[:999]} and in the sheet.\n\n"
    "عاد العملاء أكثر هذا الأسبوع (3 من 7).\n\nStores with the shorter form win one buyer in five."
)
CLIENT = "Vereinigte Norddeutsche Lebensmittel- und Feinkostgroßhandelsgesellschaft & Söhne"[:80]
LONG_NAME = "Maximiliane-Charlotte Freifrau von Hohenlohe-Langenburg zu Schillingsfürst-Waldenburg"
ARABIC_NAME, HEBREW_NAME = "عبد الرحمن بن محمد الفارسي", "יעל בן־דוד"
UNIT = "thousand kilowatt hours a year and store"
NUMBERS = (  # start, goal, what was measured; from the largest to the smallest that is kept
    ("0", "98765432109876.5", "12345678901234.567891"),
    ("0.000001", "0.000009", "0.000004"),
    ("-250000.75", "-12", "-249999.5"),
    ("9", "4", "9"),
    ("0", "100", "100"),
    ("-5", "5", "0"),
)


@dataclass(frozen=True, kw_only=True)
class Hard:
    """Two clients of one lead."""

    nothing: Engagement
    full: Engagement
    lead: User
    ids: dict[str, str]  # of the full one, by the names that URLs give them


def make() -> Hard:
    lead = cast.user("Lead")
    User.objects.filter(pk=lead.pk).update(name=LONG_NAME)
    lead.refresh_from_db()
    nothing = cast.client("Nothing Yet")
    cast.member(nothing, lead)
    full = cast.client(CLIENT)
    leading = cast.member(full, lead)
    with scope(full.pk):
        ids = _fill(leading)
    return Hard(nothing=nothing, full=full, lead=lead, ids=ids)


def _fill(lead: Membership) -> dict[str, str]:
    """Public ids of one of each kind."""
    people = [lead, *_people(lead.engagement)]
    rows = [
        key_result
        for objective in _objectives(lead, people)
        for key_result in _key_results(objective, people)
    ]
    _check_in(rows, lead)
    _escalate(rows, lead)
    _meet(rows[0], lead, people[1])
    _tell()
    for shared in (build.share_expired, build.share_revoked):
        shared(lead, label=LONG[:120])
    link = build.share(lead, label=ARABIC_NAME)
    return {"token": share_link_token(link), "share_link": link.public_id, **_ids(rows[0])}


def _ids(row: KeyResult) -> dict[str, str]:
    """Of what hangs on this key result; the review is the one that runs."""
    here = {"engagement": row.engagement}
    open_ones = Escalation.objects.open().filter(**here, answered_at=None, raised_at=None)
    found = {
        "cycle": row.objective.cycle,
        "team": Team.objects.filter(**here).first(),
        "objective": row.objective,
        "key_result": row,
        "metric": row.metric,
        "member": Membership.objects.filter(**here, user=None).first(),
        "review": Review.objects.filter(**here, closed_at=None, started_at__isnull=False).first(),
        "decision": Decision.objects.filter(**here).last(),
        "escalation": open_ones.first(),
    }
    closed = Review.objects.closed().filter(**here).latest("closed_at")
    more = {"slug": row.engagement.slug, "number": "1", "closed_review": closed.public_id}
    return {**more, **{name: one.public_id for name, one in found.items() if one}}


def _people(engagement: Engagement) -> list[Membership]:
    names = (ARABIC_NAME, HEBREW_NAME, "O", LONG_NAME[::-1])
    roles = in_turn((Role.CHAMPION, Role.CONTRIBUTOR, Role.SPONSOR))
    joined = [
        build.member(engagement, name, next(roles), user=cast.user(f"Person{number}"))
        for number, name in enumerate(names)
    ]
    address = f"{'a-name-that-goes-on.' * 3}@{'mail.' * 12}example.test"
    build.member(engagement, UNBROKEN[:120], Role.CONTRIBUTOR, user=None, email=address)
    return joined


def _objectives(lead: Membership, people: list[Membership]) -> list[Objective]:
    """One of the company and four of teams, committed; a draft of the next cycle."""
    engagement, running = lead.engagement, cast.cycle(lead.engagement)
    committed = {"committed_at": timezone.now() - 4 * cast.WEEK, "committed_by": lead}
    more = {"why_now": SAID, "reviewer": people[1], "divergence_reason": LONG, **committed}
    made = [build.objective(lead, running, title=LONG, **more)]
    for number, title in enumerate((UNBROKEN, ARABIC, HEBREW, "Ship")):
        name = (UNBROKEN[:80], ARABIC[:80], "Platform", LONG[:80])[number]
        team = build.team(engagement, name, champion=people[number])
        parent = made[0] if number % 2 else None
        own = {"title": title, "team": team, "parent": parent, "owner_id": people[number].pk}
        made.append(build.objective(lead, running, **{**more, **own}))
    _draft(lead, running)
    return made


def _draft(lead: Membership, running: Cycle) -> None:
    dates = {
        "starts_on": running.ends_on + dt.timedelta(days=1),
        "ends_on": running.ends_on + 13 * cast.WEEK,
    }
    following = build.cycle(lead.engagement, LONG[:60], **dates)
    drafted = build.objective(lead, following, title=UNBROKEN)
    for title in (LONG, UNBROKEN, ARABIC):
        build.key_result(drafted, None, title=title)


def _key_results(objective: Objective, people: list[Membership]) -> list[KeyResult]:
    """Twelve."""
    metrics = _metrics(objective, people)
    rows = []
    for number in range(12):
        start, goal, _ = NUMBERS[number % len(NUMBERS)]
        title = TITLES[number % len(TITLES)]
        rows.append(
            build.live_key_result(
                objective,
                metrics[number % len(metrics)],
                title=title if number < len(TITLES) else f"{number} {title}"[:240],
                owner_id=people[number % len(people)].pk,
                baseline=Decimal(start),
                target=Decimal(goal),
                direction="lower" if Decimal(start) > Decimal(goal) else "higher",
                committed_at=objective.committed_at,
                **(_ladder(start, goal) if number == 8 else {}),
            )
        )
    return rows


def _ladder(start: str, goal: str) -> dict[str, Any]:
    half = (Decimal(start) + Decimal(goal)) / 2
    return {"method": "ladder", "ladder": [[goal, "1.00"], [str(half), "0.70"], [start, "0.30"]]}


def _metrics(objective: Objective, people: list[Membership]) -> list[Metric]:
    named = ((LONG[:110], UNIT), (UNBROKEN[:110], UNBROKEN[:40]), (ARABIC[:100], "عميل"), ("M", ""))
    fields = {
        "definition": SAID,
        "technical_definition": UNBROKEN,
        "source": LONG[:120],
        "source_url": URL,
        "access": UNBROKEN,
        "fetched_by": ARABIC_NAME,
        "valid_low": Decimal("-99999999999999.999999"),
        "valid_high": Decimal("99999999999999.999999"),
        "owner": people[0],
        "steward": people[1],
    }
    return [
        build.metric(objective.engagement, f"{name} {objective.pk}", unit=unit, **fields)
        for name, unit in named
    ]


def _check_in(rows: list[KeyResult], lead: Membership) -> None:
    """Last week for most, four weeks for the first six; the last ones have no value."""
    now = timezone.now()
    for number, row in enumerate(rows[:-4]):
        measured = NUMBERS[number % 12 % len(NUMBERS)][2]
        for week in (4, 3, 2, 1) if number < len(NUMBERS) else (1,):
            asks = {"help_needed": SAID, "blocker": UNBROKEN} if number < 3 and week == 1 else {}
            post(
                row,
                lead,
                actual=measured,
                now=now - week * cast.WEEK,
                measured_on=(now - week * cast.WEEK).date(),
                insight=SAID if number % 3 == 0 else TITLES[number % len(TITLES)],
                next_action=TITLES[(number + 1) % len(TITLES)],
                evidence_url=URL,
                confidence=number % 5 + 1,
                **asks,
            )


def _escalate(rows: list[KeyResult], lead: Membership) -> None:
    """One is answered with a long plan, one was decided long ago; the others wait."""
    now = timezone.now()
    row = Escalation.objects.open().filter(engagement=lead.engagement).earliest("pk").key_result
    put_in(row, lead, state=EscalationState.ANSWERED, now=now, outcome="ask_help", plan=SAID)
    then = now - 20 * cast.WEEK
    texts = {"verdict_note": SAID, "word_of": ARABIC_NAME, "evidence_url": URL, "opened_at": then}
    streak = then.date() - dt.timedelta(days=then.weekday())
    recovered: Any = {"streak": streak, "recovered_at": then + cast.WEEK, **texts}
    put_in(rows[0], lead, state=EscalationState.DECIDED, now=then, **recovered)


def _meet(about: KeyResult, lead: Membership, other: Membership) -> None:
    """Hold one review that is published and one that is not; one runs, and one is planned."""
    now = timezone.now()
    for kind, title, days in (("monthly", 1, 6), ("weekly", 2, 2), ("monthly", 3, 0)):
        at = now - days * DAY
        review = start_review(review=_plan(kind, TITLES[title], lead, other, at), by=lead, now=at)
        item = _capture(review, about, lead, other, at)
        known = {"agenda_item": item, "key_result": about, "evidence_url": URL, "owner": other}
        known |= {"due_on": now.date() + 14 * DAY, "client_visible": True, "now": at}
        if kind == "monthly":
            decision = decide(review, lead, SAID, **known)
        if days == 6:
            supersede(decision, lead, text=UNBROKEN, owner=other, due_on=now.date() + DAY, now=at)
            decide(review, lead, ARABIC, **known)
        if days:
            asked = YES if kind == "monthly" else {}
            close_review(review=review, by=lead, now=at + HOUR, closing_note=SAID, **asked)
        if days == 6:
            texts: Any = {"headline": LONG, **dict.fromkeys(WORDS[1:], SAID)}
            save_draft(review=review, version=1, by=lead, **texts)
            closed = Review.objects.get(engagement=lead.engagement, pk=review.pk)
            publish_report(
                engagement=lead.engagement, words=texts, review=closed, by=lead, now=at + HOUR
            )
    _plan("monthly", LONG, lead, other, now + 20 * DAY)


def _plan(kind: str, title: str, lead: Membership, other: Membership, at: dt.datetime) -> Review:
    planned: dict[str, Any] = {"title": title[:120], "scheduled_at": at, "attendees": [other]}
    return plan(lead, kind=kind, now=timezone.now() - 10 * DAY, **planned)


def _capture(
    review: Review, about: KeyResult, lead: Membership, other: Membership, now: dt.datetime
) -> AgendaItem:
    """Items of each title, one parked; an action overdue, one done, one to do."""
    here: dict[str, Any] = {"review": review, "by": lead, "now": now}
    items = [add_item(**here, title=title, minutes=5) for title in TITLES]
    park_item(item=items[-1], by=lead, now=now)
    review.refresh_from_db(fields=["current_item"])
    if review.current_item is not None:
        next_item(**here, at=review.current_item.public_id)
    for number, what in enumerate((SAID, UNBROKEN, ARABIC)):
        known = {"owner": (lead, other)[number % 2], "due_on": now.date() + number * DAY}
        action = act(
            lead, what, **known, review=review, agenda_item=items[0], key_result=about, now=now
        )
        if number == 1:
            complete_action(action=action, by=other, now=now)
    return items[0]


def _tell() -> None:
    """Reminders as the clock brings them."""
    now = timezone.now()
    for sweep in (send_reminders, send_overdue, escalate_missed):
        sweep(now=now)
