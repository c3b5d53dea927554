from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from engagements.models import Membership
from imports.models import Sheet
from metrics.models import Metric
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.imports.files import SHEETS, SHIPPED, file_of, load, page_url, send
from tests.okrs.views.forms import HTMX, url_of
from tests.query_counts import assert_constant_queries


def titles(lead: Membership) -> list[str]:
    with scope(lead.engagement_id):
        return list(KeyResult.objects.order_by("id").values_list("title", flat=True))


def text_of(page: Any) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def fields(page: Any) -> dict[str, str]:
    """Return what a browser sends with the form of the page, without a button."""
    form = page.text.partition('<form id="sheet-detail"')[2].partition("</form>")[0]
    sent = dict(
        re.findall(r'<input(?! type="checkbox")[^>]*? name="([^"]+)" value="([^"]*)"', form)
    )
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        sent[name] = "".join(re.findall(r'value="([^"]*)" selected', options))
    sent |= {"remembers": "on"} if 'name="remembers" checked' in form else {}
    return {name: html.unescape(value) for name, value in sent.items()}


def press(client: Client, page: Any, **button: str) -> Any:
    return client.post(page.request["PATH_INFO"], {**fields(page), **button}, follow=True)


def test_checking_counts_new_rows_and_writes_nothing(client: Client, lead: Membership) -> None:
    page = send(client, lead, file_of({}, {"owner_email": lead.email}))

    assert page.status_code == 200
    made = re.findall(r"<div><dt>([\w ]+)</dt><dd>(\d+)</dd>", page.text)
    assert made == [
        ("Key results", "2"),
        ("Objective", "1"),
        ("Metrics", "2"),
        ("Cycle", "1"),
        ("Placeholder", "1"),
    ]
    assert titles(lead) == []


def test_the_preview_shows_key_results_by_objective(client: Client, lead: Membership) -> None:
    load(file_of({}), by=lead)
    sheet = file_of(
        {"baseline": "5", "target": "6"},
        {"owner": "<b>Zoë</b>", "owner_email": "zoe@x.test"},
        {"objective": "Ship <sooner>", "method": "ladder", "ladder": "20:1;19:0.5", "baseline": ""},
    )

    page = send(client, lead, sheet)

    shown = text_of(page)
    for expected in (
        "2026-Q1 · company · exists",
        "Result 1 exists, unchanged",
        "3 Result 2 18 28 % new <b>Zoë</b> 31 Mar 2026",
        "Ship <sooner> 2026-Q1 · company · new",
    ):
        assert expected in shown
    assert "<b>Zoë" not in page.text
    assert "<sooner>" not in page.text


def test_of_a_long_sheet_the_first_hundred_are_shown(client: Client, lead: Membership) -> None:
    page = send(client, lead, file_of(*({} for _ in range(103))))

    assert ('id="row-101"' in page.text, 'id="row-102"' in page.text) == (True, False)
    assert "And 3 more key results." in page.text


SHEET = file_of(
    {"definition": "Share,\n“in” <percent> & more"},
    {"owner": "Zoë Łuk", "owner_email": "zoe@x.test", "cycle": "2026-Q2", "due_on": ""},
)


@pytest.mark.parametrize("sheet", [SHEET, SHEET.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + SHEET])
def test_a_checked_sheet_is_imported(client: Client, lead: Membership, sheet: bytes) -> None:
    answer = press(client, send(client, lead, sheet), action="all")

    assert "2 objectives into 2026-Q1 and 2026-Q2 as drafts." in answer.text
    assert titles(lead) == ["Result 1", "Result 2"]
    with scope(lead.engagement_id):
        first, second = KeyResult.objects.order_by("id")
        assert page_url(answer) == url_of(first.objective.cycle, "cycle-detail")
        assert (first.is_draft, first.created_by) == (True, lead)
        definition = Metric.objects.get(key_results=first).definition.replace("\r\n", "\n")
        assert definition == "Share,\n“in” <percent> & more"
        zoe = Membership.objects.get(email="zoe@x.test")
        assert (second.owner, zoe.is_placeholder) == (zoe, True)
        assert Sheet.objects.get().grid == {}


def test_bad_cells_are_inputs_with_the_likely_answers_until_they_are_fixed(
    client: Client, lead: Membership
) -> None:
    bad = [{"due_on": "2026-02-30"}, {"owner_email": "nobody"}, {}, {"cycle": "<i>Spring</i>"}]

    page = send(client, lead, file_of(*bad))

    assert "1 of 4 key results is ready. Fix 3 problems, then import." in text_of(page)
    assert "<i>Spring" not in page.text
    assert "February has 28 days. Which date is it?" in page.text
    page = press(client, page, answer="cell:2:due_on:2026-02-28")
    typed = {"cell:3:owner_email": "nobody@harbor.test", "cell:5:cycle": "2026-Q1"}
    page = press(client, page, **typed)
    assert "4 key results are ready to import." in text_of(page)
    press(client, page, action="all")
    assert len(titles(lead)) == 4


def test_a_row_without_a_problem_is_edited_in_place(client: Client, lead: Membership) -> None:
    page = press(client, send(client, lead, file_of({})), edit="2")

    assert fields(page)["cell:2:target"] == "28"
    page = press(client, page, **{"cell:2:target": "30"})
    press(client, page, action="all")
    with scope(lead.engagement_id):
        assert KeyResult.objects.get().target == 30


def test_a_cell_that_no_one_changed_is_no_answer(client: Client, lead: Membership) -> None:
    page = send(client, lead, b"Objective,KR,Mood,Cycle\nGrow,Sales,good,2026-Q4\n")

    page = press(client, page, **{"column-2": "level"})
    assert "“good” is not one of the choices." in page.text
    page = press(client, page, **{"column-2": "-"})

    assert "1 key result is ready to import." in text_of(page)


def test_an_import_with_problems_takes_what_is_ready(client: Client, lead: Membership) -> None:
    page = send(client, lead, file_of({"target": "18"}, {}))

    refused = press(client, page, action="all")
    assert (refused.status_code, titles(lead)) == (422, [])
    assert "Import 1, skip 1" in refused.text
    press(client, page, action="ready")
    assert titles(lead) == ["Result 2"]


def test_a_column_is_matched_again_and_remembered(client: Client, lead: Membership) -> None:
    sheet = (SHEETS / "french-template.csv").read_bytes()
    page = send(client, lead, sheet)
    assert "The sheet names no cycle. Which cycle is it for?" in text_of(page)

    page = press(client, page, answer="cycle:2026-Q4")
    page = press(client, page, **{"column-9": "-"})
    assert "9 of 10 matched, 1 skipped" in page.text
    press(client, page, action="all")

    again = send(client, lead, sheet.replace(b"Part des", b"Nombre des"))
    assert "9 of 10 matched, 1 skipped" in again.text
    assert again.text.count("As last time") == 10
    with scope(lead.engagement_id):
        assert [metric.source for metric in Metric.objects.all()] == ["", ""]


def test_the_fiscal_year_is_asked_for_once_for_each_client(
    client: Client, lead: Membership
) -> None:
    page = send(client, lead, (SHEETS / "ids-and-levels.csv").read_bytes())
    assert "“FY27-Q2” is a fiscal quarter. Which dates does it have?" in text_of(page)
    press(client, press(client, page, answer="fiscal:7"), action="all")

    other = send(client, lead, file_of({"cycle": "FY27-Q3", "due_on": "2027-03-31"}))

    assert "1 key result is ready to import." in text_of(other)


def test_what_changed_since_the_check_is_shown_first(client: Client, lead: Membership) -> None:
    page = send(client, lead, file_of({}, {}))
    load(file_of({}), by=lead)

    answer = press(client, page, action="all")

    assert answer.status_code == 409
    assert "1 key result already exists" in text_of(answer)
    assert titles(lead) == ["Result 1"]
    press(client, answer, action="all")
    assert titles(lead) == ["Result 1", "Result 2"]
    assert "The sheet has nothing new." in text_of(send(client, lead, file_of({}, {})))


def test_of_a_sheet_of_several_clients_one_can_be_taken(client: Client, db: None) -> None:
    lead = build.sign_in(client, build.engagement("Brightwater"))
    page = send(client, lead, SHIPPED.read_bytes())
    names = re.findall(r'value="client:(.*?)"', page.text)

    narrowed = press(client, page, answer=f"client:{names[1]}")

    assert len(names) > 1
    assert "rows of other clients" in text_of(narrowed)
    press(client, narrowed, action="all")
    assert 0 < len(titles(lead)) < 21


def test_htmx_gets_the_part_and_is_led_on(client: Client, lead: Membership) -> None:
    page = send(client, lead, file_of({}))
    path = page_url(page)

    part = client.post(path, fields(page), headers=HTMX)
    done = client.post(path, {**fields(page), "action": "all"}, headers=HTMX)

    assert part.text.lstrip().startswith('<form id="sheet-detail"')
    assert done["HX-Redirect"].startswith("/e/northwind/cycles/")
    assert client.get(path).status_code == 404


def test_a_sheet_costs_the_same_queries_however_long(client: Client, lead: Membership) -> None:
    lines: list[dict[str, str]] = []

    assert_constant_queries(
        lambda: send(client, lead, file_of(*lines)),
        add=lambda number: lines.append({}),
        name="sheet-detail",
    )
