from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_htmx.http import trigger_client_event

from engagements.access import MemberRequest, find, member
from engagements.form_views import go_to, next_url, run_command, toast
from engagements.models import Membership, Role
from engagements.permissions import Permission
from escalations import forms
from escalations.commands import activate_escalation, decide_escalation, record_outcome, set_huddle
from escalations.messages import escalation_url
from escalations.models import Escalation, EscalationAct
from escalations.queries import escalation_cards, escalations
from escalations.rule import acts_of, may_act, speaks_for_sponsor

TAB = {"tab": "escalations"}
FORMS: dict[EscalationAct, tuple[type[forms.EscalationForm], Callable[..., Escalation]]] = {
    EscalationAct.ACTIVATE: (forms.ActivateForm, activate_escalation),
    EscalationAct.HUDDLE: (forms.HuddleForm, set_huddle),
    EscalationAct.ANSWER: (forms.OutcomeForm, record_outcome),
    EscalationAct.DECIDE: (forms.VerdictForm, decide_escalation),
}
RECORDED = "escalations/_sentences.html#recorded"
PARTS = {"list": "escalations/_escalation.html#row", "my-week": "escalations/_escalation_task.html"}


@require_safe
@member(Permission.READ)
def escalation_list(request: MemberRequest) -> HttpResponse:
    now = timezone.now()
    page = escalations(membership=request.membership, now=now)
    context = {"page": page, "place": "list", "now": now, **TAB}
    return render(request, "escalations/escalation_list.html", context)


@member(Permission.READ)
def escalation_act(request: MemberRequest, escalation: str, act: EscalationAct) -> HttpResponse:
    """Run the command with the form, or show the form; without it if there is nothing to record.

    404 outside this engagement, 403 without the right to the act.
    """
    rows = Escalation.objects.filter(engagement=request.engagement)
    row = find(rows.select_related("key_result__engagement", "key_result__objective"), escalation)
    if not may_act(row, act, by=request.membership):
        raise PermissionDenied
    if request.method == "POST":
        return _posted(request, row, act)
    if "closed" not in request.GET and act in acts_of(row, by=request.membership):
        return _shown(request, row, form=_form(request, row, act), act=act)
    if request.htmx:
        return _shown(request, row)
    messages.info(request, "There is nothing to record now.")
    return redirect(escalation_url(row))


def _posted(request: MemberRequest, row: Escalation, act: EscalationAct) -> HttpResponse:
    form = _form(request, row, act, data=request.POST)
    known = {"escalation": row, "by": request.membership, "now": timezone.now()}
    done = form.is_valid() and run_command(form, FORMS[act][1], **known)
    if form.stale is not None:
        form = form.on_top_of(form.stale)
        return _shown(request, row, form=form, act=act, is_stale=True, status=409)
    if not done:
        return _shown(request, row, form=form, act=act, status=422)
    text = render_to_string(RECORDED, {"row": done, "act": act}).strip()
    if not request.htmx or request.POST.get("place") == "own":
        messages.success(request, text)
        answer = go_to(request, next_url(request) or escalation_url(row))
        return trigger_client_event(answer, "form-saved") if request.htmx else answer
    answer = _shown(request, done, done=text)
    for event in ("form-saved", "escalation-changed"):
        trigger_client_event(answer, event)
    return toast(answer, text)


def _form(
    request: MemberRequest, row: Escalation, act: EscalationAct, *, data: Any = None
) -> forms.EscalationForm:
    known: dict[str, Any] = {"engagement": request.engagement, "row": row}
    if act is not EscalationAct.DECIDE or not speaks_for_sponsor(request.membership):
        return FORMS[act][0](data, **known)
    people = Membership.objects.active().filter(engagement=request.engagement)
    sponsors = people.filter(role=Role.SPONSOR)[:2]
    named = {"word_of": sponsors[0].name} if len(sponsors) == 1 else {}
    return forms.VerdictOnBehalfForm(data, initial=named, **known)


def _shown(
    request: MemberRequest, row: Escalation, *, status: int = 200, **more: Any
) -> HttpResponse:
    """Render the part of the page that htmx asked for, else the form's own page."""
    now, place = timezone.now(), request.POST.get("place") or request.GET.get("place") or ""
    part = PARTS.get(place, "escalations/_escalation.html")
    if not request.htmx:
        place, part = "own", "escalations/escalation_act.html"
    card = escalation_cards([row.pk], membership=request.membership, now=now)[row.pk]
    back = next_url(request) or escalation_url(row)
    context = {"card": card, "row": card.escalation, "place": place, "back": back}
    if place == "list" and "done" in more:
        more |= {"page": escalations(membership=request.membership, now=now), "beside": True}
    return render(request, part, {**context, "now": now, **TAB, **more}, status=status)
