"""The status page and published reports, for members and for holders of a share link."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from engagements.access import LinkRequest, MemberRequest, link_holder, member
from engagements.form_fields import FIRST_YEAR
from engagements.models import Engagement, StatusPage
from engagements.permissions import Permission, may
from engagements.row_cache import release
from okrs.formatting import write_distance
from status import queries
from status.models import Report
from status.rendering import Body, render_body
from status.snapshots import Moment, moment_of

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
    return _status_page(request, reader=_member(request))


@require_safe
@link_holder
def shared_status(request: LinkRequest) -> HttpResponse:
    reader = Reader(
        engagement=request.engagement,
        frame="status/shared_frame.html",
        address=request.path,
        report_address="",  # only members see the list of reports
        depends_on=f"share link {request.share_link.pk}",
    )
    return _status_page(request, reader=reader)


@require_safe
@member(Permission.READ_STATUS)
def report_list(request: MemberRequest) -> HttpResponse:
    reports = queries.report_list(request.engagement)
    return render(request, "status/report_list.html", {"reports": reports, **TAB})


@require_safe
@member(Permission.READ_STATUS)
def report_detail(request: MemberRequest, number: int) -> HttpResponse:
    reader, report = _member(request), queries.report(request.engagement, number=number)
    if report is None:
        raise Http404
    moment = moment_of(reader.engagement, now=timezone.now())
    return _rendered(request, reader=reader, moment=moment, **_published(report, reader=reader))


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


def _status_page(request: HttpRequest, *, reader: Reader) -> HttpResponse:
    """Show the live, an earlier (`?as_of=`) or the published page; answer 304 if unchanged."""
    engagement = reader.engagement
    moment = moment_of(engagement, now=timezone.now())
    day, error = _day(request.GET.get("as_of", ""), today=moment.day)
    etag = _etag(request, reader=reader, moment=moment)
    if unchanged := get_conditional_response(request, etag=etag):
        return _revalidated(unchanged, etag=etag)
    published_only = engagement.status_page == StatusPage.PUBLISHED and not (
        reader.sees_live and "live" in request.GET
    )
    code = 422 if error else 200
    context: dict[str, Any] = {"body": None}
    if published_only:
        report = queries.last_report(engagement, day=day)
        if report is not None:
            context = _published(report, reader=reader, today=None if day else moment.day)
    elif day is None:
        context = {"body": _live_body(engagement, moment=moment)}
    elif snapshot := queries.snapshot_on(engagement, day=day):
        body = render_body(
            lambda: queries.shown_page(snapshot, engagement=engagement),
            engagement=engagement,
            content=snapshot.hash,
            kind="earlier",
        )
        context = {"body": body, "page_day": snapshot.day}
    else:
        code = 404
    asked = {"as_of": day, "typed": request.GET.get("as_of", ""), "error": error}
    response = _rendered(
        request,
        reader=reader,
        moment=moment,
        code=code,
        published_only=published_only,
        **asked,
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


def _live_body(engagement: Engagement, *, moment: Moment) -> Body:
    return render_body(
        lambda: queries.page_now(engagement, moment=moment),
        engagement=engagement,
        content=(engagement.status_version, moment),
        kind="live",
    )


def _published(report: Report, *, reader: Reader, today: dt.date | None = None) -> dict[str, Any]:
    """Return a report's page for the template; on the current page with its age."""
    on = reader.engagement.today(report.release.at)
    body = render_body(
        lambda: report.page,
        engagement=reader.engagement,
        content=f"report {report.pk}",
        kind="report",
        age=write_distance(on, today=today) if today else "",
    )
    return {"body": body, "report": report, "published_on": on}


def _rendered(
    request: HttpRequest, *, reader: Reader, moment: Moment, code: int = 200, **context: Any
) -> HttpResponse:
    page = {"reader": reader, "today": moment.day, **TAB, **context}
    return render(request, "status/status.html", page, status=code)


def _etag(request: HttpRequest, *, reader: Reader, moment: Moment) -> str | None:
    """Return a hash of everything the page depends on, None if it shows a one-time message."""
    if len(messages.get_messages(request)):
        return None
    one = reader.engagement
    parts = (one.pk, one.status_version, one.version, moment, reader.depends_on, release())
    asked = (request.GET.urlencode(), bool(request.headers.get("HX-Request")))
    return f'"{hashlib.sha256(repr((parts, asked)).encode()).hexdigest()[:32]}"'


def _revalidated(response: HttpResponse, *, etag: str | None) -> HttpResponse:
    if etag is not None and response.status_code in (200, 304):
        response["ETag"], response["Cache-Control"] = etag, PRIVATE
    return response
