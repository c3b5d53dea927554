from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from engagements.models import Engagement, Membership, Role
from okrs.forms.sheets import MOST
from okrs.imports.sheets import COLUMNS
from okrs.models import Cycle, KeyResult
from tenancy.scoping import scope
from tests import build
from tests.okrs.imports.files import SHIPPED, file_of, load
from tests.query_counts import assert_constant_queries

pytestmark = pytest.mark.django_db


def url(engagement: Engagement) -> str:
    return reverse("okrs:sheet-import", args=[engagement.slug])


def send(client: Client, engagement: Engagement, content: bytes, **fields: Any) -> Any:
    """The file, as a browser without a script sends it."""
    return client.post(url(engagement), {"sheet": file(content), **fields})


def file(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("okrs.csv", content, content_type="text/csv")


def kept(page: Any) -> str:
    """The lines that the page carries, as a browser sends them again."""
    found = re.search(r'<textarea name="lines" hidden>\n(.*?)</textarea>', page.text, re.DOTALL)
    assert found, page.text
    return html.unescape(found[1]).replace("\n", "\r\n")


def titles(engagement: Engagement) -> list[str]:
    with scope(engagement.id):
        return list(KeyResult.objects.filter(engagement=engagement).values_list("title", flat=True))


def test_the_page_says_what_a_sheet_holds(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    page = client.get(url(engagement))

    listed = page.text.partition("All columns")[2].partition("</dl>")[0]
    named = set(re.findall(r"\w+", " ".join(re.findall(r"<dt>(.*?)</dt>", listed))))
    assert named == set(COLUMNS)
    assert reverse("okrs:sheet-example", args=[engagement.slug]) in page.text


def test_checking_says_what_it_would_make_and_writes_nothing(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    page = send(client, engagement, file_of({}, {"owner_email": lead.email}))

    assert page.status_code == 200
    assert "Nothing has been imported yet" in page.text
    for made in ("2 key results", "1 objective", "2 metrics", "1 cycle", "1 placeholder"):
        assert f"<li>{made}</li>" in page.text
    assert "0 teams" not in page.text
    assert "Import 2 key results" in page.text
    assert titles(engagement) == []
    with scope(engagement.id):
        assert not Cycle.objects.filter(engagement=engagement).exists()
        assert Membership.objects.filter(engagement=engagement).count() == 1


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
    assert "Result 2: 18 → 28 percent · Zoë · new" in objectives[0]
    assert f"Result 3: 18 → 28 percent · {lead.name} · new" in objectives[0]
    assert "2026-Q1 · company · new" in objectives[1]
    assert "Result 4: no baseline → 28 percent, by a ladder · Dana Whitlock" in objectives[1]
    assert "<b>Zoë" not in page
    assert "<sooner>" not in page


def test_of_a_long_sheet_the_first_hundred_are_shown(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    page = send(client, engagement, file_of(*({} for _ in range(103)))).text

    assert "Result 100:" in page
    assert "Result 101:" not in page
    assert "And 3 more key results." in page
    assert "Import 103 key results" in page


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_what_was_checked_is_imported(
    client: Client, engagement: Engagement, lead: Membership, newline: bytes
) -> None:
    sheet = file_of(
        {"definition": "Share,\n“in” <percent> & more"},
        {"owner": "Zoë Łuk", "owner_email": "zoe@x.test"},
    )
    checked = send(client, engagement, sheet.replace(b"\n", newline))

    answer = client.post(url(engagement), {"lines": kept(checked), "expecting": "2"})

    assert answer.status_code == 302
    assert answer["Location"] == reverse("workspace:home", args=[engagement.slug])
    assert "Imported 2 key results." in client.get(answer["Location"]).text
    assert titles(engagement) == ["Result 1", "Result 2"]
    with scope(engagement.id):
        made = KeyResult.objects.select_related("metric", "owner", "created_by").order_by("id")
        first, second = made
    assert first.is_draft
    assert first.created_by == lead
    assert first.metric is not None
    assert first.metric.definition == "Share,\n“in” <percent> & more"
    assert second.owner is not None
    assert second.owner.is_placeholder


def test_a_byte_order_mark_does_not_travel(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    checked = send(client, engagement, b"\xef\xbb\xbf" + file_of({}))

    client.post(url(engagement), {"lines": kept(checked), "expecting": "1"})

    assert titles(engagement) == ["Result 1"]


def test_lines_may_be_pasted_from_a_spreadsheet(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    pasted = file_of({}, delimiter="\t").decode()

    page = client.post(url(engagement), {"lines": pasted})

    assert "Import 1 key result<" in page.text


def test_every_bad_line_is_named_with_its_column_and_how_to_fix_it(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    bad = [
        {"target": "18"},
        {"owner_email": "nobody", "direction": "up"},
        {},
        {"cycle": "<i>Spring</i>"},
    ]

    page = send(client, engagement, file_of(*bad))

    assert page.status_code == 422
    rows = re.findall(
        r'class="n">(\d+)</th>\s*<td>\s*<span class="num">(.*?)</span>\s*</td>\s*<td>(.*?)</td>',
        page.text,
    )
    assert [(line, column) for line, column, _ in rows] == [
        ("2", "target"),
        ("3", "direction"),
        ("3", "owner_email"),
        ("5", "cycle"),
    ]
    assert "Fix 4 problems. Nothing has been imported yet." in page.text
    assert "Write it as ana@client.com." in rows[2][2]
    assert "<i>Spring" not in page.text
    assert titles(engagement) == []


def test_a_bad_sheet_stays_to_be_mended_on_the_page(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    page = send(client, engagement, file_of({"target": "18"}))

    found = re.search(r'name="lines" rows="8"[^>]*>\n(.*?)</textarea>', page.text, re.DOTALL)
    assert found
    mended = html.unescape(found[1]).replace("18,18", "18,28")
    assert "Import 1 key result<" in client.post(url(engagement), {"lines": mended}).text


def test_a_damaged_sheet_is_not_offered_to_be_mended(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    page = send(client, engagement, file_of({"owner": "Zoë"}).decode().encode("latin-1"))

    assert page.status_code == 422
    assert re.search(r'name="lines" rows="8"[^>]*>\n</textarea>', page.text)
    assert "\ufffd" not in page.text


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty."),
        ("Größe".encode("latin-1"), "The file is not UTF-8."),
        (b"title,owner\nA,B\n", "Missing: cycle, objective,"),
    ],
    ids=["empty", "latin-1", "other columns"],
)
def test_what_is_no_sheet_of_okrs_is_told_so(
    client: Client, engagement: Engagement, lead: Membership, content: bytes, says: str
) -> None:
    page = send(client, engagement, content)

    assert page.status_code == 422
    assert says in page.text


def test_nothing_sent_is_told_so(client: Client, engagement: Engagement, lead: Membership) -> None:
    page = client.post(url(engagement), {"lines": " "})

    assert page.status_code == 422
    assert "Choose a file or paste its lines." in page.text


@pytest.mark.parametrize("size", [MOST + 60_000, 3 * MOST], ids=["read", "never kept"])
def test_a_large_file_is_refused_with_its_size(
    client: Client, engagement: Engagement, lead: Membership, size: int
) -> None:
    page = send(client, engagement, b"x" * size)

    assert page.status_code == 422
    assert (
        f"The sheet has {size / 1_000_000:.1f} MB, at most 1 MB is possible. Split it" in page.text
    )


def test_large_lines_are_refused_with_their_size(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    page = client.post(url(engagement), {"lines": "ü" * 600_000})

    assert page.status_code == 422
    assert "The sheet has 1.2 MB" in page.text


def test_what_became_bad_since_is_not_imported(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    sheet = file_of({"owner_email": "dana@harbor.test"}, {})
    checked = send(client, engagement, sheet)
    build.member(engagement, "Dana", Role.VIEWER, email="dana@harbor.test")

    answer = client.post(url(engagement), {"lines": kept(checked), "expecting": "2"})

    assert answer.status_code == 422
    assert "Dana only reads status pages." in html.unescape(answer.text)
    assert titles(engagement) == []


def test_what_would_make_something_else_by_now_is_asked_again(
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


def test_a_sheet_that_says_nothing_new_offers_no_import(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    load(file_of({}), by=lead)

    page = send(client, engagement, file_of({}))

    assert "The sheet has nothing new." in page.text
    assert 'name="expecting" value=' not in page.text


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
    checked = client.post(url(engagement), {"sheet": file(file_of({}))}, headers=hx)
    refused = client.post(url(engagement), {"lines": "x"}, headers=hx)
    done = client.post(url(engagement), {"lines": kept(checked), "expecting": "1"}, headers=hx)

    assert checked.text.lstrip().startswith('<div id="sheet-import">')
    assert refused.status_code == 422
    assert "<html" not in refused.text
    assert done["HX-Redirect"] == reverse("workspace:home", args=[engagement.slug])


def test_the_example_passes_as_it_is(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    sheet = client.get(reverse("okrs:sheet-example", args=[engagement.slug]))

    assert sheet["Content-Disposition"] == 'attachment; filename="okrs.csv"'
    page = send(client, engagement, sheet.content)
    assert "Import 2 key results" in page.text
    assert "placeholder</li>" not in page.text


def test_a_sheet_costs_the_same_queries_however_long(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    lines: list[dict[str, str]] = [{} for _ in range(10)]

    assert_constant_queries(
        lambda: send(client, engagement, file_of(*lines)),
        grow=lambda: lines.extend({} for _ in range(10)),
        name="sheet-import",
    )
