from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url

from engagements.access import MemberRequest, SignedInRequest, member, signed_in
from engagements.commands import create_engagement, update_engagement
from engagements.form_views import form_page, redirect_to, run_command, stale_page
from engagements.forms import EngagementCreateForm, SettingsForm
from engagements.permissions import Permission, may_here
from engagements.queries import may_create_engagement
from tenancy.locks import StaleEdit


@signed_in
def engagement_create(request: SignedInRequest) -> HttpResponse:
    mine = [*request.memberships, *request.closed]
    if not may_create_engagement(request.user, mine):
        raise PermissionDenied
    first = {"time_zone": request.user.time_zone, "country": "DE"}
    clients = [each.engagement.client_name for each in mine]
    form = EngagementCreateForm(request.POST or None, clients=clients, initial=first)
    if form.is_valid() and (lead := run_command(form, create_engagement, by_user=request.user)):
        address = resolve_url("workspace:home", lead.engagement.slug)
        messages.success(request, f"{lead.engagement} is open at {address}.")
        return redirect(address)
    status = 422 if form.is_bound else 200
    return render(request, "engagements/engagement_create.html", {"form": form}, status=status)


@member(Permission.READ)
def settings(request: MemberRequest) -> HttpResponse:
    form = SettingsForm(request.POST or None, engagement=request.engagement)
    template, page = "engagements/settings.html", {"tab": "settings"}
    if request.method == "POST" and not may_here(request.membership, Permission.MANAGE_SETTINGS):
        raise PermissionDenied
    known = {"engagement": request.engagement, "by": request.membership}
    try:
        if form.is_valid() and run_command(form, update_engagement, **known):
            messages.success(request, "Settings saved.")
            return redirect_to(request, "engagements:settings")
    except StaleEdit as stale:
        return stale_page(request, template, form=form, stale=stale, **page)
    return form_page(request, template, form=form, **page)
