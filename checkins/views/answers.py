"""How the screens of the rhythm answer: a card in its place, its page, or onward."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import BigIntegerField, CharField, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django_htmx.http import replace_url, trigger_client_event

from checkins import queries
from checkins.forms import CheckInForm
from checkins.queries import DueCard
from engagements.access import MemberRequest
from engagements.form_views import go_to, next_url, shorten, toast
from okrs.formatting import write_value
from okrs.models import KeyResult
from scoring import format_score
from tenancy.compiled import Compiled, Slot


def key_result_of(request: MemberRequest, public_id: str) -> KeyResult:
    """The key result of that public id in this engagement, or 404."""
    found = NAMED(engagement=request.engagement.pk, public_id=public_id)
    if not found:
        raise Http404
    return found[0]


def _named() -> QuerySet[KeyResult]:
    rows = KeyResult.objects.select_related("engagement", "objective__cycle", "metric")
    return rows.filter(
        engagement_id=Slot("engagement", BigIntegerField()),
        public_id=Slot("public_id", CharField()),
    )


NAMED = Compiled(_named)


def card_answer(
    request: MemberRequest,
    card: DueCard,
    *,
    now: dt.datetime,
    form: CheckInForm | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The card for htmx, its own page else."""
    part = "checkins/_due_card.html" if request.htmx else "checkins/check_in_create.html"
    back = next_url(request)
    context = {"card": card, "form": form, "now": now, "back": back, "alone": bool(back), **more}
    if not request.htmx:
        context["back"] = back or my_week_after(card.key_result)
        context["alone"] = True
        if form and not form.is_bound:
            form.focus_first()
    return render(request, part, context, status=status)


def saved_answer(
    request: MemberRequest, card: DueCard, *, now: dt.datetime, text: str, keeps_draft: bool = False
) -> HttpResponse:
    """After a post: the card as it stands now, or on to the next one.

    `keeps_draft` where what somebody typed was not posted: it stays in their browser. The address
    of the undo rides along as the message's extra tag; the frame's toast makes a form of it.
    """
    draft = "" if keeps_draft else draft_key(request, card.key_result)
    undo = "" if keeps_draft else _undo_url(card)
    if back := next_url(request):
        onward = f"{undo}?{urlencode({'next': back})}" if undo else ""
        messages.success(request, text, extra_tags=onward)
        return _recorded(go_to(request, back), draft=draft)
    if not request.htmx:
        messages.success(request, text, extra_tags=undo)
        stays = request.POST.get("then") == "stay"
        return redirect(my_week_at(card.key_result) if stays else my_week_after(card.key_result))
    response = replace_url(card_answer(request, card, now=now), reverse("workspace:my-week"))
    offer = {"url": undo, "card": card.key_result.public_id, "title": card.key_result.title}
    return toast(_recorded(response, draft=draft), text, undo=offer if undo else None)


def _undo_url(card: DueCard) -> str:
    """Of the check-in that stands, where this member may take it back; else empty."""
    if card.previous is None or not (card.is_done and card.may_undo):
        return ""
    return reverse("checkins:check-in-undo", args=[card.engagement.slug, card.previous.public_id])


def _recorded(response: HttpResponse, *, draft: str) -> HttpResponse:
    return trigger_client_event(response, "check-in-recorded", {"draft": draft})


def saved_text(card: DueCard) -> str:
    """ "Saved: Onboarding time 7.2 days, 0.30 Red."."""
    key_result, engagement = card.key_result, card.engagement
    unit = key_result.metric.unit if key_result.metric else ""
    value = write_value(key_result.latest_value, unit=unit)
    score = format_score(key_result.score, scale=engagement.score_scale)
    return f"Saved: {shorten(key_result.title)}, {value}, {score} {card.rag.label}."


def draft_key(request: MemberRequest, key_result: KeyResult) -> str:
    """The name under which a browser keeps what somebody typed into this card."""
    return f"{request.user.pk}:{key_result.public_id}"


def my_week_after(key_result: KeyResult) -> str:
    """My week with the card open that comes after this one."""
    return f"{reverse('workspace:my-week')}?{urlencode({'after': key_result.public_id})}"


def my_week_at(key_result: KeyResult) -> str:
    return f"{reverse('workspace:my-week')}#card-{key_result.public_id}"


def key_result_url(key_result: KeyResult) -> str:
    slug = key_result.engagement.slug
    return resolve_url("workspace:key-result-detail", slug, key_result.public_id)


def fresh_card(
    request: MemberRequest, key_result: KeyResult, *, now: dt.datetime
) -> DueCard | None:
    """The card as it stands in the database now."""
    return queries.due_card(key_result=key_result, membership=request.membership, now=now)
