from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from engagements import queries
from engagements.access import MemberRequest, SignedInRequest, find, member, signed_in
from engagements.commands.engagements import (
    close_engagement,
    create_engagement,
    reopen_engagement,
    update_engagement,
)
from engagements.commands.share_links import (
    VALID_FOR,
    create_share_link,
    revoke_share_link,
    update_share_link,
)
from engagements.form_views import form_page, redirect_to, run_command
from engagements.forms.engagements import EngagementCreateForm, SettingsForm, ShareLinkForm
from engagements.models import ShareLink
from engagements.permissions import Permission, may_here
from engagements.queries import may_create_engagement

LINKS_PAGE = "engagements/share_link_list.html"
LINKS_TAB = {"tab": "links"}


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
    if request.method == "POST" and not may_here(request.membership, Permission.MANAGE_SETTINGS):
        raise PermissionDenied
    known = {"engagement": request.engagement, "by": request.membership, "now": timezone.now()}
    if form.is_valid() and run_command(form, update_engagement, **known):
        messages.success(request, "Settings saved.")
        return redirect_to(request, "engagements:settings")
    return form_page(request, "engagements/settings.html", form=form, tab="settings")


@member(Permission.MANAGE_SETTINGS)
def engagement_close(request: MemberRequest) -> HttpResponse:
    if request.engagement.is_closed:
        return redirect("engagements:settings", request.engagement.slug)
    if request.method != "POST":
        return render(request, "engagements/engagement_close.html", {"tab": "settings"})
    close_engagement(engagement=request.engagement, by=request.membership, now=timezone.now())
    messages.success(request, f"{request.engagement} is closed.")
    return redirect("engagements:settings", request.engagement.slug)


@require_POST
@member(Permission.MANAGE_SETTINGS, even_when_closed=True)
def engagement_reopen(request: MemberRequest) -> HttpResponse:
    reopen_engagement(engagement=request.engagement, by=request.membership, now=timezone.now())
    messages.success(request, f"{request.engagement} has been reopened.")
    return redirect("engagements:settings", request.engagement.slug)


@require_safe
@member(Permission.READ)
def share_link_list(request: MemberRequest) -> HttpResponse:
    return _list(request, form=_blank(request))


@require_POST
@member(Permission.MANAGE_MEMBERS, even_when_closed=True)
def share_link_create(request: MemberRequest) -> HttpResponse:
    form = ShareLinkForm(request.POST, engagement=request.engagement)
    known = {"engagement": request.engagement, "by": request.membership, "now": timezone.now()}
    if not form.is_valid() or not (made := run_command(form, create_share_link, **known)):
        return _list(request, form=form, status=422)
    return _changed(request, f"The link for {made.label} is ready. Copy it and send it.")


@member(Permission.MANAGE_MEMBERS, even_when_closed=True)
def share_link_update(request: MemberRequest, share_link: str) -> HttpResponse:
    links = ShareLink.objects.filter(engagement=request.engagement).select_related("engagement")
    link = find(links, share_link)
    form = ShareLinkForm(request.POST or None, engagement=request.engagement, row=link)
    known = {"share_link": link, "by": request.membership, "now": timezone.now()}
    if form.is_valid() and run_command(form, update_share_link, **known):
        messages.success(request, "Link saved. Its address stays the same.")
        return redirect_to(request, "engagements:share-link-list")
    return form_page(
        request, "engagements/share_link_update.html", form=form, link=link, **LINKS_TAB
    )


@require_POST
@member(Permission.MANAGE_MEMBERS, even_when_closed=True)
def share_link_revoke(request: MemberRequest, share_link: str) -> HttpResponse:
    link = find(ShareLink.objects.filter(engagement=request.engagement), share_link)
    revoke_share_link(share_link=link, by=request.membership, now=timezone.now())
    return _changed(request, f"The link for {link.label} no longer works.")


def _blank(request: MemberRequest) -> ShareLinkForm:
    today = request.engagement.today(timezone.now())
    return ShareLinkForm(engagement=request.engagement, initial={"expires_on": today + VALID_FOR})


def _list(request: MemberRequest, *, form: ShareLinkForm, status: int = 200) -> HttpResponse:
    links = queries.share_links(request.engagement, now=timezone.now())
    page = {"links": links, "form": form, **LINKS_TAB}
    part = f"{LINKS_PAGE}#links" if request.htmx else LINKS_PAGE
    return render(request, part, page, status=status)


def _changed(request: MemberRequest, said: str) -> HttpResponse:
    if request.htmx:
        return trigger_client_event(_list(request, form=_blank(request)), "toast", {"text": said})
    messages.success(request, said)
    return redirect("engagements:share-link-list", request.engagement.slug)
