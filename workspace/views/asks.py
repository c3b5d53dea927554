from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from checkins.commands import answer_help_request, resolve_blocker
from checkins.forms import AnswerForm
from checkins.models import Blocker, HelpRequest
from checkins.views import key_result_url
from engagements.access import MemberRequest, find, member
from engagements.form_views import redirect_back, run_command
from engagements.permissions import Permission
from workspace.views.key_results import page_answer


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
    return page_answer(request, row.key_result, answered=row, answer_form=form, status=422)


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
