"""The review screen and its parts, for the page, for htmx and for screens that follow along.

Decisions and actions are recorded here, and superseded later (M8.2, M8.3).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from decisions.forms import ActionForm, DecisionForm, OwnedForm, SupersedeForm
from decisions.models import ActionItem
from decisions.queries.log import decisions, entries
from engagements.access import MemberRequest, find, member
from engagements.form_views import form_page, go_to, redirect_to, run_command
from engagements.models import Membership
from engagements.permissions import Permission, may_here
from reviews.commands.agendas import (
    answer_item,
    draw_agenda,
    move_item,
    next_item,
    park_item,
    previous_item,
    show_item,
    tick_off,
    unpark_item,
)
from reviews.commands.recording import (
    add_review_action,
    record_review_decision,
    supersede_review_decision,
)
from reviews.commands.reviews import mark_here, start_review
from reviews.models import AgendaItem, Review
from reviews.presence import note_presence
from reviews.queries.reviews import ReviewPage, clock_of, last_release, on_screen, review_page
from tenancy.scoping import end_writing

TEMPLATE = "reviews/review_detail.html"
HEAD = "reviews/_review_head.html"
TAB = {"tab": "reviews"}
DUE_IN = dt.timedelta(days=14)  # proposed for decisions and actions
FORMS: dict[str, type[OwnedForm]] = {"decision": DecisionForm, "action": ActionForm}
SUPERSEDED_FIELDS = ("text", "owner", "change", "client_visible")


@dataclass(frozen=True, kw_only=True)
class Look:
    """The content of one screen: an item of its own choice, all items, which form."""

    item: str = ""
    all: bool = False
    capture: str = ""

    @property
    def query(self) -> str:
        """Return the query string that keeps this view."""
        values = {"item": self.item, "view": "all" if self.all else "", "capture": self.capture}
        query = urlencode({name: value for name, value in values.items() if value})
        return f"?{query}" if query else ""

    @property
    def following(self) -> str:
        """Return the query string that follows the current item."""
        return replace(self, item="").query


def look_of(request: HttpRequest) -> Look:
    return Look(
        item=request.GET.get("item", ""),
        all=request.GET.get("view") == "all",
        capture="action" if request.GET.get("capture") == "action" else "",
    )


def review_of(request: MemberRequest, public_id: str) -> Review:
    """Return the review with this public id in this engagement, or 404."""
    return find(on_screen(request.engagement), public_id)


def item_of(request: MemberRequest, review: Review, public_id: str) -> AgendaItem:
    """Return the item with this public id in this review, or 404."""
    rows = AgendaItem.objects.filter(engagement=request.engagement, review=review)
    return find(rows.select_related("review", "key_result__objective", "objective"), public_id)


def review_url(request: MemberRequest, review: Review) -> str:
    return resolve_url("reviews:review-detail", request.engagement.slug, review.public_id)


@require_safe
@member(Permission.READ)
def review_detail(request: MemberRequest, review: str) -> HttpResponse:
    row = review_of(request, review)
    note_presence(row, request.membership)
    return render(request, TEMPLATE, _screen(request, row))


@require_safe
@member(Permission.READ)
def live_review(request: MemberRequest, review: str) -> HttpResponse:
    """Send the parts of the screen if anything changed since its last request."""
    row = review_of(request, review)
    note_presence(row, request.membership)
    if request.GET.get("seen") == str(row.seen):  # type: ignore[attr-defined] # annotated
        return HttpResponse(status=204)
    if row.is_closed:
        return HttpResponseClientRedirect(review_url(request, row))
    return render(request, f"{TEMPLATE}#live_review", {**_screen(request, row), "beside": True})


@require_safe
@member(Permission.READ)
def review_clock(request: MemberRequest, review: str) -> HttpResponse:
    row = review_of(request, review)
    context = {"clock": clock_of(row, now=timezone.now()), "review": row}
    return render(request, f"{HEAD}#clock", context)


@require_POST
@member(Permission.DECIDE)
def review_decide(request: MemberRequest, review: str) -> HttpResponse:
    return _record(request, review, record_review_decision, kind="decision")


@require_POST
@member(Permission.DECIDE)
def review_act(request: MemberRequest, review: str) -> HttpResponse:
    return _record(request, review, add_review_action, kind="action")


@member(Permission.DECIDE)
def decision_supersede(request: MemberRequest, decision: str) -> HttpResponse:
    """Supersede a decision; the form opens with its current text."""
    earlier = find(decisions(request.engagement), decision)
    form = SupersedeForm(
        request.POST or None,
        engagement=request.engagement,
        named=[earlier.owner],
        initial={name: getattr(earlier, name) for name in SUPERSEDED_FIELDS},
    )
    arguments = {"decision": earlier, "by": request.membership, "now": timezone.now()}
    if form.is_valid() and (later := run_command(form, supersede_review_decision, **arguments)):
        messages.success(
            request,
            f"Recorded as decision {later.number}. It supersedes decision {earlier.number}.",
        )
        return redirect_to(request, "decisions:decision-list")
    (entry,) = entries([earlier], engagement=request.engagement)
    return form_page(
        request, "reviews/decision_supersede.html", form=form, entry=entry, tab="decisions"
    )


def _button(
    command: Callable[..., Any],
    *,
    to: Permission = Permission.RUN_REVIEWS,
    **read: Callable[[QueryDict], Any],
) -> Callable[..., HttpResponse]:
    """Return the view of a button that changes a review, or the item that its URL names.

    `read` takes more arguments of the command from the form. The view shows the current screen,
    with the error if the command is refused.
    """

    @require_POST
    @member(to)
    def change(request: MemberRequest, review: str, **more: str) -> HttpResponse:
        values = {name: take(request.POST) for name, take in read.items()}
        return _press(request, command, review_of(request, review), values, **more)

    return change


def _press(
    request: MemberRequest,
    command: Callable[..., Any],
    row: Review,
    values: dict[str, Any],
    **more: str,
) -> HttpResponse:
    here, error = {"engagement": request.engagement}, ""
    if "item" in more:
        values["item"] = item_of(request, row, more["item"])
    else:
        values["review"] = row
    if "action" in more:
        values["action"] = find(ActionItem.objects.filter(**here), more["action"])
    if "member" in more:
        values["member"] = find(Membership.objects.filter(**here), more["member"])
    try:
        command(by=request.membership, now=timezone.now(), **values)
    except ValidationError as refusal:
        if getattr(refusal, "code", "") == "other_day":
            page = resolve_url("reviews:review-start", request.engagement.slug, row.public_id)
            return go_to(request, page)
        error = " ".join(refusal.messages)
    end_writing()
    if not request.htmx:
        if error:
            messages.error(request, error)
        return redirect(f"{review_url(request, row)}{look_of(request).query}")
    current = review_of(request, row.public_id)
    context = {**_screen(request, current, refusal=error), "beside": True}
    return render(request, f"{TEMPLATE}#live_review", context, status=422 if error else 200)


@member(Permission.RUN_REVIEWS)
def review_start(request: MemberRequest, review: str) -> HttpResponse:
    """Start a review. On another day than the planned one, the page asks first."""
    row = review_of(request, review)
    if request.method == "POST":
        return _press(request, start_review, row, {"confirm_day": "confirm_day" in request.POST})
    if row.started_at:
        return redirect(review_url(request, row))
    planned_on = request.engagement.today(row.scheduled_at)
    page = {"review": row, "planned_on": planned_on, **TAB}
    return render(request, "reviews/review_start.html", page)


def _at(form_data: QueryDict) -> str:
    return form_data.get("at", "")


review_draw = _button(draw_agenda)
review_next = _button(next_item, at=_at)
review_previous = _button(previous_item, at=_at)
attendance_mark = _button(mark_here, is_here=lambda data: data.get("is_here") == "yes")
item_show = _button(show_item)
item_move = _button(move_item, up=lambda data: data.get("to") == "up")
item_park = _button(park_item)
item_unpark = _button(unpark_item)
item_answer = _button(
    answer_item, to=Permission.DECIDE, still_right=lambda data: data.get("still_right") == "yes"
)
item_done = _button(tick_off, to=Permission.DECIDE)


def _screen(
    request: MemberRequest,
    review: Review,
    *,
    forms: dict[str, OwnedForm] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return the context of the screen; `forms` are invalid ones by kind."""
    now, look, membership = timezone.now(), look_of(request), request.membership
    page = review_page(
        review, membership=membership, now=now, look=look.item, looks_at_all=look.all
    )
    records = not review.is_closed and may_here(membership, Permission.DECIDE)
    return {
        "page": page,
        "review": review,
        "look": look,
        "runs": not review.is_closed and may_here(membership, Permission.RUN_REVIEWS),
        "may_record": records,
        "report": last_release(review) if review.is_closed else None,
        "today": request.engagement.today(now),
        **TAB,
        **more,
        **(_forms(request, page, forms=forms or {}) if records else {}),
    }


def _record(
    request: MemberRequest, public_id: str, command: Callable[..., Any], *, kind: str
) -> HttpResponse:
    """Record the form about its item, which may not be the current one."""
    review, about = review_of(request, public_id), request.POST.get("about", "")
    form, item = _form(request, kind, request.POST), None
    if about:
        item = item_of(request, review, about)
    arguments = {
        "review": review,
        "agenda_item": item,
        "objective": item.objective if item else None,
        "key_result": item.key_result if item else None,
        "by": request.membership,
        "now": timezone.now(),
    }
    if form.is_valid() and run_command(form, command, **arguments):
        return _recorded(request, review, kind=kind)
    if review_of(request, public_id).is_closed:
        # The closed review has no form, so the text comes back in a message.
        text = request.POST.get("text") or request.POST.get("what", "")
        messages.error(request, f"The review was closed in the meantime. Not recorded: “{text}”")
        return go_to(request, review_url(request, review))
    context = _screen(request, review, forms={kind: form}, about=item, refused=kind)
    part = "reviews/_review_capture.html" if request.htmx else TEMPLATE
    return render(request, part, context, status=422)


def _recorded(request: MemberRequest, review: Review, *, kind: str) -> HttpResponse:
    """Show the review again with the same kind of form, as the next record is often similar."""
    is_action = kind == "action"
    look = replace(look_of(request), capture="action" if is_action else "")
    if not request.htmx:
        return redirect(f"{review_url(request, review)}{look.query}#recorded")
    current = review_of(request, review.public_id)
    message = "Action added." if is_action else "Decision recorded."
    context = {**_screen(request, current), "look": look, "beside": True, "message": message}
    answer = render(request, f"{TEMPLATE}#after_record", context)
    return trigger_client_event(answer, "form-saved")


def _forms(
    request: MemberRequest, page: ReviewPage, *, forms: dict[str, OwnedForm]
) -> dict[str, OwnedForm]:
    """Return both forms by context name; those given stay, with their errors."""
    about = page.shown.item if page.shown else None
    owner = about.key_result.owner if about and about.key_result else None
    initial = {
        "due_on": request.engagement.today(timezone.now()) + DUE_IN,
        "owner": owner or page.review.lead,
    }
    forms = {kind: forms.get(kind) or _form(request, kind, initial=initial) for kind in FORMS}
    # Both offer the same people, read once; list() would count them first.
    people = [*iter(forms["decision"].fields["owner"].choices)]  # type: ignore[attr-defined]
    for form in forms.values():
        form.fields["owner"].choices = people  # type: ignore[attr-defined]
    return {f"{kind}_form": form for kind, form in forms.items()}


def _form(request: MemberRequest, kind: str, data: Any = None, **more: Any) -> OwnedForm:
    return FORMS[kind](data, engagement=request.engagement, auto_id=f"{kind}-%s", **more)
