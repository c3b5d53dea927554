from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from checkins.models import Blocker, HelpRequest
from engagements.models import Membership, Role
from okrs.models import KeyResult
from tests import build
from tests.checkins.posting import post, url


@pytest.fixture
def asked(onboarding: KeyResult, bob: Membership) -> HelpRequest:
    post(onboarding, bob, help_needed="Two days of billing.", blocker="No nightly export.")
    return HelpRequest.objects.get()


def answer_url(asked: HelpRequest) -> str:
    return reverse("workspace:help-request-answer", args=[asked.engagement.slug, asked.public_id])


def resolve_url(blocker: Blocker) -> str:
    return reverse("workspace:blocker-resolve", args=[blocker.engagement.slug, blocker.public_id])


def test_help_is_answered(signed_in: Client, asked: HelpRequest, onboarding: KeyResult) -> None:
    answer = signed_in.post(answer_url(asked), {"answer": "Jonas comes on Thursday."})

    asked.refresh_from_db()
    assert answer.headers["Location"] == url("key-result-detail", onboarding)
    assert asked.answer == "Jonas comes on Thursday."


def test_an_empty_answer_is_asked_for_on_the_page(signed_in: Client, asked: HelpRequest) -> None:
    answer = signed_in.post(answer_url(asked), {"answer": " "})

    assert answer.status_code == 422
    assert "Write an answer." in answer.text


def test_an_answer_that_comes_second_is_not_lost(signed_in: Client, asked: HelpRequest) -> None:
    signed_in.post(answer_url(asked), {"answer": "Jonas comes."})

    answer = signed_in.post(answer_url(asked), {"answer": "Tom comes."})

    assert answer.status_code == 422
    assert "This request has already been answered." in answer.text
    assert "Tom comes." in answer.text


def test_a_blocker_is_resolved(
    signed_in: Client, asked: HelpRequest, onboarding: KeyResult
) -> None:
    blocker = Blocker.objects.get()

    answer = signed_in.post(resolve_url(blocker), {"next": "/"})

    blocker.refresh_from_db()
    assert answer.headers["Location"] == "/"
    assert blocker.resolved_at is not None


def test_a_sponsor_may_answer(client: Client, asked: HelpRequest) -> None:
    build.sign_in(client, asked.engagement, Role.SPONSOR)

    assert client.post(answer_url(asked), {"answer": "Yes."}).status_code == 302


def test_viewers_answer_nothing(client: Client, asked: HelpRequest) -> None:
    build.sign_in(client, asked.engagement, Role.VIEWER)

    assert client.post(answer_url(asked), {"answer": "Yes."}).status_code == 403
    assert client.post(resolve_url(Blocker.objects.get())).status_code == 403
