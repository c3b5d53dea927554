"""The status page for members; share links show it with `status_answer`."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from engagements.access import MemberRequest, member
from engagements.form_fields import FIRST_YEAR
from engagements.form_views import add_errors, form_page, redirect_to
from engagements.models import Engagement, StatusPage
from engagements.permissions import Permission, may
from engagements.row_cache import release
from status.commands import publish_report
from status.forms import WordsForm
from status.models import Report
from status.page import Words
from status.queries import reports as queries

PRIVATE = "private, no-cache"  # the browser asks again each time
TAB = {"tab": "status"}


@dataclass(frozen=True, kw_only=True)
class Reader:
    """The reader of a page: its frame and addresses, and the key of a cached copy."""

    engagement: Engagement
    frame: str
    address: str
    report_address: str  # without its number
    depends_on: str
    sees_live: bool = False  # members may see the live page


@require_safe
@member(Permission.READ_STATUS)
def status(request: MemberRequest) -> HttpResponse:
    return status_answer(request, reader=_member(request))


@require_safe
@member(Permission.READ_STATUS)
def report_list(request: MemberRequest) -> HttpResponse:
    reports = queries.report_list(request.engagement)
    return render(request, "status/report_list.html", {"reports": reports, **TAB})


@require_safe
@member(Permission.READ_STATUS)
def report_detail(request: MemberRequest, number: int) -> HttpResponse:
    return report_answer(request, reader=_member(request), number=number)


@member(Permission.RUN_REVIEWS)
def report_create(request: MemberRequest) -> HttpResponse:
    """Publish the live page without a review."""
    now, engagement = timezone.now(), request.engagement
    last = queries.last_number(engagement)
    if request.method == "POST":
        form = WordsForm(request.POST)
        if form.is_valid() and (report := _publish(request, form, now=now)):
            messages.success(
                request, f"Report {report.release.number} is published. Clients see it now."
            )
            return redirect_to(request, "status:report-detail", report.release.number)
        if form.has_error(NON_FIELD_ERRORS, code="meanwhile"):  # the lead has seen the message now
            form.data = {**request.POST.dict(), "after": last}
    else:
        drafted = queries.words_of_now(engagement, now=now)
        form = WordsForm(initial={**drafted, "after": last})
    return form_page(request, "status/report_create.html", form=form, last=last, **TAB)


def _publish(request: MemberRequest, form: WordsForm, *, now: dt.datetime) -> Report | None:
    """Publish the report, or add the errors to the form and return None."""
    words = {**form.cleaned_data}
    try:
        return publish_report(
            engagement=request.engagement,
            by=request.membership,
            after=words.pop("after"),
            words=cast(Words, words),
            now=now,
        )
    except ValidationError as refusal:
        add_errors(form, refusal)
        return None


def status_answer(request: HttpRequest, *, reader: Reader) -> HttpResponse:
    """Show the live, earlier (`?as_of=`) or published page; answer 304 if unchanged."""
    now = timezone.now()
    etag = _etag(request, reader=reader, now=now)
    if unchanged := get_conditional_response(request, etag=etag):
        return _kept(unchanged, etag=etag)
    context, code = _page(request, reader=reader, now=now)
    return _kept(_rendered(request, reader=reader, status=code, **context), etag=etag)


def report_answer(request: HttpRequest, *, reader: Reader, number: int) -> HttpResponse:
    """Show a published page."""
    report = queries.report(reader.engagement, number=number)
    if report is None:
        raise Http404
    return _rendered(request, reader=reader, page=report.page, report=report)


def _page(request: HttpRequest, *, reader: Reader, now: dt.datetime) -> tuple[dict[str, Any], int]:
    engagement = reader.engagement
    wanted, error = _day(request.GET.get("as_of", ""), today=engagement.today(now))
    published_only = engagement.status_page == StatusPage.PUBLISHED and not (
        reader.sees_live and "live" in request.GET
    )
    if published_only:
        context = queries.published(engagement, day=wanted)
    elif wanted is None:
        context = {"page": queries.live_page(engagement, now=now)}
    else:
        context = {"page": queries.page_on(engagement, day=wanted, now=now)}
    asked = {"as_of": wanted, "typed": request.GET.get("as_of", ""), "error": error}
    return {**context, **asked, "published_only": published_only}, 422 if error else 200


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


def _rendered(
    request: HttpRequest, *, reader: Reader, status: int = 200, **context: Any
) -> HttpResponse:
    now = timezone.now()
    report: Report | None = context.get("report")
    days = {
        "today": reader.engagement.today(now),
        # On the client's clock, like everything on the page.
        "published_on": reader.engagement.today(report.release.at) if report else None,
    }
    page = {"reader": reader, **days, **TAB, **context}
    return render(request, "status/status.html", page, status=status)


def _member(request: MemberRequest) -> Reader:
    user, engagement = request.user, request.engagement
    own = f"/e/{engagement.slug}/status/"
    get_token(request)  # forms on the page carry the token, so the ETag must depend on it
    seen = (user.pk, user.name, user.theme, user.shortcuts, user.time_zone, request.membership.role)
    return Reader(
        engagement=engagement,
        frame="base.html",
        address=own,
        report_address=f"{own}reports/",
        depends_on=f"{seen}{request.META['CSRF_COOKIE']}",
        sees_live=may(request.membership.role, Permission.READ),
    )


def _etag(request: HttpRequest, *, reader: Reader, now: dt.datetime) -> str | None:
    """Return a hash of everything the page depends on, None if it shows a one-time message."""
    if len(messages.get_messages(request)):
        return None
    one = reader.engagement
    local = one.local(now)
    clock = (local.date(), local.time() >= one.due_time)  # a check-in is late from its due time on
    parts = (one.pk, one.status_version, one.version, clock, reader.depends_on, release())
    asked = (request.GET.urlencode(), bool(request.headers.get("HX-Request")))
    return f'"{hashlib.sha256(repr((parts, asked)).encode()).hexdigest()[:32]}"'


def _kept(response: HttpResponse, *, etag: str | None) -> HttpResponse:
    if etag is not None and response.status_code in (200, 304):
        response["ETag"], response["Cache-Control"] = etag, PRIVATE
    return response
