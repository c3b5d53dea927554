"""The requests that views receive, typed with the attributes that the gate adds."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Page
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from engagements.models import Engagement, Membership, ShareLink


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
