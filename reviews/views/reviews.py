from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from engagements.access import MemberRequest, member
from engagements.form_views import form_page, redirect_to, run_command, stale_page
from engagements.permissions import Permission
from reviews import commands
from reviews.forms.reviews import CloseForm, ReviewForm
from reviews.queries.reviews import review_list as all_reviews
from reviews.queries.reviews import review_page, usual_attendees
from reviews.views.live_updates import TAB, moved, review_of, review_url
from tenancy.locks import StaleEdit

ON_A_PAGE = 30


@require_safe
@member(Permission.READ)
def review_list(request: MemberRequest) -> HttpResponse:
    """List running, planned and closed reviews."""
    rows = all_reviews(request.engagement)
    ahead = list(rows.filter(closed_at=None).order_by("scheduled_at", "id"))
    closed = Paginator(
        rows.filter(closed_at__isnull=False).order_by("-closed_at", "-id"), ON_A_PAGE
    )
    context = {
        "running": [one for one in ahead if one.started_at],
        "ahead": [one for one in ahead if not one.started_at],
        "closed": closed.get_page(request.GET.get("page")),
        **TAB,
    }
    return render(request, "reviews/review_list.html", context)


@member(Permission.RUN_REVIEWS)
def review_create(request: MemberRequest) -> HttpResponse:
    engagement, now = request.engagement, timezone.now()
    first = {"lead": request.membership}
    if request.method != "POST":
        people = usual_attendees(engagement, today=engagement.today(now))
        first["attendees"] = [one for one in people if one != request.membership]  # type: ignore[assignment]
    form = ReviewForm(request.POST or None, engagement=engagement, initial=first)
    known = {"engagement": engagement, "by": request.membership, "now": now}
    if form.is_valid() and (review := run_command(form, commands.plan_review, **known)):
        messages.success(request, f"{review.title} is planned. Its agenda is ready.")
        return redirect_to(request, "reviews:review-detail", review.public_id)
    return form_page(request, "reviews/review_create.html", form=form, **TAB)


@member(Permission.RUN_REVIEWS)
def review_update(request: MemberRequest, review: str) -> HttpResponse:
    row = review_of(request, review)
    form = ReviewForm(request.POST or None, engagement=request.engagement, row=row)
    template, page = "reviews/review_update.html", {"review": row, **TAB}
    known = {"review": row, "by": request.membership, "now": timezone.now()}
    try:
        if form.is_valid() and run_command(form, commands.update_review, **known):
            return redirect_to(request, "reviews:review-detail", row.public_id)
    except StaleEdit as stale:
        return stale_page(request, template, form=form, stale=stale, **page)
    return form_page(request, template, form=form, **page)


@require_POST
@member(Permission.RUN_REVIEWS)
def review_cancel(request: MemberRequest, review: str) -> HttpResponse:
    row = review_of(request, review)
    try:
        commands.cancel_review(review=row, by=request.membership)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect(review_url(request, row))
    messages.success(request, f"{row.title} is cancelled.")
    return redirect_to(request, "reviews:review-list")


@require_POST
@member(Permission.RUN_REVIEWS)
def review_start(request: MemberRequest, review: str) -> HttpResponse:
    row = review_of(request, review)
    return moved(request, row, commands.start_review, review=row, now=timezone.now())


@member(Permission.RUN_REVIEWS)
def review_close(request: MemberRequest, review: str) -> HttpResponse:
    """Ask the closing questions (M8.4) and list the items not discussed yet."""
    row, now = review_of(request, review), timezone.now()
    if not row.is_running:
        return redirect(review_url(request, row))
    form = CloseForm(request.POST or None, review=row)
    known = {"review": row, "by": request.membership, "now": now}
    if form.is_valid() and run_command(form, commands.close_review, **known):
        messages.success(request, "The review is closed. Check the summary below, then publish it.")
        return redirect_to(request, "status:summary-update", row.public_id)
    page = review_page(row, membership=request.membership, now=now)
    return form_page(request, "reviews/review_close.html", form=form, review=row, page=page, **TAB)
