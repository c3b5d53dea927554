"""Pages that list, plan, edit and close reviews, and the posts that change a live one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from decisions.models import ActionItem
from engagements.access import MemberRequest, find, member
from engagements.form_views import form_page, redirect_to, run_command, stale_page
from engagements.models import Membership
from engagements.permissions import Permission
from reviews.commands import agendas as agenda_commands
from reviews.commands import reviews as review_commands
from reviews.forms import CloseForm, ItemForm, ReviewForm
from reviews.queries.reviews import review_list as reviews_of
from reviews.queries.reviews import review_page, usual_attendees
from reviews.views.live_reviews import TAB, change_review, item_of, review_of, review_url
from tenancy.locks import StaleEdit

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
    if form.is_valid() and (review := run_command(form, review_commands.plan_review, **arguments)):
        messages.success(request, f"{review.title} is planned. Its agenda is ready.")
        return redirect_to(request, "reviews:review-detail", review.public_id)
    return form_page(request, "reviews/review_create.html", form=form, **TAB)


@member(Permission.RUN_REVIEWS)
def review_update(request: MemberRequest, review: str) -> HttpResponse:
    row = review_of(request, review)
    form = ReviewForm(request.POST or None, engagement=request.engagement, row=row)
    template, context = "reviews/review_update.html", {"review": row, **TAB}
    arguments = {"review": row, "by": request.membership, "now": timezone.now()}
    try:
        if form.is_valid() and run_command(form, review_commands.update_review, **arguments):
            return redirect_to(request, "reviews:review-detail", row.public_id)
    except StaleEdit as stale:
        return stale_page(request, template, form=form, stale=stale, **context)
    return form_page(request, template, form=form, **context)


@require_POST
@member(Permission.RUN_REVIEWS)
def review_cancel(request: MemberRequest, review: str) -> HttpResponse:
    row = review_of(request, review)
    try:
        review_commands.cancel_review(review=row, by=request.membership)
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
    form = CloseForm(request.POST or None, review=row)
    arguments = {"review": row, "by": request.membership, "now": now}
    if form.is_valid() and run_command(form, review_commands.close_review, **arguments):
        messages.success(request, "The review is closed. Check the summary below, then publish it.")
        return redirect_to(request, "status:summary-update", row.public_id)
    page = review_page(row, membership=request.membership, now=now)
    return form_page(request, "reviews/review_close.html", form=form, review=row, page=page, **TAB)


@member(Permission.DECIDE)
def item_create(request: MemberRequest, review: str) -> HttpResponse:
    row = review_of(request, review)
    form = ItemForm(request.POST or None, engagement=request.engagement)
    arguments = {"review": row, "by": request.membership, "now": timezone.now()}
    if form.is_valid() and run_command(form, agenda_commands.add_item, **arguments):
        return redirect_to(request, "reviews:review-detail", row.public_id)
    return form_page(request, "reviews/item_create.html", form=form, review=row, **TAB)


def _button(
    command: Callable[..., Any],
    *,
    to: Permission = Permission.RUN_REVIEWS,
    **read: Callable[[QueryDict], Any],
) -> Callable[..., HttpResponse]:
    """Return the view of a button that changes a review, or the item that its URL names.

    `read` takes more arguments of the command from the form.
    """

    @require_POST
    @member(to)
    def change(request: MemberRequest, review: str, **more: str) -> HttpResponse:
        here, row = {"engagement": request.engagement}, review_of(request, review)
        values: dict[str, Any] = {name: take(request.POST) for name, take in read.items()}
        if "item" in more:
            values["item"] = item_of(request, row, more["item"])
        else:
            values["review"] = row
        if "action" in more:
            values["action"] = find(ActionItem.objects.filter(**here), more["action"])
        if "member" in more:
            values["member"] = find(Membership.objects.filter(**here), more["member"])
        return change_review(request, row, command, **values)

    return change


def _at(form_data: QueryDict) -> str:
    return form_data.get("at", "")


review_start = _button(review_commands.start_review)
review_draw = _button(agenda_commands.draw_agenda)
review_next = _button(agenda_commands.next_item, at=_at)
review_previous = _button(agenda_commands.previous_item, at=_at)
attendance_mark = _button(
    review_commands.mark_here, is_here=lambda data: data.get("is_here") == "yes"
)
item_show = _button(agenda_commands.show_item)
item_move = _button(agenda_commands.move_item, up=lambda data: data.get("to") == "up")
item_park = _button(agenda_commands.park_item)
item_unpark = _button(agenda_commands.unpark_item)
item_answer = _button(
    agenda_commands.answer_item,
    to=Permission.DECIDE,
    still_right=lambda data: data.get("still_right") == "yes",
)
item_done = _button(agenda_commands.tick_off, to=Permission.DECIDE)
