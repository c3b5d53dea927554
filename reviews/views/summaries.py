from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html

from engagements.access import member
from engagements.answers import form_page, onward, refuse, stale_page, take
from engagements.http import MemberRequest
from engagements.permissions import Permission, may_here
from engagements.staleness import StaleEdit
from reviews import commands
from reviews.forms.reviews import SummaryForm
from reviews.models import Report, Review, Summary
from reviews.queries.captured import kept_from_client
from reviews.queries.reviews import last_release, summary_of
from reviews.status import Words
from reviews.views.rooms import TAB, review_of, review_url

TEMPLATE = "reviews/summary_update.html"
WORDS = ("headline", "moved", "red", "decided", "next_steps")


@member(Permission.READ)
def summary_update(request: MemberRequest, closed_review: str) -> HttpResponse:
    """The words for the client: the lead edits and publishes them, members read them (M8.4)."""
    edits = may_here(request.membership, Permission.RUN_REVIEWS)
    if request.method == "POST" and not edits:
        raise PermissionDenied
    review = review_of(request, closed_review)
    summary = summary_of(review)
    if summary is None:
        messages.info(request, "The summary is drafted when the review closes.")
        return redirect(review_url(request, review))
    page = {"review": review, "summary": summary, "report": last_release(review), **TAB}
    if request.method != "POST":
        form = _form(request, review, summary) if edits else None
        return render(request, TEMPLATE, {**page, "form": form})
    return _post(request, review, summary, page=page)


def _post(
    request: MemberRequest, review: Review, summary: Summary, *, page: dict[str, Any]
) -> HttpResponse:
    form = _form(request, review, summary, data=request.POST)
    known = {"summary": summary, "by": request.membership}
    try:
        saved = take(form, commands.update_summary, **known) if form.is_valid() else None
    except StaleEdit as stale:
        return stale_page(request, TEMPLATE, form=form, stale=stale, **page)
    if saved and request.POST.get("then") != "publish":
        messages.success(request, "The summary is saved. Clients do not see it yet.")
        return onward(request, "reviews:summary-update", review.public_id)
    if saved and (report := _publish(request, form, review=review)):
        messages.success(
            request, f"Report {report.release.number} is published. Clients see it now."
        )
        return onward(request, "reviews:report-detail", report.release.number)
    return form_page(request, TEMPLATE, form=form, **page)


def _form(
    request: MemberRequest, review: Review, summary: Summary, *, data: Any = None
) -> SummaryForm:
    """Beside what was decided it says how much of that stays inside."""
    form = SummaryForm(data, engagement=request.engagement, row=summary)
    if kept := kept_from_client(review, engagement=request.engagement):
        said = f"{kept} decision{'' if kept == 1 else 's'} of this review"
        form.fields["decided"].help_text = format_html(
            '<a href="{}#captured">{}</a> {} not marked for the client.',
            review_url(request, review),
            said,
            "is" if kept == 1 else "are",
        )
    return form


def _publish(request: MemberRequest, form: SummaryForm, *, review: Review) -> Report | None:
    """None where a rule refused it, which stands on the form then."""
    words = cast(Words, {name: form.cleaned_data[name] for name in WORDS})
    try:
        return commands.publish_report(
            engagement=request.engagement,
            words=words,
            review=review,
            by=request.membership,
            now=timezone.now(),
        )
    except ValidationError as refusal:
        refuse(form, refusal)
        return None
