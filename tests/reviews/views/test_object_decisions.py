from __future__ import annotations

from django.test import Client

from decisions.commands.actions import complete_action
from engagements.models import Membership
from okrs.models import KeyResult
from reviews.models import Review
from tests import build
from tests.checkins.posting import TUESDAY
from tests.query_counts import assert_constant_queries
from tests.reviews.meeting import act, decide, supersede

HTMX = {"HX-Request": "true"}


def objective_log(key_result: KeyResult) -> str:
    return f"/e/northwind/objectives/{key_result.objective.public_id}/decisions/"


def key_result_log(key_result: KeyResult) -> str:
    return f"/e/northwind/key-results/{key_result.public_id}/decisions/"


def test_of_an_objective_holds_its_key_results_decisions(
    lead: Client, alice: Membership, review: Review, onboarding: KeyResult
) -> None:
    decide(review, alice, "Call on day two.", key_result=onboarding)
    decide(review, alice, "Keep the objective.", objective=onboarding.objective)
    decide(review, alice, "Hire an analyst.")

    page = lead.get(objective_log(onboarding))

    assert "Call on day two." in page.text
    assert "Keep the objective." in page.text
    assert "Hire an analyst." not in page.text
    assert onboarding.title in page.text


def test_of_a_key_result_holds_its_own(
    lead: Client, alice: Membership, review: Review, onboarding: KeyResult
) -> None:
    other = build.live_key_result(onboarding.objective)
    decide(review, alice, "Call on day two.", key_result=onboarding)
    decide(review, alice, "Drop the survey.", key_result=other)

    page = lead.get(key_result_log(onboarding))

    assert "Call on day two." in page.text
    assert "Drop the survey." not in page.text


def test_leaves_out_what_was_superseded(
    lead: Client, alice: Membership, review: Review, onboarding: KeyResult
) -> None:
    supersede(decide(review, alice, "Day ten.", key_result=onboarding), alice, text="Day twenty.")

    page = lead.get(key_result_log(onboarding))

    assert "Day twenty." in page.text
    assert "Day ten." not in page.text


def test_shows_the_open_actions_too(lead: Client, alice: Membership, onboarding: KeyResult) -> None:
    act(alice, "Ask for a nightly export", key_result=onboarding)
    done = act(alice, "Write to the board", key_result=onboarding)
    complete_action(action=done, by=alice, now=TUESDAY)

    for page in (lead.get(key_result_log(onboarding)), lead.get(objective_log(onboarding))):
        assert "Ask for a nightly export" in page.text
        assert "Write to the board" not in page.text


def test_says_that_there_is_none_yet(lead: Client, onboarding: KeyResult) -> None:
    page = lead.get(objective_log(onboarding))

    assert "No decisions yet. Record the first one in a review." in page.text


def test_comes_to_its_objects_page_as_a_part(lead: Client, onboarding: KeyResult) -> None:
    objective = lead.get(f"/e/northwind/objectives/{onboarding.objective.public_id}/")
    key_result = lead.get(f"/e/northwind/key-results/{onboarding.public_id}/")

    for page, log in ((objective, objective_log), (key_result, key_result_log)):
        assert f'hx-get="{log(onboarding)}"' in page.text
        assert f'<a href="{log(onboarding)}">' in page.text
        part = lead.get(log(onboarding), headers=HTMX)
        assert "<html" not in part.text


def test_costs_the_same_however_much_was_decided(
    lead: Client, alice: Membership, review: Review, onboarding: KeyResult
) -> None:
    def ten_more() -> None:
        for number in range(10):
            decide(review, alice, f"Decided {number}.", key_result=onboarding)
            act(alice, f"Do {number}.", key_result=onboarding)

    ten_more()

    # Session, user, membership, the object; decisions, key results, actions.
    url = objective_log(onboarding)
    assert_constant_queries(lambda: lead.get(url, headers=HTMX), grow=ten_more, most=7)
