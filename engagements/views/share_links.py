from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from engagements import queries
from engagements.access import find, member
from engagements.answers import take
from engagements.commands import create_share_link, revoke_share_link
from engagements.commands.share_links import VALID_FOR
from engagements.forms import ShareLinkForm
from engagements.http import MemberRequest
from engagements.models import ShareLink
from engagements.permissions import Permission

PAGE = "engagements/share_link_list.html"


@require_safe
@member(Permission.READ)
def share_link_list(request: MemberRequest) -> HttpResponse:
    return _list(request, form=_blank(request))


@require_POST
@member(Permission.MANAGE_MEMBERS)
def share_link_create(request: MemberRequest) -> HttpResponse:
    form = ShareLinkForm(request.POST)
    known = {"engagement": request.engagement, "by": request.membership, "now": timezone.now()}
    if not form.is_valid() or not (made := take(form, create_share_link, **known)):
        return _list(request, form=form, status=422)
    return _changed(request, f"The link for {made.label} is ready. Copy its address and send it.")


@require_POST
@member(Permission.MANAGE_MEMBERS)
def share_link_revoke(request: MemberRequest, share_link: str) -> HttpResponse:
    link = find(ShareLink.objects.filter(engagement=request.engagement), share_link)
    revoke_share_link(share_link=link, by=request.membership, now=timezone.now())
    return _changed(request, f"The link for {link.label} no longer works.")


def _blank(request: MemberRequest) -> ShareLinkForm:
    today = request.engagement.today(timezone.now())
    return ShareLinkForm(initial={"expires_on": today + VALID_FOR})


def _list(request: MemberRequest, *, form: ShareLinkForm, status: int = 200) -> HttpResponse:
    links = queries.share_links(request.engagement, now=timezone.now())
    page = {"links": links, "form": form, "tab": "members"}
    part = f"{PAGE}#links" if request.htmx else PAGE
    return render(request, part, page, status=status)


def _changed(request: MemberRequest, said: str) -> HttpResponse:
    if request.htmx:
        return trigger_client_event(_list(request, form=_blank(request)), "toast", {"text": said})
    messages.success(request, said)
    return redirect("engagements:share-link-list", request.engagement.slug)
