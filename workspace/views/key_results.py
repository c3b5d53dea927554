from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from checkins.periods import periods, rhythm_of
from checkins.queries.due import due_card
from checkins.queries.thread import key_result_page
from checkins.views import find_key_result
from engagements.access import MemberRequest, member
from engagements.permissions import Permission
from escalations.pending import notification_log
from escalations.queries import escalations_of
from okrs.audit import audit
from okrs.formatting import YES_NO
from okrs.models import KeyResult, KeyResultAudit
from okrs.queries.cards import trace
from okrs.queries.changes import changes
from workspace.ladders import steps


@require_safe
@member(Permission.READ)
def key_result_detail(request: MemberRequest, key_result: str) -> HttpResponse:
    return page_answer(request, find_key_result(request, key_result))


def page_answer(
    request: MemberRequest, row: KeyResult, *, status: int = 200, **more: Any
) -> HttpResponse:
    """The page of a key result, with the form that was refused where there is one."""
    now = timezone.now()
    page = key_result_page(key_result=row, now=now)
    escalations = escalations_of(
        page.key_result, thread=page.thread, membership=request.membership, now=now
    )
    audits = KeyResultAudit.objects.filter(engagement=request.engagement, key_result=row)
    answers = audits.select_related("answered_by").first()
    criteria = audit(page.key_result, answers)
    context = {
        "page": page,
        "key_result": page.key_result,
        "card": due_card(key_result=row, membership=request.membership, now=now),
        "steps": steps(page.key_result),
        "trace": trace(page.key_result.trail, cadence=request.engagement.cadence),
        "escalations": escalations,
        "notification_log": notification_log(escalations.rows),
        "periods": len(periods(rhythm_of(page.key_result))),
        "criteria": criteria,
        "passed": sum(criterion.passed for criterion in criteria),
        "audit": answers,
        "yes_no": bool(page.key_result.metric and page.key_result.metric.unit == YES_NO),
        "changes": changes(row),
        "now": now,
        "today": request.engagement.today(now),
        **more,
    }
    return render(request, "workspace/key_result_detail.html", context, status=status)
