from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from engagements.access import MemberRequest, find, member
from engagements.form_views import form_page, redirect_to, run_command
from engagements.permissions import Permission
from okrs.commands.key_results import answer_audits, link_contribution, unlink_contribution
from okrs.commands.objectives import (
    commit_objective,
    discard_objective,
    draft_objective,
    update_objective,
)
from okrs.forms.cycles import ContributionForm
from okrs.forms.objectives import ObjectiveForm, read_versions
from okrs.models import ContributionLink, Objective
from okrs.queries.objectives import objective_page
from okrs.views.cycles import TAB, cycle_of, today_of
from tenancy.locks import StaleEdit


@require_safe
@member(Permission.READ)
def objective_detail(request: MemberRequest, objective: str) -> HttpResponse:
    return objective_answer(request, objective_of(request, objective))


@member(Permission.DRAFT)
def objective_create(request: MemberRequest, cycle: str) -> HttpResponse:
    row = cycle_of(request, cycle)
    form = ObjectiveForm(request.POST or None, cycle=row, initial={"owner": request.membership})
    if form.is_valid() and (
        objective := run_command(form, draft_objective, cycle=row, by=request.membership)
    ):
        onwards = "key-result-create" if "also" in request.POST else "objective-detail"
        return redirect_to(request, f"okrs:{onwards}", objective.public_id)
    return form_page(request, "okrs/objective_form.html", form=form, cycle=row, **TAB)


@member(Permission.DRAFT)
def objective_update(request: MemberRequest, objective: str) -> HttpResponse:
    row = objective_of(request, objective)
    form = ObjectiveForm(request.POST or None, cycle=row.cycle, row=row)
    template = "okrs/objective_form.html"
    page = {"objective": row, "cycle": row.cycle, **TAB}
    if form.is_valid() and run_command(
        form, update_objective, objective=row, by=request.membership
    ):
        return redirect_to(request, "okrs:objective-detail", row.public_id)
    return form_page(request, template, form=form, **page)


@require_POST
@member(Permission.DRAFT)
def objective_check(request: MemberRequest, cycle: str) -> HttpResponse:
    """Check the text as typed, without saving it."""
    named = request.GET.get("objective", "")
    row = objective_of(request, named) if named else None
    form = ObjectiveForm(request.POST, cycle=cycle_of(request, cycle), row=row)
    return render(request, "okrs/_findings.html", {"form": form})


@require_POST
@member(Permission.COMMIT)
def objective_commit(request: MemberRequest, objective: str) -> HttpResponse:
    row = objective_of(request, objective)
    read = read_versions(request.POST)
    try:
        committed = commit_objective(
            objective=row, versions=read, by=request.membership, now=timezone.now()
        )
    except StaleEdit:
        return objective_answer(request, row, part="commit", read=read, status=409)
    except ValidationError as refusal:
        return objective_answer(request, row, part="commit", refused=refusal.error_list, status=422)
    text = f"Committed: {', '.join(one.title for one in committed)}."
    messages.success(request, text if committed else "This is already committed.")
    return redirect_to(request, "okrs:objective-detail", row.public_id)


@require_POST
@member(Permission.DRAFT)
def objective_audit(request: MemberRequest, objective: str) -> HttpResponse:
    """Answer the last criterion of the audit for all drafts on the page, or take it back."""
    row = objective_of(request, objective)
    try:
        answer_audits(
            objective=row,
            versions=read_versions(request.POST),
            ambitious="ambitious" in request.POST,
            by=request.membership,
            now=timezone.now(),
        )
    except StaleEdit:
        refusal = "A key result changed while you were reading. Check the targets again."
        return objective_answer(request, row, refusal=refusal, status=409)
    except ValidationError as refusal:
        return objective_answer(request, row, refusal=refusal.messages[0], status=422)
    return redirect_to(request, "okrs:objective-detail", row.public_id)


@require_POST
@member(Permission.DRAFT)
def objective_discard(request: MemberRequest, objective: str) -> HttpResponse:
    row = objective_of(request, objective)
    try:
        discard_objective(objective=row, by=request.membership)
    except ValidationError as refusal:
        return objective_answer(request, row, refusal=refusal.messages[0], status=422)
    messages.success(request, f"Deleted: {row.title}.")
    return redirect_to(request, "okrs:cycle-detail", row.cycle.public_id)


def objective_answer(
    request: MemberRequest,
    row: Objective,
    *,
    part: str = "",
    read: Mapping[str, int] | None = None,
    status: int = 200,
    **extra: Any,
) -> HttpResponse:
    """Render the objective's page, or for htmx its `part`.

    `read` are the outdated versions that a person tried to commit: the page lists the changes.
    """
    template = "okrs/objective_detail.html" + (f"#{part}" if request.htmx and part else "")
    today = today_of(request)
    page = objective_page(row, today=today)
    context = {
        "page": page,
        "changed": page.changed_since(read) if read is not None else [],
        "contribution": ContributionForm(objective=row),
        "open_audit": request.GET.get("audit", ""),
        "today": today,
        **TAB,
        **extra,
    }
    return render(request, template, context, status=status)


def objective_of(request: MemberRequest, public_id: str) -> Objective:
    objectives = Objective.objects.filter(engagement=request.engagement)
    related = ("engagement", "cycle__engagement", "team", "parent__cycle", "owner", "reviewer")
    return find(objectives.select_related(*related), public_id)


@require_POST
@member(Permission.DRAFT)
def contribution_create(request: MemberRequest, objective: str) -> HttpResponse:
    row = objective_of(request, objective)
    form = ContributionForm(request.POST, objective=row)
    if form.is_valid() and run_command(form, link_contribution, by=request.membership):
        return redirect_to(request, "okrs:objective-detail", row.public_id)
    return objective_answer(request, row, part="contributions", contribution=form, status=422)


@require_POST
@member(Permission.DRAFT)
def contribution_delete(request: MemberRequest, contribution: str) -> HttpResponse:
    links = ContributionLink.objects.filter(engagement=request.engagement)
    link = find(links.select_related("source__objective"), contribution)
    unlink_contribution(link=link, by=request.membership)
    return redirect_to(request, "okrs:objective-detail", link.source.objective.public_id)
