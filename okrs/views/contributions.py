from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from engagements.access import find, member
from engagements.form_views import onward, take
from engagements.http import MemberRequest
from engagements.permissions import Permission
from okrs.commands import link_contribution, unlink_contribution
from okrs.forms import ContributionForm
from okrs.models import ContributionLink
from okrs.views.objectives import objective_answer, objective_of


@require_POST
@member(Permission.DRAFT)
def contribution_create(request: MemberRequest, objective: str) -> HttpResponse:
    row = objective_of(request, objective)
    form = ContributionForm(request.POST, objective=row)
    if form.is_valid() and take(form, link_contribution, by=request.membership):
        return onward(request, "okrs:objective-detail", row.public_id)
    return objective_answer(request, row, part="contributions", contribution=form, status=422)


@require_POST
@member(Permission.DRAFT)
def contribution_delete(request: MemberRequest, contribution: str) -> HttpResponse:
    links = ContributionLink.objects.filter(engagement=request.engagement)
    link = find(links.select_related("source__objective"), contribution)
    unlink_contribution(link=link, by=request.membership)
    return onward(request, "okrs:objective-detail", link.source.objective.public_id)
