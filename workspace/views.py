from __future__ import annotations

import datetime as dt
from tempfile import TemporaryFile
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts import limits
from accounts.limits import too_often
from checkins.commands import answer_help_request, resolve_blocker
from checkins.forms import AnswerForm, CheckInForm
from checkins.messages import key_result_url
from checkins.models import Blocker, HelpRequest
from checkins.queries import my_week as weeks
from checkins.queries.cards import DueCard, KeyResultRow, card_of, key_result_row
from checkins.queries.my_week import MyWeek
from checkins.queries.thread import key_result_page
from checkins.views import find_key_result
from engagements.access import MemberRequest, SignedInRequest, find, member, signed_in
from engagements.form_views import redirect_back, run_command
from engagements.models import Membership
from engagements.permissions import Permission, may
from engagements.queries import may_create_engagement
from engagements.row_cache import Row, render_rows
from escalations.pending import notices_of
from escalations.queries import escalations_of
from okrs.formatting import in_words
from okrs.weeks import quarters_from
from workspace.exports.archive import export_engagement, export_name
from workspace.forms import LedgerFilter
from workspace.headlines import home_headline, my_week_headline
from workspace.ladders import steps
from workspace.queries.home import home_page
from workspace.queries.notification_log import ledger, ledger_lines, sees_all, unreached
from workspace.queries.waiting import waiting


@require_safe
@signed_in
def my_week(request: SignedInRequest) -> HttpResponse:
    reading = request.memberships or request.closed
    if reading and not any(may(one.role, Permission.READ) for one in reading):
        return _only_status_pages(request, reading)
    now, part = timezone.now(), request.GET.get("part") if request.htmx else None
    week = weeks.my_week(memberships=request.memberships, now=now)
    waits = waiting(memberships=request.memberships, with_reviews=not week.total, now=now)
    overdue, escalations = waits.overdue_actions, waits.asking_escalations
    clients = request.client_page
    context = {
        "waits": waits,
        "headline": my_week_headline(week, overdue=overdue, escalations=escalations),
        "clients_part": f"&clients={clients.number}" if clients.has_other_pages() else "",
        "now": now,
        "today": timezone.localdate(now),
        "beside": part in ("waiting", "counts"),
    }
    if part == "waiting":
        # The page that asks says whether it has a place below its cards.
        context["below"] = "below" in request.GET
        return render(request, "workspace/my_week.html#waiting", context)
    context["week"] = week
    if part == "counts":
        return render(request, "workspace/my_week.html#counts", context)
    context |= _whole_week(request, week, now=now)
    return render(request, "workspace/my_week.html", context)


def _whole_week(request: SignedInRequest, week: MyWeek, *, now: dt.datetime) -> dict[str, Any]:
    """Return what only the whole page shows: the rows, the open form and the clients."""
    groups = render_rows(
        "checkins/_due_row.html",
        [(group, group.cards) for group in week.groups],
        row_of=lambda card: card.row,
        contexts=weeks.row_contexts,
        now=now,
    )
    opened = _opened(request, week, now=now)
    form = CheckInForm(card=opened, now=now) if opened else None
    if form:
        form.focus_first()
    mine = [*request.memberships, *request.closed]
    return {
        "groups": [(group, list(zip(group.cards, rows, strict=True))) for group, rows in groups],
        "opened": opened,
        "opened_id": opened.key_result_id if opened else None,
        "form": form,
        "me": str(request.user.pk),
        "clients": weeks.clients(memberships=request.memberships, now=now),
        "may_create": may_create_engagement(request.user, mine),
        "checks_in": any(may(one.role, Permission.CHECK_IN) for one in request.memberships),
        "tab": "my-week",
    }


def _only_status_pages(request: SignedInRequest, mine: list[Membership]) -> HttpResponse:
    """Redirect a viewer to the only status page, or list the pages."""
    clients = [one.engagement for one in mine]
    if len(clients) == 1:
        return redirect("status:status", clients[0].slug)
    said = f"{in_words(len(clients)).capitalize()} clients show you where they stand."
    page = {"clients": sorted(clients, key=str), "headline": said, "tab": "my-week"}
    return render(request, "workspace/status_list.html", page)


def _opened(request: SignedInRequest, week: MyWeek, *, now: dt.datetime) -> DueCard | None:
    """Return the card that the address names, or the one after another, with its form's needs."""
    by_name = {card.public_id: card for card in week.cards}
    wanted = by_name.get(request.GET.get("open", ""))
    before = by_name.get(request.GET.get("after", ""))
    if before is not None and "open" not in request.GET:
        left = [card for card in week.cards if not card.is_done]
        same = [card for card in left if card.engagement == before.engagement]
        wanted = next(iter(same or left), None)
    row = key_result_row(wanted.public_id, engagement=wanted.engagement) if wanted else None
    return card_of(row, membership=wanted.membership, now=now) if wanted and row else None


@require_safe
@member(Permission.READ_STATUS)
def home(request: MemberRequest) -> HttpResponse:
    """Show the state of the client and what comes next; viewers get the status page."""
    if not may(request.membership.role, Permission.READ):
        return redirect("status:status", request.engagement.slug)
    now = timezone.now()
    page = home_page(membership=request.membership, now=now)
    cycles = render_rows(
        "workspace/home.html#objective",
        [(cycle, cycle.objectives) for cycle in page.cycles],
        row_of=lambda one: Row(request.engagement, one.objective.public_id),
        contexts=lambda objectives: ({"row": one} for one in objectives),
        now=now,
    )
    headline = home_headline(page)
    context = {"page": page, "cycles": cycles, "headline": headline, "now": now, "tab": "home"}
    if page.steps and page.steps.cycle is None:
        context["quarters"] = quarters_from(page.today)
    return render(request, "workspace/home.html", context)


@require_safe
@member(Permission.READ)
def key_result_detail(request: MemberRequest, key_result: str) -> HttpResponse:
    return page_answer(request, find_key_result(request, key_result))


def page_answer(
    request: MemberRequest, row: KeyResultRow, *, status: int = 200, **more: Any
) -> HttpResponse:
    """Render the page of a key result, with the refused form, if any."""
    now = timezone.now()
    page = key_result_page(row, now=now)
    escalations = escalations_of(
        page.key_result, thread=page.thread, membership=request.membership, now=now
    )
    context = {
        "page": page,
        "key_result": page.key_result,
        "card": card_of(row, membership=request.membership, now=now),
        "steps": steps(page.key_result),
        "escalations": escalations,
        "notices": notices_of(escalations),
        "now": now,
        "today": request.engagement.today(now),
        **more,
    }
    return render(request, "workspace/key_result_detail.html", context, status=status)


@require_POST
@member(Permission.READ)
def help_request_answer(request: MemberRequest, help_request: str) -> HttpResponse:
    asked = HelpRequest.objects.filter(engagement=request.engagement)
    row = find(asked.select_related("key_result__engagement"), help_request)
    form, now = AnswerForm(request.POST, auto_id=f"a-{row.public_id}-%s"), timezone.now()
    known = {"help_request": row, "by": request.membership, "now": now}
    if form.is_valid() and run_command(form, answer_help_request, **known):
        messages.success(request, "Answered.")
        return redirect_back(request, otherwise=key_result_url(row.key_result))
    shown = find_key_result(request, row.key_result.public_id)
    return page_answer(request, shown, answered=row, answer_form=form, status=422)


@require_POST
@member(Permission.READ)
def blocker_resolve(request: MemberRequest, blocker: str) -> HttpResponse:
    named = Blocker.objects.filter(engagement=request.engagement)
    row = find(named.select_related("key_result__engagement"), blocker)
    try:
        resolve_blocker(blocker=row, by=request.membership, now=timezone.now())
        messages.success(request, "Resolved.")
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    return redirect_back(request, otherwise=key_result_url(row.key_result))


PAGE = "workspace/reminder_list.html"
ON_A_PAGE = 50


@require_safe
@member(Permission.READ)
def reminder_list(request: MemberRequest) -> HttpResponse:
    """Show the lines that the reader may see and the filter leaves, newest first."""
    engagement, now = request.engagement, timezone.now()
    form = LedgerFilter(request.GET, membership=request.membership)
    lookups = form.lookups()
    rows = ledger(request.membership).filter(**lookups)
    page = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
    leads = may(request.membership.role, Permission.MANAGE_MEMBERS)
    context = {
        "page": page,
        "lines": ledger_lines(page, engagement=engagement),
        "unreached": unreached(engagement, now=now) if leads else {},
        "filter": form,
        "narrows": bool(lookups),
        "sees_all": sees_all(request.membership),
        "now": now,
        "tab": "reminders",
    }
    return render(request, PAGE + ("#ledger" if request.htmx else ""), context)


@require_safe
@member(Permission.MANAGE_SETTINGS)
def engagement_export(request: MemberRequest) -> HttpResponse:
    """Send the whole file at once: a stream would read outside the tenant scope."""
    if limits.is_exceeded(limits.EXPORTS, request.user.pk):
        return too_often(request, limits.EXPORTS)
    now = timezone.now()
    name = export_name(request.engagement, now=now)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    with TemporaryFile() as file:
        export_engagement(request.engagement, to=file, now=now)
        file.seek(0)
        return HttpResponse(file.read(), content_type="application/zip", headers=headers)
