"""Reports and their drafts, which leads write and publish."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html

from engagements.access import MemberRequest, member
from engagements.form_views import add_errors, form_page, redirect_to, stale_page
from engagements.permissions import Permission, may_here
from reviews.models import Review
from reviews.queries.recorded import kept_from_client
from reviews.queries.reviews import last_release
from reviews.views.live_reviews import TAB, review_of, review_url
from status import queries
from status.commands import publish_report, save_draft
from status.forms import DraftForm, TextForm
from status.models import WORDS, Report, ReportDraft
from status.schema import ReportText
from tenancy.locks import StaleEdit

TEMPLATE = "status/summary_update.html"


@member(Permission.RUN_REVIEWS)
def report_create(request: MemberRequest) -> HttpResponse:
    """Publish the live page without a review."""
    engagement = request.engagement
    last = queries.last_number(engagement)
    if request.method == "POST":
        form = TextForm(request.POST)
        if form.is_valid() and (report := _publish(request, form)):
            return redirect_to(request, "status:report-detail", report.release.number)
        if form.has_error(NON_FIELD_ERRORS, code="meanwhile"):  # the lead has seen the message now
            form.data = {**request.POST.dict(), "after": last}
    else:
        drafted = queries.draft_now(engagement, now=timezone.now())
        form = TextForm(initial={**drafted, "after": last})
    return form_page(request, "status/report_create.html", form=form, last=last, tab="status")


@member(Permission.READ)
def summary_update(request: MemberRequest, closed_review: str) -> HttpResponse:
    """Show the summary for the client, which the lead edits and publishes (M8.4)."""
    edits = may_here(request.membership, Permission.RUN_REVIEWS)
    if request.method == "POST" and not edits:
        raise PermissionDenied
    review = review_of(request, closed_review)
    if not review.is_closed:
        messages.info(request, "We draft the summary when you close the review.")
        return redirect(review_url(request, review))
    draft = queries.draft_of(review, engagement=request.engagement, now=timezone.now())
    page = {"review": review, "draft": draft, "report": last_release(review), **TAB}
    if request.method != "POST":
        form = _form(request, review, draft) if edits else None
        return render(request, TEMPLATE, {**page, "form": form})
    return _post(request, review, draft, page=page)


def _post(
    request: MemberRequest, review: Review, draft: ReportDraft, *, page: dict[str, Any]
) -> HttpResponse:
    form = _form(request, review, draft, data=request.POST)
    known: dict[str, Any] = {"review": review, "by": request.membership}
    try:
        saved = save_draft(**form.cleaned_data, **known) if form.is_valid() else None
    except StaleEdit as stale:
        return stale_page(request, TEMPLATE, form=form, stale=stale, **page)
    except ValidationError as refusal:
        add_errors(form, refusal)
        saved = None
    if saved and request.POST.get("then") != "publish":
        messages.success(request, "Summary saved. Clients can’t see it yet.")
        return redirect_to(request, "status:summary-update", review.public_id)
    if saved and (report := _publish(request, form, review=review)):
        return redirect_to(request, "status:report-detail", report.release.number)
    return form_page(request, TEMPLATE, form=form, **page)


def _form(
    request: MemberRequest, review: Review, draft: ReportDraft, *, data: Any = None
) -> DraftForm:
    """Return the form, with a hint on decisions that clients don't see."""
    form = DraftForm(data, engagement=request.engagement, row=draft)
    if kept := kept_from_client(review):
        said = f"{kept} decision{'' if kept == 1 else 's'} from this review"
        form.fields["decided"].help_text = format_html(
            '<a href="{}#recorded">{}</a> {} not shown to the client.',
            review_url(request, review),
            said,
            "is" if kept == 1 else "are",
        )
    return form


def _publish(
    request: MemberRequest, form: TextForm | DraftForm, *, review: Review | None = None
) -> Report | None:
    """Publish the report, or add the errors to the form and return None."""
    data = form.cleaned_data
    try:
        report = publish_report(
            engagement=request.engagement,
            words=cast(ReportText, {name: data[name] for name in WORDS}),
            review=review,
            by=request.membership,
            now=timezone.now(),
            after=data.get("after"),
        )
    except ValidationError as refusal:
        add_errors(form, refusal)
        return None
    number = report.release.number
    messages.success(request, f"Report {number} is published. Clients see it now.")
    return report
