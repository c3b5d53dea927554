"""The transactions of a request: one that writes, and one that renders and cannot write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.db import InternalError, connection, transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.test import RequestFactory

from accounts.middleware import TransactionMiddleware
from engagements.access import MemberRequest, member, signed_in
from engagements.form_views import run_command
from engagements.models import Engagement, Membership
from engagements.permissions import Permission
from tenancy.scoping import end_writing, request_transaction, scope
from tests import build

Send = Callable[..., HttpResponse]


@pytest.fixture
def alice(db: None) -> Membership:
    return build.member(build.engagement())


@pytest.fixture
def send(alice: Membership) -> Send:
    """Send a request of Alice through the middleware and the gate to this view."""

    def send(method: str, view: Callable[..., HttpResponse], **kwargs: Any) -> HttpResponse:
        request = getattr(RequestFactory(), method)("/")
        request.user, request.htmx = alice.user or AnonymousUser(), False
        return TransactionMiddleware(lambda sent: view(sent, **kwargs))(request)

    return send


def rename(*, name: str, by: Membership) -> int:
    return Membership.objects.filter(pk=by.pk).update(name=name)


def name_of(alice: Membership) -> str:
    with scope(alice.engagement_id):
        return Membership.objects.get(pk=alice.pk).name


def is_read_only() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        return bool(cursor.fetchone() == ("on",))


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_page_that_is_read_cannot_write(alice: Membership, send: Send, method: str) -> None:
    @member(Permission.READ)
    def view(request: MemberRequest) -> HttpResponse:
        return HttpResponse(rename(name="Mallory", by=request.membership))

    @signed_in
    def everywhere(request: Any) -> HttpResponse:
        return HttpResponse(rename(name="Mallory", by=request.memberships[0]))

    with pytest.raises(InternalError, match="read-only transaction"):
        send(method, view, slug=alice.engagement.slug)
    with pytest.raises(InternalError, match="read-only transaction"):
        send(method, everywhere)
    assert name_of(alice) == "Alice"


def test_a_command_is_committed_before_its_page_is_rendered(alice: Membership, send: Send) -> None:
    class NameForm(forms.Form):
        name = forms.CharField()

    @member(Permission.READ)
    def view(request: MemberRequest) -> HttpResponse:
        form = NameForm({"name": "Alicia"})
        assert form.is_valid()
        assert run_command(form, rename, by=request.membership)
        assert is_read_only()
        assert Engagement.objects.get() == request.engagement  # under the same walls
        rename(name="Mallory", by=request.membership)
        raise AssertionError

    with pytest.raises(InternalError, match="read-only transaction"):
        send("post", view, slug=alice.engagement.slug)

    assert name_of(alice) == "Alicia"


def test_what_a_view_wrote_is_committed_before_its_page_is_rendered(
    alice: Membership, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[bool] = []

    @member(Permission.READ)
    def view(request: MemberRequest) -> HttpResponse:
        rename(name="Alicia", by=request.membership)
        modes.append(is_read_only())
        response = render(request, "engagements/engagement_is_closed.html")
        modes.append(is_read_only())
        rename(name="Mallory", by=request.membership)
        return response

    with pytest.raises(InternalError, match="read-only transaction"):
        send("post", view, slug=alice.engagement.slug)

    assert (modes, name_of(alice)) == ([False, True], "Alicia")


def test_what_fails_before_its_page_is_rendered_is_rolled_back(
    alice: Membership, send: Send
) -> None:
    @member(Permission.READ)
    def view(request: MemberRequest) -> HttpResponse:
        rename(name="Alicia", by=request.membership)
        return HttpResponse(status=500)

    send("post", view, slug=alice.engagement.slug)

    assert name_of(alice) == "Alice"


def test_only_the_transaction_of_the_request_is_read_only(alice: Membership) -> None:
    with request_transaction(read_only=True), scope(alice.engagement_id):
        assert is_read_only()
    with request_transaction(read_only=False), scope(alice.engagement_id):
        rename(name="Alicia", by=alice)
        end_writing()
        assert is_read_only()
    with scope(alice.engagement_id), transaction.atomic():
        assert not is_read_only()
    assert name_of(alice) == "Alicia"
