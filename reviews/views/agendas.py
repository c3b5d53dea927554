from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from decisions.models import ActionItem
from engagements.access import MemberRequest, find, member
from engagements.form_views import form_page, redirect_to, run_command
from engagements.models import Membership
from engagements.permissions import Permission
from reviews import commands
from reviews.forms.reviews import ItemForm
from reviews.views.live_updates import TAB, item_of, moved, review_of


@require_POST
@member(Permission.RUN_REVIEWS)
def review_draw(request: MemberRequest, review: str) -> HttpResponse:
    row = review_of(request, review)
    return moved(request, row, commands.draw_agenda, review=row, now=timezone.now())


@require_POST
@member(Permission.RUN_REVIEWS)
def review_next(request: MemberRequest, review: str) -> HttpResponse:
    row = review_of(request, review)
    at = request.POST.get("at", "")
    return moved(request, row, commands.next_item, review=row, at=at, now=timezone.now())


@require_POST
@member(Permission.RUN_REVIEWS)
def review_previous(request: MemberRequest, review: str) -> HttpResponse:
    row = review_of(request, review)
    at = request.POST.get("at", "")
    return moved(request, row, commands.previous_item, review=row, at=at, now=timezone.now())


@require_POST
@member(Permission.RUN_REVIEWS)
def item_show(request: MemberRequest, review: str, item: str) -> HttpResponse:
    row = review_of(request, review)
    shown = item_of(request, row, item)
    return moved(request, row, commands.show_item, review=row, item=shown, now=timezone.now())


@require_POST
@member(Permission.RUN_REVIEWS)
def item_move(request: MemberRequest, review: str, item: str) -> HttpResponse:
    """Move an item up or down."""
    row = review_of(request, review)
    one = item_of(request, row, item)
    up = request.POST.get("to") == "up"
    return moved(request, row, commands.move_item, item=one, up=up, now=timezone.now())


@require_POST
@member(Permission.RUN_REVIEWS)
def item_park(request: MemberRequest, review: str, item: str) -> HttpResponse:
    row = review_of(request, review)
    one = item_of(request, row, item)
    return moved(request, row, commands.park_item, item=one, now=timezone.now())


@require_POST
@member(Permission.RUN_REVIEWS)
def item_unpark(request: MemberRequest, review: str, item: str) -> HttpResponse:
    row = review_of(request, review)
    one = item_of(request, row, item)
    return moved(request, row, commands.unpark_item, item=one, now=timezone.now())


@require_POST
@member(Permission.DECIDE)
def item_answer(request: MemberRequest, review: str, item: str) -> HttpResponse:
    """Answer whether it is still right (M3.3)."""
    row = review_of(request, review)
    one = item_of(request, row, item)
    said = request.POST.get("still_right") == "yes"
    return moved(request, row, commands.answer_item, item=one, still_right=said, now=timezone.now())


@require_POST
@member(Permission.DECIDE)
def item_done(request: MemberRequest, review: str, item: str, action: str) -> HttpResponse:
    """Mark an overdue action as done."""
    row = review_of(request, review)
    one = item_of(request, row, item)
    done = find(ActionItem.objects.filter(engagement=request.engagement), action)
    return moved(request, row, commands.tick_off, item=one, action=done, now=timezone.now())


@member(Permission.DECIDE)
def item_create(request: MemberRequest, review: str) -> HttpResponse:
    row = review_of(request, review)
    form = ItemForm(request.POST or None, engagement=request.engagement)
    known = {"review": row, "by": request.membership, "now": timezone.now()}
    if form.is_valid() and run_command(form, commands.add_item, **known):
        return redirect_to(request, "reviews:review-detail", row.public_id)
    return form_page(request, "reviews/item_create.html", form=form, review=row, **TAB)


@require_POST
@member(Permission.RUN_REVIEWS)
def attendance_mark(request: MemberRequest, review: str, member: str) -> HttpResponse:
    row = review_of(request, review)
    person = find(Membership.objects.filter(engagement=request.engagement), member)
    here = request.POST.get("is_here") == "yes"
    return moved(request, row, commands.mark_here, review=row, member=person, is_here=here)
