from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from engagements.commands import add_placeholder, invite_members, invite_waiting
from engagements.models import Engagement, Invitation, Membership, Role
from tenancy.scoping import scope
from tests import build

PEOPLE = {f"p{number}@x.test": f"Person {number}" for number in range(20)}


@pytest.fixture
def leads(committed: str) -> list[Membership]:
    engagement = build.engagement()
    return [build.member(engagement, name) for name in ("Alice", "Bob")]


def open_links(engagement: Engagement) -> list[str]:
    with scope(engagement.id):
        links = Invitation.objects.filter(engagement=engagement).unanswered()
        return sorted(links.values_list("membership__email", flat=True))


def test_two_leads_who_send_one_list_at_once_both_come_through(leads: list[Membership]) -> None:
    start = Barrier(2)

    def sent(lead: Membership) -> int:
        people = dict(sorted(PEOPLE.items(), reverse=lead == leads[0]))
        try:
            start.wait()
            with scope(lead.engagement_id):
                invited = invite_members(
                    engagement=lead.engagement, people=people, role=Role.VIEWER, by=lead
                )
        finally:
            connections.close_all()
        return len(invited)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(sent, leads)) == [len(PEOPLE)] * 2

    assert open_links(leads[0].engagement) == sorted(PEOPLE)


def test_two_leads_who_name_one_person_at_once_name_them_once(leads: list[Membership]) -> None:
    start = Barrier(2)

    def named(lead: Membership) -> list[str]:
        refusals = []
        for email, name in PEOPLE.items():
            start.wait()
            try:
                with scope(lead.engagement_id):
                    add_placeholder(
                        engagement=lead.engagement, email=email, name=name, role="viewer", by=lead
                    )
            except ValidationError as refusal:
                refusals.append(str(refusal.code))
            except BaseException:
                start.abort()
                raise
        connections.close_all()
        return refusals

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(named, leads)

    assert first + second == ["already_member"] * len(PEOPLE)


def test_who_waits_is_mailed_once_by_two_leads(leads: list[Membership]) -> None:
    engagement, start = leads[0].engagement, Barrier(2)
    for email, name in PEOPLE.items():
        build.member(engagement, name, user=None, email=email)

    def sent(lead: Membership) -> int:
        try:
            start.wait()
            with scope(engagement.id):
                return len(invite_waiting(engagement=engagement, by=lead))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(sent, leads)) == [0, len(PEOPLE)]
