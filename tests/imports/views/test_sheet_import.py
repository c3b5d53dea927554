from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from engagements.models import Membership
from imports.forms import MOST
from imports.sheets import COLUMNS
from metrics.models import Metric
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.imports.files import SHIPPED, file_of, load, send, url
from tests.okrs.views.forms import HTMX, url_of
from tests.query_counts import assert_constant_queries


def kept(page: Any) -> str:
    """Return the lines that the page carries, as a browser sends them again."""
    lines = re.search(r'name="lines"[^>]*>\n(.*?)</textarea>', page.text, re.DOTALL)
    assert lines, page.text
    return html.unescape(lines[1]).replace("\n", "\r\n")


def titles(lead: Membership) -> list[str]:
    with scope(lead.engagement_id):
        return list(KeyResult.objects.order_by("id").values_list("title", flat=True))


def test_checking_counts_new_rows_and_writes_nothing(client: Client, lead: Membership) -> None:
    page = send(client, lead, file_of({}, {"owner_email": lead.email}))

    assert page.status_code == 200
    made = re.findall(r"<li>(\d+ [\w ]+)</li>", page.text)
    assert made == ["2 key results", "1 objective", "2 metrics", "1 cycle", "1 placeholder"]
    assert 'name="expecting" value="2"' in page.text
    assert titles(lead) == []


def test_checking_shows_key_results_by_objective(client: Client, lead: Membership) -> None:
    load(file_of({}), by=lead)
    sheet = file_of(
        {"baseline": "5", "target": "6"},
        {"owner": "<b>Zoë</b>", "owner_email": "zoe@x.test"},
        {"owner": "Somebody else", "owner_email": lead.email, "unit": "", "metric": "Metric 2"},
        {"objective": "Ship <sooner>", "method": "ladder", "ladder": "20:1;19:0.5", "baseline": ""},
    )

    page = send(client, lead, sheet).text

    contents = page.partition("Contents of the sheet")[2].partition("</section>")[0]
    lines = " ".join(html.unescape(contents).split()).split("<h3")[1:]
    first, second = (re.sub(r"<[a-z/][^>]*>", "", line) for line in lines)
    for shown in (
        "2026-Q1 · company · exists",
        "Result 1 · exists, unchanged",
        "Result 2: 18 → 28% · Zoë · new",
        f"Result 3: 18 → 28% · {lead.name} · new",
    ):
        assert shown in first
    assert "2026-Q1 · company · new" in second
    assert "Result 4, by a ladder: no baseline → 28% · Dana Whitlock" in second
    assert "<b>Zoë" not in page
    assert "<sooner>" not in page


def test_of_a_long_sheet_the_first_hundred_are_shown(client: Client, lead: Membership) -> None:
    page = send(client, lead, file_of(*({} for _ in range(103)))).text

    assert ("Result 100:" in page, "Result 101:" in page) == (True, False)
    assert "And 3 more key results." in page


SHEET = file_of(
    {"definition": "Share,\n“in” <percent> & more"},
    {"owner": "Zoë Łuk", "owner_email": "zoe@x.test", "cycle": "2026-Q2", "due_on": ""},
)
FROM_WINDOWS = SHEET.replace(b"\n", b"\r\n")


@pytest.mark.parametrize("sheet", [SHEET, FROM_WINDOWS, b"\xef\xbb\xbf" + SHEET])
def test_a_checked_sheet_is_imported(client: Client, lead: Membership, sheet: bytes) -> None:
    checked = send(client, lead, sheet)

    answer = client.post(url(lead), {"lines": kept(checked), "expecting": "2"})

    assert "2 objectives into 2026-Q1 and 2026-Q2 as drafts." in client.get(answer["Location"]).text
    assert titles(lead) == ["Result 1", "Result 2"]
    with scope(lead.engagement_id):
        first, second = KeyResult.objects.order_by("id")
        assert answer["Location"] == url_of(first.objective.cycle, "cycle-detail")
        assert (first.is_draft, first.created_by) == (True, lead)
        assert Metric.objects.get(key_results=first).definition == "Share,\n“in” <percent> & more"
        zoe = Membership.objects.get(email="zoe@x.test")
        assert (second.owner, zoe.is_placeholder) == (zoe, True)


def test_bad_lines_are_named_and_stay_to_be_fixed(client: Client, lead: Membership) -> None:
    bad = [{"target": "18"}, {"owner_email": "nobody"}, {}, {"cycle": "<i>Spring</i>"}]

    page = send(client, lead, file_of(*bad))

    assert page.status_code == 422
    rows = re.findall(r'class="n">(\d+)</th>\s*<td>\s*<span class="num">(.*?)</span>', page.text)
    assert rows == [("2", "target"), ("3", "owner_email"), ("5", "cycle")]
    assert "<i>Spring" not in page.text
    assert titles(lead) == []
    pasted = file_of({}, delimiter="\t").decode()
    assert client.post(url(lead), {"lines": pasted}).status_code == 200
    mended = kept(send(client, lead, file_of(bad[0]))).replace("18,18", "18,28")
    assert client.post(url(lead), {"lines": mended}).status_code == 200


def test_a_damaged_sheet_is_not_offered_to_be_fixed(client: Client, lead: Membership) -> None:
    page = send(client, lead, file_of({"owner": "Zoë"}).decode().encode("latin-1"))

    assert page.status_code == 422
    assert kept(page) == ""
    assert "\ufffd" not in page.text


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        pytest.param({"lines": " "}, "Choose a file or paste its lines.", id="nothing"),
        pytest.param({"lines": "ü" * 600_000}, "The sheet has 1.2 MB", id="large lines"),
        pytest.param({"sheet": MOST + 60_000}, "The sheet has 1.1 MB", id="large file"),
        pytest.param({"sheet": 3 * MOST}, "The sheet has 3.0 MB", id="larger than Django keeps"),
    ],
)
def test_no_sheet_and_a_large_one_are_refused(
    client: Client, lead: Membership, fields: dict[str, Any], error: str
) -> None:
    size = fields.get("sheet")
    page = send(client, lead, b"x" * size) if size else client.post(url(lead), fields)

    assert page.status_code == 422
    assert error in page.text


def test_what_changed_since_the_check_is_shown_first(client: Client, lead: Membership) -> None:
    checked = send(client, lead, file_of({}, {}))
    load(file_of({}), by=lead)

    answer = client.post(url(lead), {"lines": kept(checked), "expecting": "2"})

    assert answer.status_code == 409
    assert "1 key result already exists" in " ".join(answer.text.split())
    assert titles(lead) == ["Result 1"]

    client.post(url(lead), {"lines": kept(answer), "expecting": "1"})

    assert titles(lead) == ["Result 1", "Result 2"]
    assert 'name="expecting" value=' not in send(client, lead, file_of({}, {})).text


def test_of_a_sheet_of_several_clients_one_can_be_taken(client: Client, db: None) -> None:
    lead = build.sign_in(client, build.engagement("Brightwater"))
    page = send(client, lead, SHIPPED.read_bytes())
    names = re.findall(r'name="client" value="(.*?)"', page.text)

    narrowed = client.post(url(lead), {"lines": kept(page), "client": names[1]})

    assert len(names) > 1
    assert "lines of other clients are left out" in " ".join(narrowed.text.split())
    (count,) = re.findall(r'name="expecting" value="(\d+)"', narrowed.text)
    client.post(url(lead), {"lines": kept(narrowed), "client": names[1], "expecting": count})
    assert len(titles(lead)) == int(count)


def test_htmx_gets_the_part_and_is_led_on(client: Client, lead: Membership) -> None:
    checked = client.post(url(lead), {"lines": file_of({}).decode()}, headers=HTMX)
    done = client.post(url(lead), {"lines": kept(checked), "expecting": "1"}, headers=HTMX)

    assert checked.text.lstrip().startswith('<div id="sheet-import">')
    assert done["HX-Redirect"].startswith("/e/northwind/cycles/")


def test_a_sheet_costs_the_same_queries_however_long(client: Client, lead: Membership) -> None:
    lines: list[dict[str, str]] = []

    assert_constant_queries(
        lambda: send(client, lead, file_of(*lines)),
        add=lambda number: lines.append({}),
        name="sheet-import",
    )


def test_all_columns_are_named_and_the_example_passes(client: Client, lead: Membership) -> None:
    listed = client.get(url(lead)).text.partition("All columns")[2].partition("</dl>")[0]
    sheet = client.get(reverse("imports:sheet-example", args=[lead.engagement.slug]))
    page = send(client, lead, sheet.content)

    named = re.findall(r"\w+", " ".join(re.findall(r"<dt>(.*?)</dt>", listed)))
    assert set(named) == set(COLUMNS)
    assert sheet["Content-Disposition"] == 'attachment; filename="okrs.csv"'
    assert 'name="expecting" value="2"' in page.text
    assert "placeholder</li>" not in page.text
