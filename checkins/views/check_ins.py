from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from checkins import queries
from checkins.commands import Conflict, record_check_in, undo_check_in
from checkins.commands.rules import stage_refusal
from checkins.conflicts import versions
from checkins.forms import CheckInForm, new_key, read_confidence
from checkins.models import CheckIn
from checkins.queries import DueCard
from checkins.views.answers import (
    card_answer,
    fresh_card,
    key_result_of,
    key_result_url,
    my_week_at,
    saved_answer,
    saved_text,
)
from engagements.access import MemberRequest, find, member
from engagements.form_views import add_errors, next_url, redirect_back, toast
from engagements.permissions import Permission
from okrs.models import KeyResult

KEPT = "Kept the saved check-in. Yours stays as a draft on this device until you post or clear it."


@member(Permission.CHECK_IN)
def check_in_create(request: MemberRequest, key_result: str) -> HttpResponse:
    row, now = key_result_of(request, key_result), timezone.now()
    card = fresh_card(request, row, now=now)
    if card is None:
        return _refused(request, row)
    if request.method == "POST":
        return _post(request, card, now=now)
    is_closed = "closed" in request.GET
    form = None if is_closed else CheckInForm(card=card, now=now)
    return card_answer(request, card, now=now, form=form)


@require_safe
@member(Permission.CHECK_IN)
def check_in_preview(request: MemberRequest, key_result: str) -> HttpResponse:
    row, actual = key_result_of(request, key_result), request.GET.get("actual", "")
    found = queries.preview(
        key_result=row,
        actual=actual,
        confidence=read_confidence(request.GET.get("confidence")),
        today=request.engagement.today(timezone.now()),
    )
    preview = found if actual.strip() else None
    context = {"preview": preview, "key_result": row, "told": "told" in request.GET}
    return render(request, "checkins/_preview.html", context)


@require_POST
@member(Permission.CHECK_IN)
def check_in_undo(request: MemberRequest, check_in: str) -> HttpResponse:
    mine = CheckIn.objects.filter(engagement=request.engagement)
    row, now = find(mine.select_related("key_result__engagement"), check_in), timezone.now()
    text, refusal = "Undone. Both versions stay in the history.", ""
    try:
        undo_check_in(check_in=row, by=request.membership, now=now)
    except ValidationError as refused:
        text = refusal = " ".join(refused.messages)
    card = fresh_card(request, row.key_result, now=now)
    if not request.htmx or next_url(request) or card is None:
        (messages.error if refusal else messages.success)(request, text)
        return redirect_back(request, otherwise=my_week_at(row.key_result))
    status = 422 if refusal else 200
    answer = card_answer(request, card, now=now, refusal=refusal, status=status)
    return toast(trigger_client_event(answer, "check-in-undone"), text)


def _post(request: MemberRequest, card: DueCard, *, now: dt.datetime) -> HttpResponse:
    choice = request.POST.get("keep")
    if choice == "theirs":
        return saved_answer(request, card, now=now, text=KEPT, keeps_draft=True)
    form = CheckInForm(request.POST, card=card, now=now)
    if choice == "edit":
        typed = {**request.POST.dict(), "seen": card.latest_check_in_id, "key": new_key()}
        form = CheckInForm(card=card, now=now, initial=typed)
        return card_answer(request, card, now=now, form=form)
    try:
        recorded = form.is_valid() and _record(request, form, now=now)
    except Conflict as conflict:
        return _both(request, form, theirs=conflict.theirs, now=now)
    current = fresh_card(request, card.key_result, now=now)
    if recorded and current:
        return saved_answer(request, current, now=now, text=saved_text(current))
    return card_answer(request, card, now=now, form=form, status=422)


def _record(request: MemberRequest, form: CheckInForm, *, now: dt.datetime) -> CheckIn | None:
    """None where a rule refused it: it stands on the form then."""
    row, by = form.card.key_result, request.membership
    try:
        return record_check_in(key_result=row, by=by, now=now, **form.content)
    except ValidationError as refusal:
        add_errors(form, refusal)
        return None


def _both(
    request: MemberRequest, form: CheckInForm, *, theirs: CheckIn, now: dt.datetime
) -> HttpResponse:
    """409: both versions, and a form that puts what was typed on top of what stands now."""
    found = versions(form.card, theirs=theirs, content=form.content, today=form.today)
    data = request.POST.copy()
    data["seen"], data["key"] = theirs.public_id, str(new_key())
    again = CheckInForm(data, card=form.card, now=now)
    return card_answer(request, form.card, now=now, form=again, versions=found, status=409)


def _refused(request: MemberRequest, row: KeyResult) -> HttpResponse:
    """A key result that takes no check-ins: say so, and hand back what was typed."""
    refusal = stage_refusal(row)
    text = " ".join(refusal.messages) if refusal else ""
    if request.method != "POST":
        messages.info(request, text)
        return redirect(key_result_url(row))
    labels = {name: field.label for name, field in CheckInForm.base_fields.items()}
    typed = [
        (labels[name], value)
        for name, value in request.POST.items()
        if labels.get(name) and name != "confirm_range"
    ]
    context = {"key_result": row, "text": text, "typed": typed}
    part = "checkins/check_in_refused.html" + ("#card" if request.htmx else "")
    return render(request, part, context, status=422)
