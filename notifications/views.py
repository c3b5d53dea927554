from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.commands import end_other_sessions, requested_address
from accounts.models import User
from engagements.access import SignedInRequest, signed_in
from engagements.commands.profiles import update_profile
from engagements.form_views import run_command
from engagements.forms.members import ProfileForm
from engagements.permissions import Permission, may
from engagements.queries import may_create_engagement
from notifications.commands import switch_notices
from notifications.emails import masked, user_of
from notifications.hours import clock_of


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
    # The facts next to the form are of saved values, even if the form has errors.
    now, saved = timezone.now(), User.objects.get(pk=user.pk)
    page = {
        "form": form,
        "is_told": is_told,
        "saved": saved,
        "now": now,
        "asked": requested_address(request.session, user=saved, now=now),
        "next_mail_at": clock_of(saved).next_message(now),
        "memberships": sorted(request.memberships, key=lambda one: str(one.engagement).casefold()),
        "closed": request.closed,
        "may_create": may_create_engagement(saved, [*request.memberships, *request.closed]),
    }
    return render(request, "notifications/profile.html", page, status=422 if form.is_bound else 200)


@require_POST
@signed_in
def sessions_end(request: SignedInRequest) -> HttpResponse:
    end_other_sessions(user=request.user, now=timezone.now())
    update_session_auth_hash(request, request.user)  # this one goes on
    messages.success(request, "Signed out everywhere else.")
    return redirect("notifications:profile")


AGAIN = "again"  # the button that takes it back; a mail program sends none


# Security: the token in the address is the key, to two switches of one person and nothing else.
# No form token besides: mail programs post here for their reader, without cookies (RFC 8058), and
# who could forge the request would have to know the address that only this person's mails hold.
@csrf_exempt
@login_not_required
def notices_stop(request: HttpRequest, token: str) -> HttpResponse:
    user = user_of(token)
    if user is None:
        return render(request, "notifications/notices_stop_gone.html", status=404)
    if request.method == "POST":  # answered here: a mail program does not follow redirects
        switch_notices(user=user, wanted=AGAIN in request.POST)
    page = {
        "address": masked(user.email),
        "just_changed": request.method == "POST",
        "stopped": not (user.wants_reminders or user.wants_digests),
    }
    return render(request, "notifications/notices_stop.html", page)
