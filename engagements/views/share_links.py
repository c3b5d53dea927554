from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from engagements import queries
from engagements.access import MemberRequest, find, member
from engagements.commands import create_share_link, revoke_share_link, update_share_link
from engagements.commands.share_links import VALID_FOR
from engagements.form_views import form_page, redirect_to, run_command, stale_page
from engagements.forms import ShareLinkEditForm, ShareLinkForm
from engagements.models import ShareLink
from engagements.permissions import Permission
from tenancy.locks import StaleEdit

PAGE = "engagements/share_link_list.html"
TAB = {"tab": "links"}


@require_safe
@member(Permission.READ)
def share_link_list(request: MemberRequest) -> HttpResponse:
    return _list(request, form=_blank(request))


@require_POST
@member(Permission.MANAGE_MEMBERS, even_when_closed=True)
def share_link_create(request: MemberRequest) -> HttpResponse:
    form = ShareLinkForm(request.POST)
    known = {"engagement": request.engagement, "by": request.membership, "now": timezone.now()}
    if not form.is_valid() or not (made := run_command(form, create_share_link, **known)):
        return _list(request, form=form, status=422)
    return _changed(request, f"The link for {made.label} is ready. Copy it and send it.")


@member(Permission.MANAGE_MEMBERS, even_when_closed=True)
def share_link_update(request: MemberRequest, share_link: str) -> HttpResponse:
    links = ShareLink.objects.filter(engagement=request.engagement).select_related("engagement")
    link = find(links, share_link)
    form = ShareLinkEditForm(request.POST or None, engagement=request.engagement, row=link)
    known = {"share_link": link, "by": request.membership, "now": timezone.now()}
    template, page = "engagements/share_link_update.html", {"link": link, **TAB}
    try:
        if form.is_valid() and run_command(form, update_share_link, **known):
            messages.success(request, "Link saved. Its address stays the same.")
            return redirect_to(request, "engagements:share-link-list")
    except StaleEdit as stale:
        return stale_page(request, template, form=form, stale=stale, **page)
    return form_page(request, template, form=form, **page)


@require_POST
@member(Permission.MANAGE_MEMBERS, even_when_closed=True)
def share_link_revoke(request: MemberRequest, share_link: str) -> HttpResponse:
    link = find(ShareLink.objects.filter(engagement=request.engagement), share_link)
    revoke_share_link(share_link=link, by=request.membership, now=timezone.now())
    return _changed(request, f"The link for {link.label} no longer works.")


def _blank(request: MemberRequest) -> ShareLinkForm:
    today = request.engagement.today(timezone.now())
    return ShareLinkForm(initial={"expires_on": today + VALID_FOR})


def _list(request: MemberRequest, *, form: ShareLinkForm, status: int = 200) -> HttpResponse:
    links = queries.share_links(request.engagement, now=timezone.now())
    page = {"links": links, "form": form, **TAB}
    part = f"{PAGE}#links" if request.htmx else PAGE
    return render(request, part, page, status=status)


def _changed(request: MemberRequest, said: str) -> HttpResponse:
    if request.htmx:
        return trigger_client_event(_list(request, form=_blank(request)), "toast", {"text": said})
    messages.success(request, said)
    return redirect("engagements:share-link-list", request.engagement.slug)
