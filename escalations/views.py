from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from checkins.templatetags.weeks import when
from checkins.views import key_result_url
from engagements.access import MemberRequest, find, member
from engagements.form_views import next_url, run_command, toast
from engagements.models import Membership, Role
from engagements.permissions import Permission
from escalations.commands import (
    activate_escalation,
    decide_escalation,
    record_outcome,
    set_huddle,
)
from escalations.forms import EscalationForm, HuddleForm, OutcomeForm, VerdictForm
from escalations.models import Escalation, EscalationState
from escalations.pending import task_of
from escalations.queries import escalation_card, escalations
from escalations.rule import EscalationAct, acts_of, may_act, speaks_for_sponsor
from escalations.words import headline
from tenancy.locks import StaleEdit

TAB = {"tab": "escalations"}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A form of an escalation and the command that it runs."""

    act: EscalationAct
    form: Callable[..., EscalationForm]
    command: Callable[..., Escalation]
    title: str
    verb: str


HUDDLE = Asked(
    act=EscalationAct.HUDDLE,
    form=HuddleForm,
    command=set_huddle,
    title="Schedule huddle",
    verb="Schedule huddle",
)
OUTCOME = Asked(
    act=EscalationAct.ANSWER,
    form=OutcomeForm,
    command=record_outcome,
    title="Record recovery plan",
    verb="Record recovery plan",
)
VERDICT = Asked(
    act=EscalationAct.DECIDE,
    form=VerdictForm,
    command=decide_escalation,
    title="Record the sponsor’s decision",
    verb="Record decision",
)


@require_safe
@member(Permission.READ)
def escalation_list(request: MemberRequest) -> HttpResponse:
    now = timezone.now()
    page = escalations(membership=request.membership, now=now)
    context = {"page": page, "headline": headline(page.counts), "place": "list", "now": now, **TAB}
    return render(request, "escalations/escalation_list.html", context)


@require_POST
@member(Permission.READ)
def escalation_activate(request: MemberRequest, escalation: str) -> HttpResponse:
    row, now = _find(request, escalation, EscalationAct.ACTIVATE), timezone.now()
    try:
        current = activate_escalation(escalation=row, by=request.membership, now=now)
    except ValidationError as refusal:
        text = " ".join(refusal.messages)
        if not request.htmx:
            messages.error(request, text)
            return redirect(_back(request, row))
        return toast(_shown(request, row, now=now, status=422, refusal=text), text)
    return _done(
        request, current, now=now, text="Activated. The people who act on it are notified."
    )


@member(Permission.READ)
def escalation_huddle(request: MemberRequest, escalation: str) -> HttpResponse:
    return _ask(request, escalation, HUDDLE)


@member(Permission.READ)
def escalation_outcome(request: MemberRequest, escalation: str) -> HttpResponse:
    return _ask(request, escalation, OUTCOME)


@member(Permission.READ)
def escalation_verdict(request: MemberRequest, escalation: str) -> HttpResponse:
    return _ask(request, escalation, VERDICT)


def _find(request: MemberRequest, public_id: str, act: EscalationAct) -> Escalation:
    """Return that escalation; 404 outside this engagement, 403 without the right to the act."""
    rows = Escalation.objects.filter(engagement=request.engagement)
    row = find(rows.select_related("key_result__engagement", "key_result__objective"), public_id)
    if not may_act(row, act, by=request.membership):
        raise PermissionDenied
    return row


def _ask(request: MemberRequest, public_id: str, asked: Asked) -> HttpResponse:
    row, now = _find(request, public_id, asked.act), timezone.now()
    if request.method != "POST":
        return _opened(request, row, asked, now=now)
    form = _form(request, row, asked, data=request.POST)
    known = {"escalation": row, "by": request.membership, "now": now}
    try:
        done = form.is_valid() and run_command(form, asked.command, **known)
    except StaleEdit as stale:
        return _stale(request, form, asked, stale=stale, now=now)
    if isinstance(done, Escalation):
        return _done(request, done, now=now, text=_message(done, asked))
    return _shown(request, row, now=now, form=form, asked=asked, status=422)


def _opened(
    request: MemberRequest, row: Escalation, asked: Asked, *, now: dt.datetime
) -> HttpResponse:
    """Return the form, or the escalation alone if it can't be recorded or the form is closed."""
    if "closed" in request.GET or asked.act not in acts_of(row, by=request.membership):
        if request.htmx:
            return _shown(request, row, now=now)
        messages.info(request, "There is nothing to record now.")
        return redirect(_home(row))
    return _shown(request, row, now=now, form=_form(request, row, asked), asked=asked)


def _form(
    request: MemberRequest, row: Escalation, asked: Asked, *, data: Any = None
) -> EscalationForm:
    known: dict[str, Any] = {"engagement": request.engagement, "row": row}
    if asked is VERDICT:
        known["on_behalf"] = speaks_for_sponsor(request.membership)
        known["sponsor"] = _sponsor(request) if known["on_behalf"] else ""
    return asked.form(data, **known)


def _sponsor(request: MemberRequest) -> str:
    """Return the name of the only sponsor; empty if there is none, or several."""
    rows = Membership.objects.active().filter(engagement=request.engagement, role=Role.SPONSOR)
    names = [str(one) for one in rows.select_related("user")]
    return names[0] if len(names) == 1 else ""


def _stale(
    request: MemberRequest,
    form: EscalationForm,
    asked: Asked,
    *,
    stale: StaleEdit,
    now: dt.datetime,
) -> HttpResponse:
    """Answer 409 with the saved version and the input, to be saved over it if that is possible."""
    row = stale.current
    assert isinstance(row, Escalation)  # noqa: S101 - the commands lock no other rows
    again = form.on_top_of(row)
    by, changed = _changed(row)
    if by and by == str(request.membership):
        changed = f"You{changed.removeprefix(by)} in another window"
    more = {
        "is_stale": True,
        "changed": changed,
        "changed_by": by,
        "differences": [] if again.is_empty else again.compare(),
        "typed": again.typed(),
        "still": asked.act in acts_of(row, by=request.membership),
    }
    return _shown(request, row, now=now, form=again, asked=asked, status=409, **more)


def _changed(row: Escalation) -> tuple[str, str]:
    """Return the person who changed it last, if any, and the change."""
    match row.state:
        case EscalationState.RECOVERED:
            return "", "The key result left red"
        case EscalationState.DECIDED:
            return str(row.decided_by), f"{row.decided_by} recorded the decision"
        case EscalationState.RAISED:
            return "", "It went to the sponsor"
        case EscalationState.ANSWERED:
            return str(row.answered_by), f"{row.answered_by} recorded the recovery plan"
    if row.huddle_set_by is None:
        return "", "It became active"
    return str(row.huddle_set_by), f"{row.huddle_set_by} scheduled the huddle"


def _done(request: MemberRequest, row: Escalation, *, now: dt.datetime, text: str) -> HttpResponse:
    """Return the escalation as it is now; redirect without htmx or from the form's own page."""
    if not request.htmx:
        messages.success(request, text)
        return redirect(_back(request, row))
    if request.POST.get("place") == "own":
        messages.success(request, text)
        return trigger_client_event(HttpResponseClientRedirect(_back(request, row)), "form-saved")
    answer = _shown(request, row, now=now, done=text)
    return toast(
        trigger_client_event(trigger_client_event(answer, "form-saved"), "escalation-changed"), text
    )


def _shown(
    request: MemberRequest, row: Escalation, *, now: dt.datetime, status: int = 200, **more: Any
) -> HttpResponse:
    """Render the part of the page that htmx asked for, else the form's own page."""
    asked_in = request.POST.get("place") or request.GET.get("place") or ""
    place = asked_in if request.htmx else "own"
    card = escalation_card(row, membership=request.membership, now=now)
    part = PARTS.get(place, "escalations/_escalation.html") if request.htmx else PAGE
    task = task_of(row, membership=request.membership, now=now) if place == "my-week" else None
    context = {
        "card": card,
        "row": card.escalation,
        "task": task,
        "place": place,
        "back": _back(request, row),
        "story": _home(row),
    }
    if place == "list" and "done" in more:
        page = escalations(membership=request.membership, now=now)
        context |= {"headline": headline(page.counts), "beside": True}
    return render(request, part, {**context, "now": now, **TAB, **more}, status=status)


PAGE = "escalations/escalation_act.html"
PARTS = {
    "list": "escalations/_escalation.html#row",
    "my-week": "escalations/_escalation_task.html",
}


def _back(request: MemberRequest, row: Escalation) -> str:
    """Return the URL to go to after the form."""
    return next_url(request) or _home(row)


def _home(row: Escalation) -> str:
    return f"{key_result_url(row.key_result)}#escalation"


def _message(row: Escalation, asked: Asked) -> str:
    if asked is HUDDLE:
        late = row.huddle_at and row.huddle_due_at and row.huddle_at > row.huddle_due_at
        after = ", after its 48 hours" if late else ""
        return f"The huddle is scheduled for {when(row.huddle_at)}{after}."
    if asked is OUTCOME:
        return f"Recorded: {row.get_outcome_display().lower()}. The checkpoint is set."
    return f"Recorded: {row.get_verdict_display().lower()}. The escalation is closed."
