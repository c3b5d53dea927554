"""The gate: the only way from a URL to an object.

Strangers and other tenants get 404, members whose role is too low 403. A view runs and renders
in the engagements that its reader may see and in the reader's time zone. A share link opens one
engagement for reading, in the client's time zone, without a user. Unknown, expired and revoked
links get the same 404; a network that guesses links gets 429.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar, cast

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db import connection, models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.response import SimpleTemplateResponse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRefresh
from django_htmx.middleware import HtmxDetails

from accounts import limits
from accounts.limits import too_often
from accounts.models import User
from engagements.commands.share_links import count_view
from engagements.links import find_share_link
from engagements.models import Engagement, Membership, Role, ShareLink
from engagements.permissions import Permission, RightLost, may, may_here, permissions_of
from tenancy.models import instance, select_list
from tenancy.scoping import MAX_ENGAGEMENTS, end_writing, identity, scope

M = TypeVar("M", bound=models.Model)
View = Callable[..., HttpResponse]


class SignedInRequest(HttpRequest):
    """A signed-in person; the scope holds one page of the engagements they belong to."""

    user: User
    htmx: HtmxDetails
    client_page: Page[Membership]
    memberships: list[Membership]
    closed: list[Membership]  # where the work is over


class MemberRequest(HttpRequest):
    """A member of the engagement in the URL, with the permission that the view asks for."""

    user: User
    htmx: HtmxDetails
    membership: Membership
    engagement: Engagement


class LinkRequest(HttpRequest):
    """A request by an open share link of the engagement, signed in or not."""

    user: AnonymousUser
    htmx: HtmxDetails
    share_link: ShareLink
    engagement: Engagement


# Read at every request, before a scope is known: the policies admit the user's own rows.
MEMBERSHIPS = f"""SELECT {select_list(Membership, "m")}, {select_list(Engagement, "e")}
    FROM engagements_membership m JOIN engagements_engagement e ON e.id = m.engagement_id
    WHERE m.removed_at IS NULL AND m.user_id = %(user)s
    ORDER BY e.closed_at NULLS FIRST, m.id DESC
"""  # noqa: S608 - columns
MEMBERSHIP = f"""SELECT {select_list(Membership, "m")}, {select_list(Engagement, "e")},
        EXISTS (
            SELECT 1 FROM engagements_membership other
            JOIN engagements_engagement client ON client.id = other.engagement_id
            WHERE other.user_id = m.user_id AND other.removed_at IS NULL
                AND client.closed_at IS NULL AND other.role <> %(viewer)s
        )
    FROM engagements_membership m JOIN engagements_engagement e ON e.id = m.engagement_id
    WHERE m.removed_at IS NULL AND m.user_id = %(user)s AND e.slug = %(slug)s
"""  # noqa: S608 - columns


def member(permission: Permission, *, even_when_closed: bool = False) -> Callable[[View], View]:
    """Admit members of `/e/<slug>/` with this permission; the view gets a MemberRequest.

    In an engagement that is closed they only read, but for views that say otherwise.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def gated(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponse:
            if posts_too_often(request):
                return too_often(request, limits.POSTS)
            membership = _membership(request, slug=slug)
            if not may(membership.role, permission):
                raise PermissionDenied
            admitted = cast(MemberRequest, request)
            admitted.membership = membership
            admitted.engagement = membership.engagement
            if not even_when_closed and not _still_open(admitted, permission):
                return _closed(admitted)
            with scope(membership.engagement_id), timezone.override(admitted.user.time_zone):
                try:
                    return _rendered(view(admitted, **kwargs))
                except RightLost as refusal:
                    if refusal.code == "closed":
                        return _closed(admitted)
                    raise PermissionDenied from refusal

        gated.permission = permission  # type: ignore[attr-defined]
        return gated

    return decorate


def signed_in(view: View) -> View:
    """Admit any signed-in person, in the scope of the engagements where they may read.

    A person with more than a scope can hold gets them in pages, open ones first. Closed ones are
    listed apart: nothing there asks for work.
    """

    @wraps(view)
    def gated(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if posts_too_often(request):
            return too_often(request, limits.POSTS)
        admitted = cast(SignedInRequest, request)
        with connection.cursor() as cursor:
            cursor.execute(MEMBERSHIPS, {"user": request.user.pk})
            pages = Paginator([_filled(row) for row in cursor.fetchall()], MAX_ENGAGEMENTS)
        admitted.client_page = pages.get_page(request.GET.get("clients"))
        mine = admitted.client_page.object_list
        admitted.memberships = [one for one in mine if not one.engagement.is_closed]
        admitted.closed = [one for one in mine if one.engagement.is_closed]
        ids = [membership.engagement_id for membership in mine]
        with scope(*ids), timezone.override(admitted.user.time_zone):
            return _rendered(view(admitted, **kwargs))

    gated.permission = "signed_in"  # type: ignore[attr-defined]
    return gated


def link_holder(view: View) -> View:
    """Admit anyone with an open share link, signed in or not; the view gets a LinkRequest."""

    @login_not_required  # Security: the token in the address grants access to this page.
    @wraps(view)
    def gated(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponse:
        network = limits.network_of(request)
        if limits.is_exceeded(limits.SHARE_LINK_READS, network):
            return too_often(request, limits.SHARE_LINK_READS)
        now, link = timezone.now(), find_share_link(token)
        if link is None or not link.is_open(now=now):
            if limits.is_exceeded(limits.SHARE_LINK_GUESSES, network):
                return too_often(request, limits.SHARE_LINK_GUESSES)
            return render(request, "engagements/gone.html", status=404)
        admitted = cast(LinkRequest, request)
        admitted.user = AnonymousUser()
        admitted.share_link, admitted.engagement = link, link.engagement
        end_writing()
        with identity(), scope(link.engagement_id), timezone.override(link.engagement.zone):
            response = _rendered(view(admitted, **kwargs))
        if request.method == "GET" and response.status_code == 200:
            count_view(link, now=now)
        return response

    gated.permission = "link_holder"  # type: ignore[attr-defined]
    return gated


def workspace_context(request: HttpRequest) -> dict[str, Any]:
    """Return the context of every page's frame: demo banner, engagement and permissions.

    A page is rendered after its command: the changes are committed first, and from then on the
    request only reads.
    """
    if hasattr(request, "membership") or hasattr(request, "memberships"):
        end_writing()
    membership = getattr(request, "membership", None)
    if membership is None:
        mine = getattr(request, "memberships", ()) or getattr(request, "closed", ())
        roles = {one.role for one in mine}
        return {"demo": settings.DEMO, "only_views": roles == {Role.VIEWER}}
    return {
        "demo": settings.DEMO,
        # Whose first page is a list of status pages, not a week.
        "only_views": membership.role == Role.VIEWER and not membership.reads_somewhere,
        "engagement": membership.engagement,
        "membership": membership,
        "may": dict.fromkeys((p.value for p in permissions_of(membership)), True),
    }


def _still_open(request: MemberRequest, permission: Permission) -> bool:
    """Whether there is work to do here, or they merely read."""
    reads = request.method in ("GET", "HEAD") and may_here(request.membership, permission)
    return reads or not request.engagement.is_closed


def _closed(request: MemberRequest) -> HttpResponse:
    """Refuse a write to a closed engagement; htmx reloads the page that still showed a form."""
    if request.htmx:
        return HttpResponseClientRefresh()
    return render(request, "engagements/engagement_is_closed.html", status=403)


def posts_too_often(request: HttpRequest) -> bool:
    return request.method == "POST" and limits.is_exceeded(limits.POSTS, request.user.pk)


def find(queryset: models.QuerySet[M], public_id: str) -> M:
    """Return the row with this public id, or raise Http404."""
    if "\0" in public_id:
        raise Http404
    return get_object_or_404(queryset, public_id=public_id)


def _membership(request: HttpRequest, *, slug: str) -> Membership:
    """Return the membership in one client, and whether the user reads more than status pages."""
    params = {"user": request.user.pk, "slug": slug, "viewer": Role.VIEWER}
    with connection.cursor() as cursor:
        cursor.execute(MEMBERSHIP, params)
        row = cursor.fetchone()
    if row is None:
        raise Http404
    membership = _filled(row[:-1])
    membership.reads_somewhere = row[-1]  # type: ignore[attr-defined]
    return membership


def _filled(row: Sequence[Any]) -> Membership:
    first = len(Membership._meta.concrete_fields)
    membership = instance(Membership, row[:first])
    membership.engagement = instance(Engagement, row[first:])
    return membership


def _rendered(response: HttpResponse) -> HttpResponse:
    # A template response renders after the view, where the scope is gone and the page comes empty.
    return response.render() if isinstance(response, SimpleTemplateResponse) else response
