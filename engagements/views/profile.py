from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from engagements.access import signed_in
from engagements.answers import take
from engagements.commands import update_profile
from engagements.forms import ProfileForm
from engagements.http import SignedInRequest
from engagements.permissions import Permission, may
from engagements.queries import may_create_engagement


@signed_in
def profile(request: SignedInRequest) -> HttpResponse:
    user = request.user
    shown = {name: getattr(user, name) for name in ProfileForm.base_fields}
    roles = {one.role for one in request.memberships}
    is_told = not roles or any(may(role, Permission.READ) for role in roles)
    form = ProfileForm(request.POST or None, initial=shown, is_told=is_told)
    if form.is_valid() and take(form, update_profile, user=user):
        messages.success(request, "Your profile is saved.")
        return redirect("engagements:profile")
    page = {
        "form": form,
        "is_told": is_told,
        "memberships": request.memberships,
        "may_create": may_create_engagement(user, request.memberships),
    }
    return render(request, "engagements/profile.html", page, status=422 if form.is_bound else 200)
