from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import replace_url, trigger_client_event

from checkins.commands import Conflict, answer_prompt, record_check_in, undo_check_in
from checkins.conflicts import versions
from checkins.forms import (
    CheckInForm,
    PromptAnswerForm,
    read_confidence,
    read_day,
    typed_preview,
)
from checkins.messages import key_result_url
from checkins.models import CheckIn, CheckInKind
from checkins.queries.cards import DueCard, KeyResultRow, card_of, due_card, key_result_row
from checkins.rules import stage_refusal
from engagements.access import MemberRequest, find, member
from engagements.figure_fields import NumberInput
from engagements.form_views import (
    add_errors,
    go_to,
    next_url,
    redirect_back,
    run_command,
    shorten,
    toast,
)
from engagements.permissions import Permission
from engagements.row_cache import render_row
from okrs.formatting import write_value
from okrs.models import KeyResult
from scoring import format_score
from tenancy.scoping import end_writing

SAVED_KEPT = (
    "Kept the saved check-in. Yours stays as a draft on this device until you post or clear it."
)
ANSWERED = "Answer saved."
UNDONE = "Undone. The check-in stays in the history, marked as undone."
RESTORED = "Undone. The earlier version is back."


@member(Permission.CHECK_IN)
def check_in_create(request: MemberRequest, key_result: str) -> HttpResponse:
    row, now = find_key_result(request, key_result), timezone.now()
    card = card_of(row, membership=request.membership, now=now)
    if card is None:
        return _stage_refused(request, row.key_result)
    if request.method == "POST":
        return _post(request, card, now=now)
    form = None if "closed" in request.GET else CheckInForm(card=card, now=now)
    return _card_page(request, card, now=now, form=form)


@require_safe
@member(Permission.CHECK_IN)
def check_in_preview(request: MemberRequest, key_result: str) -> HttpResponse:
    row = find_key_result(request, key_result).key_result
    today = request.engagement.today(timezone.now())
    found = typed_preview(
        row,
        typed=NumberInput().value_from_datadict(request.GET, {}, "actual"),
        confidence=read_confidence(request.GET.get("confidence")),
        day=read_day(request.GET.get("measured_on"), default=today),
    )
    context = {
        "preview": found,
        "key_result": row,
        "is_warned": "warned" in request.GET,
        "is_refused": "refused" in request.GET,
    }
    return render(request, "checkins/_check_in_form.html#preview", context)


@require_POST
@member(Permission.CHECK_IN)
def check_in_undo(request: MemberRequest, check_in: str) -> HttpResponse:
    rows = CheckIn.objects.filter(engagement=request.engagement)
    row, now = find(rows.select_related("key_result__engagement"), check_in), timezone.now()
    refusal = ""
    try:
        undo = undo_check_in(check_in=row, by=request.membership, now=now)
        text = UNDONE if undo.kind == CheckInKind.UNDO else RESTORED
    except ValidationError as refused:
        text = refusal = " ".join(refused.messages)
    end_writing()
    card = due_card(key_result=row.key_result, membership=request.membership, now=now)
    if not request.htmx or next_url(request) or card is None:
        (messages.error if refusal else messages.success)(request, text)
        return redirect_back(request, otherwise=_my_week_at(row.key_result))
    status = 422 if refusal else 200
    page = _card_page(request, card, now=now, refusal=refusal, status=status)
    return toast(trigger_client_event(page, "check-in-undone"), text)


@member(Permission.CHECK_IN)
def prompt_answer(request: MemberRequest, key_result: str) -> HttpResponse:
    """Show the form that answers the prompt of a key result, alone or on its card (M5.9)."""
    row, now = find_key_result(request, key_result), timezone.now()
    card = card_of(row, membership=request.membership, now=now)
    if card is None:
        return _stage_refused(request, row.key_result)
    asked, form = card.prompt, None
    if request.method == "POST" or (asked and "closed" not in request.GET):
        question = asked.question if asked else None
        form = PromptAnswerForm(request.POST or None, card=card, question=question)
    known: dict[str, Any] = {"key_result": card.key_result, "by": request.membership, "now": now}
    if form is None or not form.is_bound:
        return _prompt_page(request, card, form=form)
    if not form.is_valid() or not run_command(form, answer_prompt, **known):
        return _prompt_page(request, card, form=form, status=422)
    if not request.htmx or next_url(request):
        messages.success(request, ANSWERED)
        return redirect_back(request, otherwise=key_result_url(card.key_result))
    page = _prompt_page(request, card, is_answered=True)
    return toast(trigger_client_event(page, "form-saved"), ANSWERED)


def find_key_result(request: MemberRequest, public_id: str) -> KeyResultRow:
    """Return the key result with this public id in this engagement, or raise 404."""
    row = key_result_row(public_id, engagement=request.engagement)
    if row is None:
        raise Http404
    return row


def _post(request: MemberRequest, card: DueCard, *, now: dt.datetime) -> HttpResponse:
    choice = request.POST.get("keep")
    if choice == "theirs":
        return _saved(request, card, now=now, text=SAVED_KEPT, keeps_draft=True)
    if choice == "edit":
        typed = {**request.POST.dict(), "seen": card.latest_check_in_id, "key": uuid4()}
        form = CheckInForm(card=card, now=now, initial=typed)
        return _card_page(request, card, now=now, form=form)
    form, by = CheckInForm(request.POST, card=card, now=now), request.membership
    if form.is_valid():
        try:
            record_check_in(key_result=card.key_result, by=by, now=now, **form.content)
            end_writing()
            current = due_card(key_result=card.key_result, membership=by, now=now)
        except Conflict as conflict:
            return _conflict(request, form, theirs=conflict.theirs, now=now)
        except ValidationError as refusal:
            add_errors(form, refusal)
        else:
            if current is not None:
                return _saved(request, current, now=now, text=_saved_text(current))
            # Saved, and closed by someone else before this page was rendered.
            messages.success(request, f"Saved: {shorten(card.key_result.title)}.")
            draft = f"{request.user.pk}:{card.key_result.public_id}"
            return _recorded(go_to(request, key_result_url(card.key_result)), draft=draft)
    return _card_page(request, card, now=now, form=form, status=422)


def _conflict(
    request: MemberRequest, form: CheckInForm, *, theirs: CheckIn, now: dt.datetime
) -> HttpResponse:
    """Render both versions, and a form that posts the typed one on top of the saved one: 409."""
    found = versions(form.card, theirs=theirs, content=form.content, today=form.today)
    data = request.POST.copy()
    data["seen"], data["key"] = theirs.public_id, str(uuid4())
    again = CheckInForm(data, card=form.card, now=now)
    return _card_page(request, form.card, now=now, form=again, versions=found, status=409)


def _stage_refused(request: MemberRequest, row: KeyResult) -> HttpResponse:
    """Explain why the key result takes no check-ins, and return the input."""
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


def _card_page(
    request: MemberRequest,
    card: DueCard,
    *,
    now: dt.datetime,
    form: CheckInForm | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """Render the card for htmx, else the page of the card."""
    back = next_url(request)
    context = {"card": card, "form": form, "now": now, "back": back, "alone": bool(back), **more}
    if not form:
        shown = {"card": card, "key_result": card.key_result}
        context["row"] = render_row("checkins/_due_row.html", card.engagement, shown)
    if request.htmx:
        return render(request, "checkins/_due_card.html", context, status=status)
    context |= {"back": back or _my_week_after(card.key_result), "alone": True}
    if form and not form.is_bound:
        form.focus_first()
    return render(request, "checkins/check_in_create.html", context, status=status)


def _saved(
    request: MemberRequest, card: DueCard, *, now: dt.datetime, text: str, keeps_draft: bool = False
) -> HttpResponse:
    """Render the current card, or go on to the next one.

    With `keeps_draft` the input was not posted and stays in the browser. The URL of the undo is the
    extra tag of the message; the page's toast makes a form of it.
    """
    draft = "" if keeps_draft else f"{request.user.pk}:{card.key_result.public_id}"
    undo = ""
    if card.previous and card.may_undo and card.is_done and not keeps_draft:
        undo = reverse(
            "checkins:check-in-undo", args=[card.engagement.slug, card.previous.public_id]
        )
    if back := next_url(request):
        tags = f"{undo}?{urlencode({'next': back})}" if undo else ""
        messages.success(request, text, extra_tags=tags)
        return _recorded(go_to(request, back), draft=draft)
    if not request.htmx:
        messages.success(request, text, extra_tags=undo)
        stays = request.POST.get("then") == "stay"
        return redirect(_my_week_at(card.key_result) if stays else _my_week_after(card.key_result))
    response = replace_url(_card_page(request, card, now=now), reverse("workspace:my-week"))
    offer = {"url": undo, "card": card.key_result.public_id, "title": card.key_result.title}
    return toast(_recorded(response, draft=draft), text, undo=offer if undo else None)


def _prompt_page(
    request: MemberRequest, card: DueCard, *, status: int = 200, **more: Any
) -> HttpResponse:
    """Render the prompt of the card for htmx, else as a page of its own."""
    context = {"key_result": card.key_result, "prompt": card.prompt, "may_answer": True}
    template = "checkins/_prompt.html" if request.htmx else "checkins/prompt_answer.html"
    return render(request, template, {**context, "back": next_url(request), **more}, status=status)


def _saved_text(card: DueCard) -> str:
    """Return for example "Saved: Onboarding time, 7.2 days, 0.30 Red."."""
    key_result = card.key_result
    value = write_value(key_result.latest_value, unit=key_result.unit)
    score = format_score(key_result.score, scale=card.engagement.score_scale)
    return f"Saved: {shorten(key_result.title)}, {value}, {score} {card.rag.label}."


def _recorded(response: HttpResponse, *, draft: str) -> HttpResponse:
    return trigger_client_event(response, "check-in-recorded", {"draft": draft})


def _my_week_after(key_result: KeyResult) -> str:
    """Return the URL of My week with the next card open."""
    return f"{reverse('workspace:my-week')}?{urlencode({'after': key_result.public_id})}"


def _my_week_at(key_result: KeyResult) -> str:
    return f"{reverse('workspace:my-week')}#card-{key_result.public_id}"
