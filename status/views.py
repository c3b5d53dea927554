"""The status page, published reports and their drafts."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from engagements.access import LinkRequest, MemberRequest, link_holder, member
from engagements.form_fields import FIRST_YEAR
from engagements.form_views import add_errors, form_page, redirect_to
from engagements.models import Engagement, StatusPage
from engagements.permissions import Permission, may, may_here
from engagements.row_cache import release
from okrs.formatting import write_distance
from reviews.models import Review
from reviews.queries.recorded import kept_from_client
from reviews.queries.reviews import last_release
from reviews.views.live_reviews import TAB as REVIEWS
from reviews.views.live_reviews import review_of, review_url
from status import queries
from status.commands import publish_report, save_draft
from status.drafts import draft_text
from status.forms import DraftForm, ReportForm
from status.models import WORDS, Report, ReportDraft, Snapshot
from status.rendering import render_body
from status.schema import ReportText
from status.snapshots import Moment, moment_of
from tenancy.locks import StaleEdit

PRIVATE = "private, no-cache"  # the browser asks again each time
TAB = {"tab": "status"}
SUMMARY = "status/summary_update.html"


@dataclass(frozen=True, kw_only=True)
class Reader:
    """The reader of a page: its frame and address, and what a cached copy depends on."""

    engagement: Engagement
    frame: str
    address: str
    depends_on: str
    is_member: bool = False
    sees_live: bool = False  # also where clients see the published page


@require_safe
@member(Permission.READ_STATUS)
def status(request: MemberRequest) -> HttpResponse:
    return _status_page(request, reader=_member(request))


@require_safe
@link_holder
def shared_status(request: LinkRequest) -> HttpResponse:
    reader = Reader(
        engagement=request.engagement,
        frame="status/shared_frame.html",
        address=request.path,
        depends_on=f"share link {request.share_link.pk}",
    )
    return _status_page(request, reader=reader)


@require_safe
@member(Permission.READ_STATUS)
def report_list(request: MemberRequest) -> HttpResponse:
    context = {"reports": queries.reports(request.engagement), **TAB}
    return render(request, "status/report_list.html", context)


@require_safe
@member(Permission.READ_STATUS)
def report_detail(request: MemberRequest, number: int) -> HttpResponse:
    reader = _member(request)
    report = get_object_or_404(queries.reports(request.engagement), release__number=number)
    moment = moment_of(reader.engagement, now=timezone.now())
    return _rendered(request, reader=reader, moment=moment, **_published(report, reader=reader))


def _member(request: MemberRequest) -> Reader:
    user, engagement = request.user, request.engagement
    get_token(request)  # forms on the page carry the token, so the ETag must depend on it
    seen = (user.pk, user.name, user.theme, user.shortcuts, user.time_zone, request.membership.role)
    return Reader(
        engagement=engagement,
        frame="base.html",
        address=reverse("status:status", args=[engagement.slug]),
        depends_on=f"{seen}{request.META['CSRF_COOKIE']}",
        is_member=True,
        sees_live=may(request.membership.role, Permission.READ),
    )


def _status_page(request: HttpRequest, *, reader: Reader) -> HttpResponse:
    """Show the live, an earlier (`?as_of=`) or the published page; answer 304 if unchanged."""
    engagement = reader.engagement
    moment = moment_of(engagement, now=timezone.now())
    day, error = _day(request.GET.get("as_of", ""), today=moment.day)
    published_only = engagement.status_page == StatusPage.PUBLISHED and not (
        reader.sees_live and "live" in request.GET
    )
    snapshot = None
    if day is not None and not published_only:
        snapshot = queries.snapshot_on(engagement, day=day)
    etag = _etag(request, reader=reader, moment=moment, snapshot=snapshot)
    if unchanged := get_conditional_response(request, etag=etag):
        return _revalidated(unchanged, etag=etag)
    context: dict[str, Any] = {"body": None}
    if published_only:
        if report := queries.last_report(engagement, day=day):
            context = _published(report, reader=reader, today=None if day else moment.day)
    elif snapshot is not None:
        body = render_body(
            lambda: queries.shown_page(snapshot, engagement=engagement),
            engagement=engagement,
            name=f"day-{snapshot.day}",
            content=snapshot.hash,
            kind="earlier",
        )
        context = {"body": body, "page_day": snapshot.day}
    elif day is None:
        body = render_body(
            lambda: queries.page_now(engagement, moment=moment),
            engagement=engagement,
            name="live",
            content=(engagement.status_version, moment),
            kind="live",
        )
        context = {"body": body}
    response = _rendered(
        request,
        reader=reader,
        moment=moment,
        code=422 if error else 200 if context["body"] or published_only else 404,
        published_only=published_only,
        as_of=day,
        typed=request.GET.get("as_of", ""),
        error=error,
        **context,
    )
    return _revalidated(response, etag=etag)


def _day(text: str, *, today: dt.date) -> tuple[dt.date | None, str]:
    """Return the requested day, None for today, and an error text."""
    if not text:
        return None, ""
    try:
        day = dt.date.fromisoformat(text)
        if day.year < FIRST_YEAR:  # weeks before it are counted too
            raise ValueError
    except ValueError:
        return None, "Enter a date, for example 2026-03-31."
    if day > today:
        return None, "This day is in the future. Here is today’s page."
    return (None, "") if day == today else (day, "")


def _published(report: Report, *, reader: Reader, today: dt.date | None = None) -> dict[str, Any]:
    """Return a report's page for the template; on the current page with its age."""
    on = reader.engagement.today(report.release.at)
    body = render_body(
        lambda: report.page,
        engagement=reader.engagement,
        name=f"report-{report.pk}-{'today' if today else 'archived'}",
        content=report.pk,
        kind="report",
        age=write_distance(on, today=today) if today else "",
    )
    return {"body": body, "report": report, "published_on": on}


def _rendered(
    request: HttpRequest, *, reader: Reader, moment: Moment, code: int = 200, **context: Any
) -> HttpResponse:
    page = {"reader": reader, "today": moment.day, **TAB, **context}
    return render(request, "status/status.html", page, status=code)


def _etag(
    request: HttpRequest, *, reader: Reader, moment: Moment, snapshot: Snapshot | None
) -> str | None:
    """Return a hash of everything the page depends on, None if it shows a one-time message."""
    if len(messages.get_messages(request)):
        return None
    one = reader.engagement
    versions = (one.status_version, one.version, repr(one.left_out), release())
    parts = (one.cache_name, *versions, moment, reader.depends_on)
    shown = (snapshot.day, snapshot.hash) if snapshot else None
    asked = (request.GET.urlencode(), bool(request.headers.get("HX-Request")), shown)
    return f'"{hashlib.sha256(repr((parts, asked)).encode()).hexdigest()[:32]}"'


def _revalidated(response: HttpResponse, *, etag: str | None) -> HttpResponse:
    if etag is not None and response.status_code in (200, 304):
        response["ETag"], response["Cache-Control"] = etag, PRIVATE
    return response


@member(Permission.RUN_REVIEWS)
def report_create(request: MemberRequest) -> HttpResponse:
    """Publish the live page without a review."""
    engagement = request.engagement
    last = queries.last_number(engagement)
    if request.method == "POST":
        form = ReportForm(request.POST)
        if form.is_valid() and (report := _publish(request, form)):
            return redirect_to(request, "status:report-detail", report.release.number)
        if form.has_error(NON_FIELD_ERRORS, code="meanwhile"):  # the lead has seen the message now
            form.data = {**request.POST.dict(), "after": last}
    else:
        drafted = draft_text(queries.page_to_publish(engagement, now=timezone.now()))
        form = ReportForm(initial={**drafted, "after": last})
    return form_page(request, "status/report_create.html", form=form, last=last, **TAB)


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
    page = {"review": review, "draft": draft, "report": last_release(review), **REVIEWS}
    if request.method != "POST":
        form = _form(request, review, draft) if edits else None
        return render(request, SUMMARY, {**page, "form": form})
    return _post(request, review, draft, page=page)


def _post(
    request: MemberRequest, review: Review, draft: ReportDraft, *, page: dict[str, Any]
) -> HttpResponse:
    form = _form(request, review, draft, data=request.POST)
    known: dict[str, Any] = {"review": review, "by": request.membership}
    try:
        saved = save_draft(**form.cleaned_data, **known) if form.is_valid() else None
    except StaleEdit as stale:
        form.stale, saved = stale.current, None
    except ValidationError as refusal:
        add_errors(form, refusal)
        saved = None
    if saved and request.POST.get("then") != "publish":
        messages.success(request, "Summary saved. Clients can’t see it yet.")
        return redirect_to(request, "status:summary-update", review.public_id)
    if saved and (report := _publish(request, form, review=review)):
        return redirect_to(request, "status:report-detail", report.release.number)
    return form_page(request, SUMMARY, form=form, **page)


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
    request: MemberRequest, form: ReportForm | DraftForm, *, review: Review | None = None
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
    messages.success(request, f"Report {report.release.number} is published. Clients see it now.")
    return report
