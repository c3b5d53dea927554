from __future__ import annotations

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from engagements.access import MemberRequest, find, member
from engagements.form_views import form_page, redirect_to, run_command
from engagements.permissions import Permission
from engagements.row_cache import Row, render_rows
from okrs.commands.cycles import create_cycle, create_team, update_cycle, update_team
from okrs.forms.cycles import BoardFilter, CycleForm, TeamForm
from okrs.headlines import describe_counts
from okrs.models import Cycle, Team
from okrs.queries import cycles as queries
from okrs.queries.cards import board as board_query
from okrs.weeks import quarters_from

TAB = {"tab": "cycles"}
TEAMS = {"tab": "teams"}


@require_safe
@member(Permission.READ)
def cycle_list(request: MemberRequest) -> HttpResponse:
    cycles = queries.cycle_list(request.engagement)
    page = {"cycles": cycles, "quarters": quarters_from(today_of(request)), **TAB}
    return render(request, "okrs/cycle_list.html", page)


@require_safe
@member(Permission.READ)
def cycle_detail(request: MemberRequest, cycle: str) -> HttpResponse:
    now = timezone.now()
    today = request.engagement.today(now)
    page = queries.cycle_page(cycle_of(request, cycle), today=today)
    groups = render_rows(
        "okrs/cycle_detail.html#objective",
        [(group, group.rows) for group in page.groups],
        row_of=lambda one: Row(request.engagement, one.objective.public_id),
        contexts=lambda objectives: ({"row": one} for one in objectives),
        now=now,
    )
    context = {"page": page, "groups": groups, "today": today, **TAB}
    return render(request, "okrs/cycle_detail.html", context)


@member(Permission.PLAN)
def cycle_create(request: MemberRequest) -> HttpResponse:
    first = queries.next_quarter(request.engagement, today=today_of(request))
    form = CycleForm(request.POST or None, engagement=request.engagement, initial=first)
    known = {"engagement": request.engagement, "by": request.membership, "now": timezone.now()}
    if form.is_valid() and (cycle := run_command(form, create_cycle, **known)):
        return redirect_to(request, "okrs:cycle-detail", cycle.public_id)
    return form_page(request, "okrs/cycle_form.html", form=form, **TAB)


@member(Permission.PLAN)
def cycle_update(request: MemberRequest, cycle: str) -> HttpResponse:
    row = cycle_of(request, cycle)
    form = CycleForm(request.POST or None, engagement=request.engagement, row=row)
    known = {"cycle": row, "by": request.membership, "now": timezone.now()}
    if form.is_valid() and run_command(form, update_cycle, **known):
        return redirect_to(request, "okrs:cycle-detail", row.public_id)
    return form_page(request, "okrs/cycle_form.html", form=form, cycle=row, **TAB)


def today_of(request: MemberRequest) -> dt.date:
    """Return today's date in the engagement's zone."""
    return request.engagement.today(timezone.now())


def cycle_of(request: MemberRequest, public_id: str) -> Cycle:
    """Return the cycle with this public id, or raise 404."""
    cycles = Cycle.objects.filter(engagement=request.engagement)
    return find(cycles.select_related("engagement"), public_id)


@require_safe
@member(Permission.READ)
def board(request: MemberRequest) -> HttpResponse:
    now = timezone.now()
    today = request.engagement.today(now)
    current = queries.current_cycle(request.engagement, today=today)
    board_filter = BoardFilter(request.GET, engagement=request.engagement, current=current)
    cycle = board_filter.chosen()
    columns = board_query(request.engagement, cycle, today=today)
    state = "" if cycle else "cycle"  # without one, cards name theirs
    cards = [card for column in columns.values() for card in column]
    counted = [card for card in cards if card.key_result.is_counted]
    page = {
        "columns": render_rows(
            "okrs/board.html#card",
            columns.items(),
            row_of=lambda card: Row(request.engagement, card.key_result.public_id, state),
            contexts=lambda cards: ({"card": card, "shows_cycle": not cycle} for card in cards),
            now=now,
        ),
        "headline": describe_counts(counted) if counted else "",
        "card_count": len(cards),
        "empty": [stage.label for stage, cards in columns.items() if not cards],
        "filter": board_filter,
        "chosen": cycle,
        "tab": "board",
    }
    part = "okrs/board.html" + ("#board" if request.htmx else "")
    return render(request, part, page)


@require_safe
@member(Permission.READ)
def team_list(request: MemberRequest) -> HttpResponse:
    teams = queries.team_list(request.engagement)
    return render(request, "okrs/team_list.html", {"teams": teams, **TEAMS})


@member(Permission.PLAN)
def team_create(request: MemberRequest) -> HttpResponse:
    form = TeamForm(request.POST or None, engagement=request.engagement)
    if form.is_valid() and run_command(
        form, create_team, engagement=request.engagement, by=request.membership
    ):
        return redirect_to(request, "okrs:team-list")
    return form_page(request, "okrs/team_form.html", form=form, **TEAMS)


@member(Permission.PLAN)
def team_update(request: MemberRequest, team: str) -> HttpResponse:
    row = find(Team.objects.filter(engagement=request.engagement).select_related("champion"), team)
    form = TeamForm(request.POST or None, engagement=request.engagement, row=row)
    if form.is_valid() and run_command(form, update_team, team=row, by=request.membership):
        return redirect_to(request, "okrs:team-list")
    return form_page(request, "okrs/team_form.html", form=form, team=row, **TEAMS)
