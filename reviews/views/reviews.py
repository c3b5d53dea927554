"""Pages that list, plan, edit and close reviews."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from engagements.access import MemberRequest, member
from engagements.form_views import form_page, redirect_to, run_command
from engagements.permissions import Permission
from reviews.commands.agendas import add_item
from reviews.commands.reviews import cancel_review, close_review, plan_review, update_review
from reviews.forms import CloseForm, ItemForm, ReviewForm
from reviews.queries.reviews import review_list as reviews_of
from reviews.queries.reviews import review_page, usual_attendees
from reviews.views.live_reviews import TAB, review_of, review_url

ON_A_PAGE = 30


@require_safe
@member(Permission.READ)
def review_list(request: MemberRequest) -> HttpResponse:
    """List running, planned and closed reviews."""
    rows = reviews_of(request.engagement)
    ahead = list(rows.ahead().order_by("scheduled_at", "id"))
    closed = Paginator(rows.closed().order_by("-closed_at", "-id"), ON_A_PAGE)
    context = {
        "running": [review for review in ahead if review.started_at],
        "ahead": [review for review in ahead if not review.started_at],
        "closed": closed.get_page(request.GET.get("page")),
        **TAB,
    }
    return render(request, "reviews/review_list.html", context)


@member(Permission.RUN_REVIEWS)
def review_create(request: MemberRequest) -> HttpResponse:
    engagement, now = request.engagement, timezone.now()
    initial: dict[str, Any] = {"lead": request.membership}
    if request.method != "POST":
        people = usual_attendees(engagement, today=engagement.today(now))
        initial["attendees"] = [person for person in people if person != request.membership]
    form = ReviewForm(request.POST or None, engagement=engagement, initial=initial)
    arguments = {"engagement": engagement, "by": request.membership, "now": now}
    if form.is_valid() and (review := run_command(form, plan_review, **arguments)):
        messages.success(request, f"{review.title} is planned. Its agenda is ready.")
        return redirect_to(request, "reviews:review-detail", review.public_id)
    return form_page(request, "reviews/review_create.html", form=form, **TAB)


@member(Permission.RUN_REVIEWS)
def review_update(request: MemberRequest, review: str) -> HttpResponse:
    row = review_of(request, review)
    form = ReviewForm(request.POST or None, engagement=request.engagement, row=row)
    arguments = {"review": row, "by": request.membership, "now": timezone.now()}
    if form.is_valid() and run_command(form, update_review, **arguments):
        return redirect_to(request, "reviews:review-detail", row.public_id)
    return form_page(request, "reviews/review_update.html", form=form, review=row, **TAB)


@require_POST
@member(Permission.RUN_REVIEWS)
def review_cancel(request: MemberRequest, review: str) -> HttpResponse:
    row = review_of(request, review)
    try:
        cancel_review(review=row, by=request.membership)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect(review_url(request, row))
    messages.success(request, f"{row.title} is cancelled.")
    return redirect_to(request, "reviews:review-list")


@member(Permission.RUN_REVIEWS)
def review_close(request: MemberRequest, review: str) -> HttpResponse:
    """Ask the closing questions (M8.4) and list the items not discussed yet."""
    row, now = review_of(request, review), timezone.now()
    if not row.is_running:
        return redirect(review_url(request, row))
    page = review_page(row, membership=request.membership, now=now)
    form = CloseForm(request.POST or None, review=row, away=page.away)
    arguments = {"review": row, "by": request.membership, "now": now}
    if form.is_valid() and run_command(form, close_review, **arguments):
        messages.success(request, "The review is closed. Check the summary below, then publish it.")
        return redirect_to(request, "status:summary-update", row.public_id)
    return form_page(request, "reviews/review_close.html", form=form, review=row, page=page, **TAB)


@member(Permission.DECIDE)
def item_create(request: MemberRequest, review: str) -> HttpResponse:
    row = review_of(request, review)
    form = ItemForm(request.POST or None, engagement=request.engagement)
    arguments = {"review": row, "by": request.membership, "now": timezone.now()}
    if form.is_valid() and run_command(form, add_item, **arguments):
        return redirect_to(request, "reviews:review-detail", row.public_id)
    return form_page(request, "reviews/item_create.html", form=form, review=row, **TAB)
