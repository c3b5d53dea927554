from __future__ import annotations

from django.test import Client

from engagements.commands.engagements import close_engagement
from engagements.models import Membership
from okrs.models import KeyResult
from reviews.models import Review
from tests import build
from tests.checkins.posting import TUESDAY, post
from tests.query_counts import assert_constant_queries
from tests.reviews.meeting import act, decide
from tests.workspace.exports.archives import lines_of, unpacked

EXPORT = "/e/northwind/export/"


def test_settings_lead_to_it_after_a_close(lead: Client, alice: Membership, review: Review) -> None:
    decide(review, alice)
    close_engagement(engagement=alice.engagement, by=alice, now=TUESDAY)

    answer = lead.get(EXPORT)

    assert f'href="{EXPORT}"' in lead.get("/e/northwind/settings/").text
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"] == 'attachment; filename="northwind-2026-03-10.zip"'
    assert answer["Cache-Control"] == "no-store"
    assert len(lines_of(unpacked(answer.content), "decisions.csv")) == 1


def test_costs_about_a_query_a_file(
    lead: Client, alice: Membership, review: Review, onboarding: KeyResult
) -> None:
    def add(number: int) -> None:
        post(onboarding, alice, insight=f"Week {number}.", help_needed="Who signs?")
        decide(review, alice, f"Decided {number}.", key_result=onboarding)
        act(alice, f"Do {number}", key_result=onboarding)
        build.key_result(onboarding.objective, onboarding.metric)

    # Session, user, membership; the head; eight tables, one of two kinds, one with its links.
    assert_constant_queries(lambda: lead.get(EXPORT), add=add, name="engagement-export")
