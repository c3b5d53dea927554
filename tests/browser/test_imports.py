"""The seven sheets as people keep them, each imported in one try; and a sheet fixed in place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from okrs.models import KeyResult
from tenancy.scoping import scope
from tests.browser import cast
from tests.browser.conftest import ENDS, Opens
from tests.imports.files import SHEETS

WAIT = 30_000  # milliseconds: a sheet is read in a process of its own
MESSY = Path(__file__).parent / "messy.csv"
# By sheet: the answers that are pressed, and the key results that come in.
ANSWERS = {
    "tree-export": ([], 3),
    "german-excel": ([], 3),
    "french-template": (["2026-Q4, 1 Oct to 31 Dec 2026"], 2),
    "title-row-and-merged": (["62%"], 4),
    "whole-lines-quoted": ([], 2),
    "chinese": ([], 2),
    "ids-and-levels": (["1 Oct to 31 Dec 2026"], 3),
}


@pytest.mark.parametrize("screen", ENDS[:1], ids=str)
@pytest.mark.parametrize("sheet", ANSWERS)
def test_a_sheet_as_people_keep_it_is_imported_in_one_try(opens: Opens, sheet: str) -> None:
    answers, count = ANSWERS[sheet]
    alice, visitor = cast.user(), opens()
    client = cast.client("Orchard Foods")
    cast.member(client, alice)
    visitor.signs_in_as(alice)
    page = visitor.page

    visitor.visit(f"/e/{client.slug}/import/", says="Import sheet")
    page.get_by_label("Excel or CSV file").set_input_files(SHEETS / f"{sheet}.csv")
    page.get_by_role("button", name="Check the sheet").click()
    page.wait_for_url("**/import/*/", timeout=WAIT)
    for answer in answers:
        page.get_by_role("button", name=answer, exact=True).click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(f"{count} key results are ready to import.")
    page.get_by_role("button", name=f"Import {count} key results").click()

    expect(page.get_by_role("status")).to_contain_text(f"Imported {count} key results")
    with scope(client.pk):
        assert KeyResult.objects.count() == count


def test_a_pasted_sheet_is_matched_and_fixed_in_place(opens: Opens) -> None:
    alice, visitor = cast.user(), opens()
    client = cast.client("Harbor Retail")
    cast.member(client, alice)
    visitor.signs_in_as(alice)
    page = visitor.page

    visitor.visit(f"/e/{client.slug}/import/", says="Import sheet")
    visitor.inspect("import")
    page.get_by_label(re.compile("Or paste cells")).fill(MESSY.read_text())
    page.get_by_role("button", name="Check the sheet").click()
    page.wait_for_url("**/import/*/", timeout=WAIT)
    heading = page.get_by_role("heading", level=1)
    ready = "2 of 4 key results are ready. Fix 2 problems, then import."
    expect(heading).to_have_text(ready)
    expect(page.get_by_label("Messgröße")).to_have_value("")  # guessed
    visitor.inspect("sheet with problems")
    page.get_by_label("Ampel").select_option("Level")
    expect(page.get_by_text("“gelb” is not one of the choices.").first).to_be_visible()
    visitor.settle()
    page.get_by_label("Ampel").select_option("Do not import")
    expect(heading).to_have_text(ready)
    visitor.settle()
    page.get_by_role("button", name="1,180", exact=True).click()
    expect(heading).to_have_text("3 of 4 key results are ready. Fix 1 problem, then import.")
    visitor.settle()
    page.get_by_label("Due date, row 6").fill("30.06.2026")
    page.get_by_label("Due date, row 6").press("Enter")
    expect(heading).to_have_text("4 key results are ready to import.")
    visitor.inspect("sheet without problems")
    page.get_by_role("button", name="Import 4 key results").click()
    expect(page.get_by_role("status")).to_contain_text("Imported 4 key results")
