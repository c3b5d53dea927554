from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.commands import end_other_sessions, requested_address
from accounts.models import User
from engagements.access import SignedInRequest, signed_in
from engagements.commands import update_profile
from engagements.form_views import run_command
from engagements.forms.members import ProfileForm
from engagements.permissions import Permission, may
from engagements.queries import may_create_engagement
from notifications.digests import clock_of


@signed_in
def profile(request: SignedInRequest) -> HttpResponse:
    user = request.user
    shown = {name: getattr(user, name) for name in ProfileForm.base_fields}
    roles = {one.role for one in request.memberships}
    is_told = not roles or any(may(role, Permission.READ) for role in roles)
    form = ProfileForm(request.POST or None, initial=shown, is_told=is_told)
    if form.is_valid() and run_command(form, update_profile, user=user):
        messages.success(request, "Profile saved.")
        return redirect("notifications:profile")
    page = {"form": form, "is_told": is_told, **_beside(request)}
    return render(request, "notifications/profile.html", page, status=422 if form.is_bound else 200)


@require_POST
@signed_in
def sessions_end(request: SignedInRequest) -> HttpResponse:
    end_other_sessions(user=request.user)
    update_session_auth_hash(request, request.user)  # this one goes on
    messages.success(request, "Signed out everywhere else.")
    return redirect("notifications:profile")


def _beside(request: SignedInRequest) -> dict[str, Any]:
    """Return the facts next to the form, from saved values even if the form has errors."""
    now, saved = timezone.now(), User.objects.get(pk=request.user.pk)
    return {
        "saved": saved,
        "now": now,
        "asked": requested_address(request.session, user=saved, now=now),
        "next_mail_at": clock_of(saved).next_message(now),
        "memberships": sorted(request.memberships, key=lambda one: str(one.engagement).casefold()),
        "closed": request.closed,
        "may_create": may_create_engagement(saved, [*request.memberships, *request.closed]),
    }
