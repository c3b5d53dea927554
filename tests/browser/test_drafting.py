from __future__ import annotations

import re

from playwright.sync_api import expect

from okrs.models import Objective
from tenancy.scoping import scope
from tests import build
from tests.browser import cast
from tests.browser.conftest import Opens
from tests.browser.visitors import Visitor

OBJECTIVE = "Make first-time buyers want to return"
LADDERED = "Share of first-time buyers who return within 90 days"
LINEAR = "Median days from order to delivery"


def test_the_lead_drafts_and_commits_an_objective(opens: Opens) -> None:
    alice, visitor = cast.user(), opens()
    ashton = cast.client("Ashton Mills")
    cast.member(ashton, alice)
    cycle = cast.cycle(ashton)
    build.metric(ashton, "Return rate", unit="percent", valid_high=100)
    visitor.signs_in_as(alice)
    visitor.visit(f"/e/{ashton.slug}/cycles/{cycle.public_id}/", says="This quarter")
    visitor.inspect("empty cycle")

    draft_an_objective(visitor)
    draft_with_a_ladder(visitor)
    lists_all_problems_before_the_commit(visitor)
    with scope(ashton.pk):
        drafted = Objective.objects.select_related("cycle").get()
    build.key_result(drafted, build.metric(ashton, "Delivery time"), title=LINEAR)
    visitor.page.reload()
    answer_the_audits(visitor)
    commit(visitor)


def draft_an_objective(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("link", name="Draft objective").click()
    visitor.inspect("objective form")
    page.get_by_label("Objective", exact=True).fill("Raise returns from 12 to 20 percent")
    expect(page.locator("#findings")).to_contain_text("move the number to a key result")
    visitor.inspect("objective with findings")
    page.get_by_label("Objective", exact=True).fill(OBJECTIVE)
    expect(page.locator("#findings")).to_contain_text("Looks good.")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(OBJECTIVE)
    visitor.inspect("objective without key results")


def draft_with_a_ladder(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("link", name="Draft key result").click()
    visitor.inspect("key result form")
    page.get_by_label("Key result", exact=True).fill(LADDERED)
    page.get_by_label(re.compile(r"^\s*Metric")).select_option("Return rate, %")
    page.get_by_label("Baseline").fill("12")
    page.get_by_label("Target").fill("20")
    expect(page.get_by_label("Owner")).to_have_value(re.compile("."))
    page.get_by_text("More options").click()
    page.get_by_label("Ladder").check()
    rungs = [("20", "0.7"), ("16", "1")]
    for row, (threshold, score) in enumerate(rungs, start=1):
        page.get_by_label(f"Threshold of rung {row}").fill(threshold)
        page.get_by_label(f"Score of rung {row}").fill(score)
    page.get_by_label("Indicator").select_option("Leading")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("alert")).to_contain_text("Not saved yet.")
    expect(page.get_by_label("Threshold of rung 1")).to_have_value("20")
    visitor.inspect("key result refused")
    page.get_by_label("Score of rung 1").fill("1,0")
    page.get_by_label("Score of rung 2").fill("0,7")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(OBJECTIVE)
    expect(page.get_by_role("link", name=LADDERED, exact=True)).to_be_visible()
    visitor.inspect("objective with a draft")


def lists_all_problems_before_the_commit(visitor: Visitor) -> None:
    page = visitor.page
    commit = page.get_by_role("button", name="Commit objective")
    expect(commit).to_be_disabled()
    blocks = page.locator("#commit-problems")
    expect(blocks).to_contain_text("It has 1 key result instead of 2 to 4")
    expect(blocks).to_contain_text(f"{LADDERED}: Confirm that it is ambitious yet reachable")
    visitor.inspect("not ready to commit")


def answer_the_audits(visitor: Visitor) -> None:
    page = visitor.page
    first, second = (
        page.locator("article.kr").filter(has_text=title) for title in (LADDERED, LINEAR)
    )
    first.get_by_text("Audit 5 of 6").click()
    first.get_by_label("The target is ambitious").check()
    visitor.inspect("audit open")
    first.get_by_role("button", name="Save answer").click()
    expect(first).to_contain_text("Audit 6 of 6")
    page.get_by_role("button", name="Confirm 1 target").click()
    expect(second).to_contain_text("Audit 6 of 6")
    page.get_by_role("button", name="Undo").click()
    expect(second).to_contain_text("Audit 5 of 6")
    page.get_by_role("button", name="Confirm 2 targets").click()
    expect(page.locator("#commit")).to_contain_text("Ready to commit.")
    visitor.inspect("audits answered")


def commit(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("button", name="Commit objective").click()
    expect(page.get_by_role("status")).to_contain_text("Committed:")
    expect(page.locator("#commit")).to_have_count(0)
    visitor.inspect("objective committed")
