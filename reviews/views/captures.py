"""Decisions and actions, recorded and superseded in their review (M8.2, M8.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from decisions.forms import SupersedeForm
from decisions.models import Decision
from decisions.queries.decisions import decisions, entries
from engagements.access import MemberRequest, find, member
from engagements.form_views import form_page, redirect_to, run_command
from engagements.permissions import Permission
from reviews import commands
from reviews.models import AgendaItem, Review
from reviews.views.live_updates import (
    TEMPLATE,
    action_form,
    decision_form,
    look_of,
    review_of,
    review_url,
    screen,
)

KEPT = ("text", "owner", "change", "client_visible")


@require_POST
@member(Permission.DECIDE)
def review_decide(request: MemberRequest, review: str) -> HttpResponse:
    row, form = review_of(request, review), decision_form(request, request.POST)
    item = _item(request, row)
    if form.is_valid() and run_command(
        form, commands.record_review_decision, **_known(request, row, item)
    ):
        return _captured(request, row, "Decision recorded.", capture="")
    return _refused(request, row, item, decision_form=form, kind="decision")


@require_POST
@member(Permission.DECIDE)
def review_act(request: MemberRequest, review: str) -> HttpResponse:
    row, form = review_of(request, review), action_form(request, request.POST)
    item = _item(request, row)
    if form.is_valid() and run_command(
        form, commands.add_review_action, **_known(request, row, item)
    ):
        return _captured(request, row, "Action added.", capture="action")
    return _refused(request, row, item, action_form=form, kind="action")


@member(Permission.DECIDE)
def decision_supersede(request: MemberRequest, decision: str) -> HttpResponse:
    """Supersede a decision; the form opens with its current text."""
    row = find(decisions(request.engagement), decision)
    form = SupersedeForm(
        request.POST or None,
        engagement=request.engagement,
        named=[row.owner],
        initial={name: getattr(row, name) for name in KEPT},
    )
    known = {"decision": row, "by": request.membership, "now": timezone.now()}
    if form.is_valid() and (
        later := run_command(form, commands.supersede_review_decision, **known)
    ):
        messages.success(request, _superseded(later))
        return redirect_to(request, "decisions:decision-list")
    (entry,) = entries([row], engagement=request.engagement)
    return form_page(
        request, "decisions/decision_supersede.html", form=form, entry=entry, tab="decisions"
    )


def _item(request: MemberRequest, review: Review) -> AgendaItem | None:
    """Return the item of the form, which may not be the current one."""
    public_id = request.POST.get("about", "")
    if not public_id:
        return None
    rows = AgendaItem.objects.filter(engagement=request.engagement, review=review)
    return find(rows.select_related("key_result__objective", "objective"), public_id)


def _known(request: MemberRequest, review: Review, item: AgendaItem | None) -> dict[str, Any]:
    return {
        "review": review,
        "agenda_item": item,
        "objective": item.objective if item else None,
        "key_result": item.key_result if item else None,
        "by": request.membership,
        "now": timezone.now(),
    }


def _captured(request: MemberRequest, review: Review, text: str, *, capture: str) -> HttpResponse:
    """Show the review again with the same kind of form, as the next record is often similar."""
    look = replace(look_of(request), capture=capture)
    if not request.htmx:
        return redirect(f"{review_url(request, review)}{look.query}#captured")
    fresh = review_of(request, review.public_id)
    context = {**screen(request, fresh), "look": look, "beside": True, "said": text}
    answer = render(request, f"{TEMPLATE}#captured_now", context)
    return trigger_client_event(answer, "form-saved")


def _refused(
    request: MemberRequest,
    review: Review,
    item: AgendaItem | None,
    *,
    kind: str,
    **form: Any,
) -> HttpResponse:
    """Show the form again with its errors, about the same item."""
    if review_of(request, review.public_id).is_closed:
        return _too_late(request, review)
    context = screen(request, review, about=item, refused=kind, **form)
    part = "reviews/_review_capture.html" if request.htmx else TEMPLATE
    return render(request, part, context, status=422)


def _too_late(request: MemberRequest, review: Review) -> HttpResponse:
    """Return the text in a message, because the closed review has no form."""
    words = request.POST.get("text") or request.POST.get("what", "")
    messages.error(request, f"The review was closed in the meantime. Not recorded: “{words}”")
    to = review_url(request, review)
    return HttpResponseClientRedirect(to) if request.htmx else redirect(to)


def _superseded(later: Decision) -> str:
    earlier = later.supersedes.number if later.supersedes else ""
    return f"Recorded as decision {later.number}. It supersedes decision {earlier}."
