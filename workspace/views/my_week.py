from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from checkins.forms import CheckInForm
from checkins.queries import clients, due
from checkins.queries.asks import open_asks
from checkins.queries.cards import DueCard, MyWeek, WeekCard
from checkins.views import due_rows
from decisions.queries.actions import waiting_actions
from engagements.access import SignedInRequest, signed_in
from engagements.models import Membership
from engagements.permissions import Permission, may
from engagements.queries import may_create_engagement
from escalations.pending import PendingTask, tasks_for
from escalations.rule import Deadline
from okrs.formatting import in_words
from workspace.headlines import my_week_headline
from workspace.queries.upcoming import coming_reviews


@require_safe
@signed_in
def my_week(request: SignedInRequest) -> HttpResponse:
    mine = request.memberships or request.closed
    if mine and not any(may(one.role, Permission.READ) for one in mine):
        return _only_status_pages(request, mine)
    now = timezone.now()
    if request.htmx and request.GET.get("part") == "waiting":
        return render(request, "workspace/my_week.html#waiting", _counted(request, now=now))
    week = due.my_week(memberships=request.memberships, now=now)
    if request.htmx and request.GET.get("part") == "counts":
        counts = {**_cards(request, week, now=now), "beside": True}
        return render(request, "workspace/my_week.html#counts", counts)
    opened = _opened(request, week, now=now)
    form = CheckInForm(card=opened, now=now) if opened else None
    if form:
        form.focus_first()
    rows = iter(due_rows([card for group in week.groups for card in group.cards], now=now))
    groups = [(group, [next(rows) for _ in group.cards]) for group in week.groups]
    context = {
        **_context(request, week, now=now),
        "groups": groups,
        "opened": opened,
        "form": form,
        "me": request.user.pk,
    }
    return render(request, "workspace/my_week.html", context)


def _only_status_pages(request: SignedInRequest, mine: list[Membership]) -> HttpResponse:
    """A viewer has no week: where there is one page to read, this is it."""
    clients = [one.engagement for one in mine]
    if len(clients) == 1:
        return redirect("status:status", clients[0].slug)
    said = f"{in_words(len(clients)).capitalize()} clients show you where they stand."
    page = {"clients": sorted(clients, key=str), "headline": said, "tab": "my-week"}
    return render(request, "workspace/status_list.html", page)


def _context(request: SignedInRequest, week: MyWeek, *, now: dt.datetime) -> dict[str, Any]:
    mine = [*request.memberships, *request.closed]
    return {
        **_cards(request, week, now=now),
        "clients": clients.clients(memberships=request.memberships, now=now),
        "may_create": may_create_engagement(request.user, mine),
        "closed": request.closed,
        "checks_in": any(may(one.role, Permission.CHECK_IN) for one in request.memberships),
        "tab": "my-week",
    }


def _cards(request: SignedInRequest, week: MyWeek, *, now: dt.datetime) -> dict[str, Any]:
    """The cards, what waits beside them, and the sentence at the head that says both."""
    waiting = _waiting(request, week, now=now)
    said = {"headline": _headline(week, waiting), "now": now, "today": timezone.localdate()}
    return {"week": week, **waiting, **said}


def _counted(request: SignedInRequest, *, now: dt.datetime) -> dict[str, Any]:
    """What waits now, and the sentence at the head, which says so too."""
    week = due.my_week(memberships=request.memberships, now=now)
    waiting = _waiting(request, week, now=now)
    below = "below" in request.GET
    return {**waiting, "headline": _headline(week, waiting), "beside": True, "below": below}


def _headline(week: MyWeek, waiting: dict[str, Any]) -> str:
    """A plan that runs to its checkpoint is no escalation that waits."""
    found: list[PendingTask] = waiting["escalations"]
    asking = sum(one.deadline is not Deadline.PLAN or one.is_over_time for one in found)
    overdue = sum(one.action.is_overdue(today=one.today) for one in waiting["actions"])
    return my_week_headline(week, overdue=overdue, escalations=asking)


def _waiting(request: SignedInRequest, week: MyWeek, *, now: dt.datetime) -> dict[str, Any]:
    """What waits for this person beside the cards, and how much it is; reviews where none is."""
    asks = open_asks(memberships=request.memberships)
    actions = waiting_actions(memberships=request.memberships, now=now)
    escalations = tasks_for(memberships=request.memberships, now=now)
    reviews = [] if week.total else coming_reviews(memberships=request.memberships, now=now)
    return {
        "asks": asks,
        "actions": actions,
        "escalations": escalations,
        "reviews": reviews,
        "waiting": asks.total + len(actions) + len(escalations) + len(reviews),
    }


def _opened(request: SignedInRequest, week: MyWeek, *, now: dt.datetime) -> DueCard | None:
    """The card that the address opens, with all that its form needs."""
    wanted = _wanted(request, week)
    if wanted is None:
        return None
    members = {wanted.membership.engagement_id: wanted.membership}
    return next(iter(due.due_cards([wanted.key_result_id], members=members, now=now)), None)


def _wanted(request: HttpRequest, week: MyWeek) -> WeekCard | None:
    """Return the card that the address names, or the one after another."""
    cards = [card for group in week.groups for card in group.cards]
    by_name = {card.public_id: card for card in cards}
    if name := request.GET.get("open"):
        return by_name.get(name)
    before = by_name.get(request.GET.get("after", ""))
    waiting = [card for card in cards if not card.is_done]
    if before is None:
        return None
    same = [card for card in waiting if card.engagement == before.engagement]
    return next(iter(same or waiting), None)
