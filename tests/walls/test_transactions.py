"""The transactions of a request: one that writes, and one that renders and cannot write."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django import forms
from django.core.handlers.exception import convert_exception_to_response
from django.db import DataError, InternalError, connection, transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.test import RequestFactory

from accounts.middleware import TransactionMiddleware
from engagements.access import MemberRequest, SignedInRequest, member, signed_in
from engagements.form_views import run_command
from engagements.models import Engagement, Membership
from engagements.permissions import Permission
from tenancy.scoping import end_writing, request_transaction, scope
from tests import build

READ_ONLY = pytest.raises(InternalError, match="read-only transaction")


class NameForm(forms.Form):
    name = forms.CharField()


@pytest.fixture
def alice(db: None) -> Membership:
    return build.member(build.engagement())


def send(
    method: str, view: Callable[..., HttpResponse], by: Membership, **kwargs: Any
) -> HttpResponse:
    """Send a request through the middleware to a view with its gate."""
    request: Any = getattr(RequestFactory(), method)("/")
    request.user, request.htmx, request.session = by.user, False, {}
    return TransactionMiddleware(lambda received: view(received, **kwargs))(request)


def send_to_member(method: str, view: Callable[..., HttpResponse], by: Membership) -> None:
    send(method, member(Permission.READ)(view), by, slug=by.engagement.slug)


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
def test_a_page_that_is_read_cannot_write(alice: Membership, method: str) -> None:
    def view(request: MemberRequest) -> HttpResponse:
        return HttpResponse(rename(name="Mallory", by=request.membership))

    @signed_in
    def everywhere(request: SignedInRequest) -> HttpResponse:
        return HttpResponse(rename(name="Mallory", by=request.memberships[0]))

    with READ_ONLY:
        send_to_member(method, view, alice)
    with READ_ONLY:
        send(method, everywhere, alice)
    assert name_of(alice) == "Alice"


def test_a_command_is_committed_before_its_page_is_rendered(alice: Membership) -> None:
    def view(request: MemberRequest) -> HttpResponse:
        form = NameForm({"name": "Alicia"})
        assert form.is_valid()
        assert run_command(form, rename, by=request.membership)
        assert is_read_only()
        assert Engagement.objects.get() == request.engagement  # under the same walls
        return HttpResponse(rename(name="Mallory", by=request.membership))

    with READ_ONLY:
        send_to_member("post", view, alice)

    assert name_of(alice) == "Alicia"


def test_others_read_the_change_while_the_page_is_rendered(committed: str) -> None:
    alice, read = build.member(build.engagement()), []

    def elsewhere() -> str:
        try:
            return name_of(alice)
        finally:
            connection.close()

    def view(request: MemberRequest) -> HttpResponse:
        with ThreadPoolExecutor(1) as pool:
            rename(name="Alicia", by=request.membership)
            read.append(pool.submit(elsewhere).result())
            end_writing()
            read.append(pool.submit(elsewhere).result())
        return HttpResponse()

    send_to_member("post", view, alice)

    assert read == ["Alice", "Alicia"]


def test_a_command_that_the_view_calls_is_committed_when_it_renders(alice: Membership) -> None:
    modes: list[bool] = []

    def view(request: MemberRequest) -> HttpResponse:
        rename(name="Alicia", by=request.membership)
        modes.append(is_read_only())
        render(request, "engagements/engagement_is_closed.html")
        modes.append(is_read_only())
        return HttpResponse(rename(name="Mallory", by=request.membership))

    with READ_ONLY:
        send_to_member("post", view, alice)

    assert (modes, name_of(alice)) == ([False, True], "Alicia")


def test_an_error_before_the_page_is_rendered_rolls_back(alice: Membership) -> None:
    def view(request: MemberRequest) -> HttpResponse:
        rename(name="Alicia", by=request.membership)
        return HttpResponse(status=500)

    send_to_member("post", view, alice)

    assert name_of(alice) == "Alice"


def test_a_commit_that_fails_is_answered_as_unavailable(committed: str) -> None:
    alice = build.member(build.engagement())

    def view(request: MemberRequest) -> HttpResponse:
        rename(name="Alicia", by=alice)
        connection.connection.close()  # as the network does
        end_writing()
        return HttpResponse()

    gate: Any = partial(member(Permission.READ)(view), slug=alice.engagement.slug)
    handled: Any = convert_exception_to_response(gate)
    response = send("post", handled, alice)

    assert (response.status_code, name_of(alice)) == (503, "Alice")


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


def test_each_statement_of_a_request_meets_the_walls_of_its_place(alice: Membership) -> None:
    ours, theirs = alice.engagement_id, build.engagement("Harbor").pk

    def wall() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('app.engagements', true)")
            return str(cursor.fetchone()[0])

    with request_transaction(read_only=False):
        with scope(ours):
            assert wall() == f"{{{ours}}}"
            with pytest.raises(DataError), transaction.atomic(), scope(theirs):
                connection.cursor().execute("SELECT 1 / 0")
            assert wall() == f"{{{ours}}}"
            with scope(theirs), transaction.atomic():
                assert wall() == f"{{{theirs}}}"
            with pytest.raises(ValueError, match="stop"), scope(theirs), transaction.atomic():
                raise ValueError("stop")
            end_writing()
            assert wall() == f"{{{ours}}}"
        assert wall() == ""
        with scope(theirs):
            pass  # PostgreSQL never hears of this one
    assert wall() == ""
