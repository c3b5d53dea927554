from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from engagements.access import MemberRequest, find, member
from engagements.form_views import form_page, redirect_to, run_command
from engagements.permissions import Permission
from engagements.queries import last_save
from okrs.commands.key_results import (
    answer_audit,
    discard_key_result,
    draft_key_result,
    update_key_result,
)
from okrs.forms.key_results import AuditForm, KeyResultForm
from okrs.models import KeyResult
from okrs.queries.objectives import objective_page
from okrs.views.cycles import TAB, today_of
from okrs.views.objectives import objective_answer, objective_of
from tenancy.locks import StaleEdit


@member(Permission.DRAFT)
def key_result_create(request: MemberRequest, objective: str) -> HttpResponse:
    row = objective_of(request, objective)
    form = KeyResultForm(request.POST or None, objective=row, initial={"owner": row.owner})
    if form.is_bound and form.asks_to_be_filled():
        form = form.filled()
    elif form.is_valid() and (
        draft := run_command(form, draft_key_result, objective=row, by=request.membership)
    ):
        if "also" not in request.POST:
            return redirect_to(request, "okrs:objective-detail", row.public_id)
        messages.success(request, f"Saved: {draft.title}.")
        return redirect_to(request, "okrs:key-result-create", row.public_id)
    return form_page(request, "okrs/key_result_form.html", form=form, objective=row, **TAB)


@member(Permission.DRAFT)
def key_result_update(request: MemberRequest, key_result: str) -> HttpResponse:
    row = _key_result(request, key_result)
    form = KeyResultForm(request.POST or None, objective=row.objective, row=row)
    template = "okrs/key_result_form.html"
    page = {"key_result": row, "objective": row.objective, **TAB}
    if form.is_valid() and run_command(
        form, update_key_result, key_result=row, by=request.membership
    ):
        return redirect_to(request, "okrs:objective-detail", row.objective.public_id)
    return form_page(request, template, form=form, **page)


@require_POST
@member(Permission.DRAFT)
def key_result_check(request: MemberRequest, objective: str) -> HttpResponse:
    """Check the text as typed, without saving it."""
    named = request.GET.get("key_result", "")
    row = _key_result(request, named) if named else None
    form = KeyResultForm(request.POST, objective=objective_of(request, objective), row=row)
    return render(request, "okrs/_findings.html", {"form": form})


@require_POST
@member(Permission.DRAFT)
def key_result_audit(request: MemberRequest, key_result: str) -> HttpResponse:
    row = _key_result(request, key_result)
    form = AuditForm(request.POST)
    known = {"key_result": row, "by": request.membership, "now": timezone.now()}
    try:
        taken = form.is_valid() and run_command(form, answer_audit, **known)
    except StaleEdit as stale:
        typed = {"answers": form.cleaned_data, "saved": last_save(stale.current)}
        return _audit_answer(request, row, status=409, stale_audit=row.public_id, **typed)
    if not taken:
        refusal = " ".join(map(str, form.non_field_errors()))
        return objective_answer(request, row.objective, refusal=refusal, status=422)
    if request.htmx:
        return _audit_answer(request, row)
    return redirect_to(request, "okrs:objective-detail", row.objective.public_id)


@require_POST
@member(Permission.DRAFT)
def key_result_discard(request: MemberRequest, key_result: str) -> HttpResponse:
    row = _key_result(request, key_result)
    try:
        discard_key_result(key_result=row, by=request.membership)
    except ValidationError as refusal:
        return objective_answer(request, row.objective, refusal=refusal.messages[0], status=422)
    messages.success(request, f"Deleted: {row.title}.")
    return redirect_to(request, "okrs:objective-detail", row.objective.public_id)


def _audit_answer(
    request: MemberRequest, row: KeyResult, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Render the objective's page, or for htmx only the key result, with its audit open."""
    if not request.htmx:
        return objective_answer(
            request, row.objective, status=status, open_audit=row.public_id, **context
        )
    page = objective_page(row.objective, today=today_of(request))
    card = next(card for card in page.row.cards if card.key_result.pk == row.pk)
    part = {"page": page, "card": card, "open_audit": row.public_id, **context}
    return render(request, "okrs/objective_detail.html#audited", part, status=status)


def _key_result(request: MemberRequest, public_id: str) -> KeyResult:
    key_results = KeyResult.objects.filter(engagement=request.engagement)
    related = ("engagement", "objective__engagement", "objective__cycle__engagement")
    key_results = key_results.select_related(*related, "metric", "owner", "committed_by")
    return find(key_results, public_id)
