from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from engagements.commands.invitations import send_invitation
from engagements.models import Engagement, Invitation, Membership, Role
from okrs.models import Cycle
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, post
from tests.query_counts import assert_constant_queries

URL = "/e/northwind/"
OPEN = re.compile(r"<li( data-open)?>\s*<span>(.*?)</span>", re.DOTALL)


def steps(text: str) -> list[tuple[bool, str]]:
    """Of each step whether it is done, and its words."""
    listed = text.partition("First steps")[2].partition("</ol>")[0]
    found = [(open_, re.sub(r"<.*?>", "", words)) for open_, words in OPEN.findall(listed)]
    return [(not open_, " ".join(words.split())) for open_, words in found]


def primary(text: str) -> list[str]:
    """Where the steps lead with their dark buttons."""
    listed = text.partition("First steps")[2].partition("</ol>")[0]
    links = re.findall(r'<a class="btn btn-primary" href="(.*?)"', listed)
    buttons = re.findall(r'<button class="btn btn-primary".*?>(.*?)<', listed, re.DOTALL)
    return [*(re.sub(r"[ \n]+", " ", button).strip() for button in buttons), *links]


def committed(by: Membership) -> dict[str, Any]:
    return {"committed_at": timezone.now(), "committed_by": by}


def running(engagement: Engagement, **fields: Any) -> Cycle:
    return build.cycle(engagement, **fields)


def test_a_new_client_begins_with_the_quarter_or_a_sheet(lead: Client) -> None:
    text = lead.get(URL).text

    assert "<h1>No cycle yet. Start with a quarter.</h1>" in text
    assert [done for done, _ in steps(text)] == [False] * 5
    assert primary(text) == ["Start with 2026-Q1, 1\xa0Jan to 31\xa0Mar, 3 weeks left"]
    assert "2026-Q2, 1\xa0Apr to 30\xa0Jun\n" in text
    assert 'name="starts_on" value="2026-04-01"' in text
    assert '<a class="btn" href="/e/northwind/import/">Import sheet</a>' in text
    assert "Wins" not in text


def test_one_press_makes_the_cycle(lead: Client, alice: Membership) -> None:
    listed = lead.get(URL).text.partition("First steps")[2].partition("</form>")[0]
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="(.*?)"', listed))

    lead.post("/e/northwind/cycles/new/", fields)

    with scope(alice.engagement_id):
        cycle = Cycle.objects.get()
    assert (cycle.name, str(cycle.starts_on), str(cycle.ends_on)) == (
        "2026-Q1",
        "2026-01-01",
        "2026-03-31",
    )
    text = lead.get(URL).text
    assert steps(text)[0] == (True, "2026-Q1 is the cycle")
    assert primary(text) == ["/e/northwind/import/"]


def test_an_objective_leads_to_its_first_key_result(lead: Client, alice: Membership) -> None:
    objective = build.objective(alice, running(alice.engagement))

    text = lead.get(URL).text

    assert primary(text) == [f"/e/northwind/objectives/{objective.public_id}/key-results/new/"]
    assert "has no key result yet." in text


def test_a_drafted_set_leads_to_its_audit(lead: Client, alice: Membership) -> None:
    objective = build.objective(alice, running(alice.engagement))
    build.key_result(objective)

    text = lead.get(URL).text

    assert steps(text)[1] == (True, "1 objective, 1 key result")
    assert primary(text) == [f"/e/northwind/objectives/{objective.public_id}/"]
    assert "0 of 1 committed." in text


def test_a_committed_set_leads_to_the_first_check_in_of_ones_own(
    lead: Client, alice: Membership
) -> None:
    objective = build.objective(alice, running(alice.engagement), **committed(alice))
    metric = build.metric(alice.engagement)
    build.live_key_result(
        objective, metric, title="Bob’s", owner_id=build.member(alice.engagement, "Bob").pk
    )
    mine = build.live_key_result(objective, metric, title="Mine", owner_id=alice.pk)

    text = lead.get(URL).text

    assert steps(text)[3][0]
    assert primary(text) == [f"/e/northwind/key-results/{mine.public_id}/check-in/"]


def test_the_steps_make_room_once_somebody_has_checked_in(lead: Client, alice: Membership) -> None:
    objective = build.objective(alice, running(alice.engagement), **committed(alice))
    row = build.live_key_result(objective, build.metric(alice.engagement))
    post(row, alice, now=TUESDAY)

    assert "First steps" not in lead.get(URL).text


def test_people_are_counted_as_named_invited_and_here(lead: Client, alice: Membership) -> None:
    engagement = alice.engagement
    for name in ("Ana", "Ben", "Cem"):
        build.member(engagement, name, Role.CONTRIBUTOR, user=None)
    with scope(engagement.id):
        named = Membership.objects.filter(engagement=engagement, user=None).order_by("name")
        send_invitation(membership=named[0], by=alice)
        ran_out = send_invitation(membership=named[1], by=alice)
        Invitation.objects.filter(pk=ran_out.pk).update(expires_at=timezone.now())

    text = lead.get(URL).text

    assert "2 not invited yet, 1 not joined yet." in text
    assert not steps(text)[2][0]


@pytest.mark.parametrize(
    ("role", "offered"),
    [(Role.CONTRIBUTOR, "Draft first objective"), (Role.SPONSOR, "")],
)
def test_each_is_offered_what_they_may_do(
    client: Client, alice: Membership, role: Role, offered: str
) -> None:
    build.sign_in(client, alice.engagement, role)
    running(alice.engagement)

    text = client.get(URL).text.split("<main")[1]

    assert "/import/" not in text
    assert ("Draft first objective" in text) == bool(offered)


def test_the_steps_cost_the_same_queries_however_much_there_is(
    lead: Client, alice: Membership
) -> None:
    cycle = running(alice.engagement)

    def grow() -> None:
        for number in range(10):
            objective = build.objective(alice, cycle, title=f"Objective {number}")
            build.key_result(objective)
            build.member(alice.engagement, f"Person {number}", Role.CONTRIBUTOR, user=None)

    grow_first = build.objective(alice, cycle, title="The first")
    build.key_result(grow_first)
    assert_constant_queries(lambda: lead.get(URL), grow=grow, name="home-first-steps")
