"""What the tables of an export hold, and that their seals prove the log."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

import pytest

from checkins.commands import undo_check_in
from checkins.models import Blocker, CheckIn, HelpRequest
from decisions.commands import record_release
from decisions.models import Decision, DecisionHead
from engagements.models import Membership
from escalations.models import EscalationState
from okrs.models import KeyResult
from reviews.models import Review
from tests import build
from tests.checkins.posting import TUESDAY, post
from tests.escalations.escalating import escalated
from tests.reviews.meeting import act, decide, supersede
from tests.workspace.exports.archives import Lines, export, lines_of

FILES = [
    "README.txt",
    "okrs.csv",
    "objectives.csv",
    "key_results.csv",
    "check_ins.csv",
    "decisions.csv",
    "releases.csv",
    "actions.csv",
    "escalations.csv",
    "blockers_and_help.csv",
    "prompt_answers.csv",
]


def table(alice: Membership, name: str) -> Lines:
    return lines_of(export(alice.engagement), name)


def test_an_empty_engagement_has_every_file(alice: Membership) -> None:
    files = export(alice.engagement)

    assert list(files) == FILES
    assert [name for name in FILES[1:] if lines_of(files, name)] == []
    assert "The decision log was still empty." in files["README.txt"].decode()


def test_an_objective_without_key_results_is_there_too(alice: Membership) -> None:
    cycle = build.cycle(alice.engagement)
    build.objective(alice, cycle, why_now="+Before summer")

    (line,) = table(alice, "objectives.csv")

    expected = {"cycle": "2026-Q1", "why_now": "'+Before summer", "owner": "Alice"}
    assert line.items() >= expected.items()


def test_all_check_ins_are_there_with_what_became_of_each(
    alice: Membership, bob: Membership, onboarding: KeyResult
) -> None:
    week = dt.timedelta(days=7)
    before = post(onboarding, bob, actual="6.50", now=TUESDAY - week)
    undone = post(onboarding, bob, actual=7)
    undo = undo_check_in(check_in=undone, by=alice, now=TUESDAY)
    first = post(onboarding, bob, actual=8, insight="=1+1")
    last = post(onboarding, bob, actual="-5", confirm_range=True)

    lines = table(alice, "check_ins.csv")

    rows = [before, undone, undo, first, last]
    assert [line["check_in"] for line in lines] == [row.public_id for row in rows]
    stands = ["yes", "undone", "superseded", "superseded", "yes"]
    assert [line["stands"] for line in lines] == stands
    assert [line["supersedes"] for line in lines[1:]] == ["", *(r.public_id for r in rows[1:4])]
    assert [line["superseded_by"] for line in lines[1:4]] == [r.public_id for r in rows[2:]]
    assert [line["undone_by"] for line in lines] == ["", "", "Alice", "", ""]
    assert lines[0]["actual"] == "6.5"
    assert (lines[0]["score"], lines[0]["rag"]) == ("0.50", "amber")
    assert (lines[3]["insight"], lines[4]["actual"]) == ("'=1+1", "-5")
    assert lines[0]["posted_at"] == "2026-03-03 08:40:00"
    assert (lines[0]["baseline"], lines[0]["target"], lines[0]["ladder"]) == ("9", "4", "")


def test_a_period_that_is_empty_again_says_so(bob: Membership, onboarding: KeyResult) -> None:
    undo_check_in(check_in=post(onboarding, bob), by=bob, now=TUESDAY)

    lines = table(bob, "check_ins.csv")

    assert [line["stands"] for line in lines] == ["undone", "takes back"]


def test_nothing_in_it_ranks_or_averages_people(bob: Membership, onboarding: KeyResult) -> None:
    """M6.7."""
    post(onboarding, bob, seconds_spent=4711)
    fields = {field.name for field in CheckIn._meta.get_fields()}
    files = export(bob.engagement)

    heads = [files[file].decode("utf-8-sig").splitlines()[0] for file in FILES[1:]]
    columns = {name for head in heads for name in head.split(",")}

    assert {"seconds_spent", "is_thin"} <= fields
    assert not {"seconds_spent", "is_thin"} & columns
    assert b"4711" not in files["check_ins.csv"]
    assert [name for name in columns if "mean" in name or "average" in name or "rank" in name] == []


def test_the_log_proves_itself(alice: Membership, review: Review, onboarding: KeyResult) -> None:
    post(onboarding, alice)
    url = "https://example.com/usage"
    decide(review, alice, "=1+1 “ünd”\nmore", key_result=onboarding, evidence_url=url)
    supersede(decide(review, alice), alice)

    files = export(alice.engagement)

    before = ""
    for number, line in enumerate(lines_of(files, "decisions.csv"), start=1):
        assert line["number"] == str(number)
        assert line["previous_hash"] == before == json.loads(line["sealed"])[3]
        assert line["hash"] == hashlib.sha256(line["sealed"].encode()).hexdigest()
        assert line["text"].removeprefix("'") == json.loads(line["sealed"])[5]
        before = line["hash"]
    head = DecisionHead.objects.get(engagement=alice.engagement)
    assert (head.number, head.hash) == (3, before)
    assert f"ended with decision 3, hash {before}." in files["README.txt"].decode()
    first, second, third = lines_of(files, "decisions.csv")
    assert first["touches"] == onboarding.title
    assert url in first["evidence"]
    assert (second["superseded_by"], third["supersedes"]) == ("3", "2")
    assert (first["client_visible"], third["client_visible"]) == ("", "yes")


def test_a_report_is_a_link_of_the_proof(alice: Membership, review: Review) -> None:
    first = decide(review, alice)
    record_release(report_hash="a" * 64, occasion=review.occasion, by=alice, now=TUESDAY)
    decide(review, alice)

    files = export(alice.engagement)

    _, second = lines_of(files, "decisions.csv")
    (release,) = lines_of(files, "releases.csv")
    assert release["hash"] == hashlib.sha256(release["sealed"].encode()).hexdigest()
    assert (release["head_number"], release["head_hash"]) == ("1", first.hash)
    assert (release["occasion"], release["occasion_id"]) == ("review", review.public_id)
    assert second["previous_hash"] == release["hash"]


def test_the_log_stops_at_the_head_that_is_named(
    alice: Membership, review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(review, alice)
    old = DecisionHead.objects.get(engagement=alice.engagement)
    decide(review, alice)
    assert Decision.objects.filter(engagement=alice.engagement).count() == 2
    monkeypatch.setattr("django.db.models.QuerySet.first", lambda queryset: old)

    files = export(alice.engagement)

    assert [line["number"] for line in lines_of(files, "decisions.csv")] == ["1"]


def test_actions_name_their_end(alice: Membership, review: Review, onboarding: KeyResult) -> None:
    act(alice, "@Ask", review=review, key_result=onboarding)
    for end in ("done", "dropped"):
        build.change(act(alice, end), **{f"{end}_at": TUESDAY, f"{end}_by": alice})

    lines = table(alice, "actions.csv")

    assert [line["state"] for line in lines] == ["open", "done", "dropped"]
    assert (lines[0]["what"], lines[0]["review_title"]) == ("'@Ask", "March")
    assert lines[0]["key_result"] == onboarding.public_id
    assert (lines[1]["done_by"], lines[1]["done_at"]) == ("Alice", "2026-03-10 08:40:00")


@pytest.mark.parametrize("state", list(EscalationState))
def test_escalations_stand_as_pages_show_them(
    alice: Membership, onboarding: KeyResult, state: EscalationState
) -> None:
    row = escalated(onboarding, alice, state=state)
    assert row.state == state

    (line,) = table(alice, "escalations.csv")

    assert line["state"] == state.value
    assert (line["escalation"], line["key_result"]) == (row.public_id, onboarding.public_id)


def test_blockers_and_help_stand_in_one_table(bob: Membership, onboarding: KeyResult) -> None:
    check_in = post(onboarding, bob, blocker="-No licence", help_needed="Who signs?")
    assert Blocker.objects.count() == HelpRequest.objects.count() == 1

    blocker, asked = table(bob, "blockers_and_help.csv")

    assert (blocker["kind"], blocker["text"]) == ("blocker", "'-No licence")
    assert (asked["kind"], asked["text"], asked["by"]) == ("help", "Who signs?", "Bob")
    assert {blocker["check_in"], asked["check_in"]} == {check_in.public_id}
    assert blocker["settled_by"] == asked["settled_by"] == asked["answer"] == ""


def test_another_client_is_not_in_it(alice: Membership, onboarding: KeyResult) -> None:
    post(onboarding, alice)
    harriet = build.member(build.engagement("Harbor Retail"), "Harriet")

    files = export(harriet.engagement)

    assert [name for name in FILES[1:] if lines_of(files, name)] == []
