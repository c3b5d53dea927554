from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from engagements.access import MemberRequest, find, member
from engagements.form_views import form_page, redirect_to, run_command, stale_page
from engagements.permissions import Permission
from okrs import queries
from okrs.commands import create_team, update_team
from okrs.forms import TeamForm
from okrs.models import Team
from tenancy.locks import StaleEdit

TAB = {"tab": "teams"}


@require_safe
@member(Permission.READ)
def team_list(request: MemberRequest) -> HttpResponse:
    teams = queries.team_list(request.engagement)
    return render(request, "okrs/team_list.html", {"teams": teams, **TAB})


@member(Permission.PLAN)
def team_create(request: MemberRequest) -> HttpResponse:
    form = TeamForm(request.POST or None, engagement=request.engagement)
    if form.is_valid() and run_command(
        form, create_team, engagement=request.engagement, by=request.membership
    ):
        return redirect_to(request, "okrs:team-list")
    return form_page(request, "okrs/team_create.html", form=form, **TAB)


@member(Permission.PLAN)
def team_update(request: MemberRequest, team: str) -> HttpResponse:
    row = find(Team.objects.filter(engagement=request.engagement).select_related("champion"), team)
    form = TeamForm(request.POST or None, engagement=request.engagement, row=row)
    template, page = "okrs/team_update.html", {"team": row, **TAB}
    try:
        if form.is_valid() and run_command(form, update_team, team=row, by=request.membership):
            return redirect_to(request, "okrs:team-list")
    except StaleEdit as stale:
        return stale_page(request, template, form=form, stale=stale, **page)
    return form_page(request, template, form=form, **page)
