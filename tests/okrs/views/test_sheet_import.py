from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from engagements.models import Engagement, Membership
from okrs.forms.sheets import MOST
from okrs.imports.sheets import COLUMNS
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.okrs.imports.files import SHIPPED, file_of, load, send, url
from tests.query_counts import assert_constant_queries

pytestmark = pytest.mark.django_db


def kept(page: Any) -> str:
    """Return the lines that the page carries, as a browser sends them again."""
    lines = re.search(r'name="lines"[^>]*>\n(.*?)</textarea>', page.text, re.DOTALL)
    assert lines, page.text
    return html.unescape(lines[1]).replace("\n", "\r\n")


def titles(engagement: Engagement) -> list[str]:
    with scope(engagement.id):
        return list(KeyResult.objects.order_by("id").values_list("title", flat=True))


def test_checking_says_what_it_would_make_and_writes_nothing(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    page = send(client, engagement, file_of({}, {"owner_email": lead.email}))

    assert page.status_code == 200
    made = re.findall(r"<li>(\d+ [\w ]+)</li>", page.text)
    assert made == ["2 key results", "1 objective", "2 metrics", "1 cycle", "1 placeholder"]
    assert 'name="expecting" value="2"' in page.text
    assert titles(engagement) == []


def test_checking_shows_the_key_results_under_their_objectives(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    load(file_of({}), by=lead)
    sheet = file_of(
        {"baseline": "5", "target": "6"},
        {"owner": "<b>Zoë</b>", "owner_email": "zoe@x.test"},
        {"owner": "Somebody else", "owner_email": lead.email, "unit": "", "metric": "Metric 2"},
        {"objective": "Ship <sooner>", "method": "ladder", "ladder": "20:1;19:0.5", "baseline": ""},
    )

    page = send(client, engagement, sheet).text

    said = html.unescape(page.partition("Contents of the sheet")[2].partition("</section>")[0])
    said = " ".join(said.split())
    objectives = [re.sub(r"<[a-z/][^>]*>", "", one) for one in said.split("<h3")[1:]]
    assert len(objectives) == 2
    assert "2026-Q1 · company · exists" in objectives[0]
    assert "Result 1 · exists, unchanged" in objectives[0]
    assert "Result 2: 18 → 28 % · Zoë · new" in objectives[0]
    assert f"Result 3: 18 → 28 % · {lead.name} · new" in objectives[0]
    assert "2026-Q1 · company · new" in objectives[1]
    assert "Result 4: no baseline → 28 %, by a ladder · Dana Whitlock" in objectives[1]
    assert "<b>Zoë" not in page
    assert "<sooner>" not in page


def test_of_a_long_sheet_the_first_hundred_are_shown(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    page = send(client, engagement, file_of(*({} for _ in range(103)))).text

    assert ("Result 100:" in page, "Result 101:" in page) == (True, False)
    assert "And 3 more key results." in page


@pytest.mark.parametrize(
    ("newline", "mark"), [(b"\n", b""), (b"\r\n", b""), (b"\n", b"\xef\xbb\xbf")]
)
def test_what_was_checked_is_imported(
    client: Client, engagement: Engagement, lead: Membership, newline: bytes, mark: bytes
) -> None:
    sheet = file_of(
        {"definition": "Share,\n“in” <percent> & more"},
        {"owner": "Zoë Łuk", "owner_email": "zoe@x.test"},
    )
    checked = send(client, engagement, mark + sheet.replace(b"\n", newline))

    answer = client.post(url(engagement), {"lines": kept(checked), "expecting": "2"})

    assert answer.status_code == 302
    assert answer["Location"] == reverse("workspace:home", args=[engagement.slug])
    assert titles(engagement) == ["Result 1", "Result 2"]
    with scope(engagement.id):
        first, second = KeyResult.objects.select_related("metric", "owner").order_by("id")
    assert (first.is_draft, first.created_by_id) == (True, lead.pk)
    assert first.metric is not None
    assert first.metric.definition == "Share,\n“in” <percent> & more"
    assert second.owner is not None
    assert second.owner.is_placeholder


def test_every_bad_line_is_named_and_the_sheet_stays_to_be_fixed(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    bad = [{"target": "18"}, {"owner_email": "nobody"}, {}, {"cycle": "<i>Spring</i>"}]

    page = send(client, engagement, file_of(*bad))

    assert page.status_code == 422
    rows = re.findall(
        r'class="n">(\d+)</th>\s*<td>\s*<span class="num">(.*?)</span>\s*</td>', page.text
    )
    assert rows == [("2", "target"), ("3", "owner_email"), ("5", "cycle")]
    assert "<i>Spring" not in page.text
    assert titles(engagement) == []
    pasted = file_of({}, delimiter="\t").decode()
    assert client.post(url(engagement), {"lines": pasted}).status_code == 200
    mended = kept(send(client, engagement, file_of(bad[0]))).replace("18,18", "18,28")
    assert client.post(url(engagement), {"lines": mended}).status_code == 200


def test_a_damaged_sheet_is_not_offered_to_be_fixed(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    page = send(client, engagement, file_of({"owner": "Zoë"}).decode().encode("latin-1"))

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
    client: Client, engagement: Engagement, lead: Membership, fields: dict[str, Any], error: str
) -> None:
    if size := fields.get("sheet"):
        page = send(client, engagement, b"x" * size)
    else:
        page = client.post(url(engagement), fields)

    assert page.status_code == 422
    assert error in page.text


def test_if_the_engagement_changed_since_the_check_the_new_result_is_shown(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    checked = send(client, engagement, file_of({}, {}))
    load(file_of({}), by=lead)

    answer = client.post(url(engagement), {"lines": kept(checked), "expecting": "2"})

    assert answer.status_code == 409
    assert "1 key result already exists" in " ".join(answer.text.split())
    assert titles(engagement) == ["Result 1"]

    client.post(url(engagement), {"lines": kept(answer), "expecting": "1"})

    assert titles(engagement) == ["Result 1", "Result 2"]
    assert 'name="expecting" value=' not in send(client, engagement, file_of({}, {})).text


def test_of_a_sheet_of_several_clients_one_can_be_taken(client: Client) -> None:
    engagement = build.engagement("Brightwater")
    build.sign_in(client, engagement)
    page = send(client, engagement, SHIPPED.read_bytes())
    names = re.findall(r'name="client" value="(.*?)"', page.text)

    narrowed = client.post(url(engagement), {"lines": kept(page), "client": names[1]})

    assert len(names) > 1
    assert "lines of other clients are left out" in " ".join(narrowed.text.split())
    count = re.search(r'name="expecting" value="(\d+)"', narrowed.text)
    assert count
    taken = {"lines": kept(narrowed), "client": names[1], "expecting": count[1]}
    client.post(url(engagement), taken)
    assert len(titles(engagement)) == int(count[1])


def test_htmx_gets_the_part_and_is_led_on(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    hx = {"HX-Request": "true"}
    checked = client.post(url(engagement), {"lines": file_of({}).decode()}, headers=hx)
    done = client.post(url(engagement), {"lines": kept(checked), "expecting": "1"}, headers=hx)

    assert checked.text.lstrip().startswith('<div id="sheet-import">')
    assert done["HX-Redirect"] == reverse("workspace:home", args=[engagement.slug])


def test_a_sheet_costs_the_same_queries_however_long(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    lines: list[dict[str, str]] = [{} for _ in range(10)]

    assert_constant_queries(
        lambda: send(client, engagement, file_of(*lines)),
        grow=lambda: lines.extend({} for _ in range(10)),
        name="sheet-import",
    )


def test_the_page_names_all_columns_and_its_example_passes(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    listed = client.get(url(engagement)).text.partition("All columns")[2].partition("</dl>")[0]
    sheet = client.get(reverse("okrs:sheet-example", args=[engagement.slug]))
    page = send(client, engagement, sheet.content)

    named = re.findall(r"\w+", " ".join(re.findall(r"<dt>(.*?)</dt>", listed)))
    assert set(named) == set(COLUMNS)
    assert sheet["Content-Disposition"] == 'attachment; filename="okrs.csv"'
    assert 'name="expecting" value="2"' in page.text
    assert "placeholder</li>" not in page.text
