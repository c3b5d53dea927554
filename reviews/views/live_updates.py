"""The review screen and its parts, for the page, for htmx and for screens that follow along."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

from decisions.forms import ActionForm, DecisionForm
from engagements.access import MemberRequest, find, member
from engagements.permissions import Permission, may_here
from reviews.models import AgendaItem, Review
from reviews.queries.escalated import seen
from reviews.queries.reviews import ReviewPage, last_release, review_page
from tenancy.scoping import end_writing

TEMPLATE = "reviews/review_detail.html"
TAB = {"tab": "reviews"}
DUE_IN = dt.timedelta(days=14)  # proposed for decisions and actions


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one screen shows: an item of its own choice, all items, which form."""

    item: str = ""
    all: bool = False
    capture: str = ""

    @property
    def query(self) -> str:
        """Return the query string that keeps this view."""
        return self._query(item=self.item)

    @property
    def room(self) -> str:
        """Return the query string that follows the current item."""
        return self._query(item="")

    def _query(self, *, item: str) -> str:
        asked = {"item": item, "view": "all" if self.all else "", "capture": self.capture}
        given = urlencode({name: value for name, value in asked.items() if value})
        return f"?{given}" if given else ""


def look_of(request: HttpRequest) -> Look:
    return Look(
        item=request.GET.get("item", ""),
        all=request.GET.get("view") == "all",
        capture="action" if request.GET.get("capture") == "action" else "",
    )


def review_of(request: MemberRequest, public_id: str) -> Review:
    """Return the review with this public id in this engagement, or 404."""
    rows = Review.objects.filter(engagement=request.engagement)
    rows = rows.annotate(seen=seen())
    return find(rows.defer("standings").select_related("lead", "closed_by"), public_id)


def item_of(request: MemberRequest, review: Review, public_id: str) -> AgendaItem:
    """Return the item with this public id in this review, or 404."""
    rows = AgendaItem.objects.filter(engagement=request.engagement, review=review)
    return find(rows.select_related("review", "key_result__objective", "objective"), public_id)


@require_safe
@member(Permission.READ)
def review_detail(request: MemberRequest, review: str) -> HttpResponse:
    row = review_of(request, review)
    return render(request, TEMPLATE, screen(request, row))


@require_safe
@member(Permission.READ)
def review_room(request: MemberRequest, review: str) -> HttpResponse:
    """Send the parts of the screen if anything changed since its last request."""
    row = review_of(request, review)
    if request.GET.get("seen") == str(row.seen):  # type: ignore[attr-defined] # annotated
        return HttpResponse(status=204)
    if row.is_closed:
        return HttpResponseClientRedirect(review_url(request, row))
    return render(request, f"{TEMPLATE}#room", {**screen(request, row), "beside": True})


@require_safe
@member(Permission.READ)
def review_clock(request: MemberRequest, review: str) -> HttpResponse:
    row = review_of(request, review)
    page = review_page(row, membership=request.membership, now=timezone.now())
    return render(request, "reviews/_review_clock.html", {"page": page, "review": row})


def screen(
    request: MemberRequest,
    review: Review,
    *,
    decision_form: DecisionForm | None = None,
    action_form: ActionForm | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return the context of the screen, with the refused form if any."""
    now, look = timezone.now(), look_of(request)
    page = review_page(
        review,
        membership=request.membership,
        now=now,
        look=look.item,
        looks_at_all=look.all,
    )
    member = request.membership
    captures = not review.is_closed and may_here(member, Permission.DECIDE)
    forms = _forms(request, page, decision=decision_form, action=action_form) if captures else {}
    return {
        "page": page,
        "review": review,
        "look": look,
        "runs": not review.is_closed and may_here(member, Permission.RUN_REVIEWS),
        "answers": captures,
        "report": last_release(review) if review.is_closed else None,
        "today": request.engagement.today(now),
        **forms,
        **TAB,
        **more,
    }


def moved(
    request: MemberRequest, row: Review, command: Callable[..., Any], /, **known: Any
) -> HttpResponse:
    """Run a command on a review and show the current screen, with the error if any."""
    refusal = ""
    try:
        command(by=request.membership, **known)
    except ValidationError as refused:
        refusal = " ".join(refused.messages)
    end_writing()
    if not request.htmx:
        if refusal:
            messages.error(request, refusal)
        return redirect(f"{review_url(request, row)}{look_of(request).query}")
    fresh = review_of(request, row.public_id)
    context = {**screen(request, fresh, refusal=refusal), "beside": True}
    return render(request, f"{TEMPLATE}#room", context, status=422 if refusal else 200)


def review_url(request: MemberRequest, review: Review) -> str:
    return resolve_url("reviews:review-detail", request.engagement.slug, review.public_id)


def _forms(
    request: MemberRequest,
    page: ReviewPage,
    *,
    decision: DecisionForm | None,
    action: ActionForm | None,
) -> dict[str, Any]:
    about = page.shown.item if page.shown else None
    owner = about.key_result.owner if about and about.key_result else None
    first = {
        "due_on": request.engagement.today(timezone.now()) + DUE_IN,
        "owner": owner or page.review.lead,
    }
    decision = decision or decision_form(request, initial=first)
    action = action or action_form(request, initial=first)
    # Both offer the same people, read once; list() would count them first.
    people = [*iter(decision.fields["owner"].choices)]  # type: ignore[attr-defined]
    for form in (decision, action):
        form.fields["owner"].choices = people  # type: ignore[attr-defined]
    return {"decision_form": decision, "action_form": action}


def decision_form(request: MemberRequest, data: Any = None, **more: Any) -> DecisionForm:
    return DecisionForm(data, engagement=request.engagement, auto_id="decision-%s", **more)


def action_form(request: MemberRequest, data: Any = None, **more: Any) -> ActionForm:
    return ActionForm(data, engagement=request.engagement, auto_id="action-%s", **more)
