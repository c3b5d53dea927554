from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from engagements.models import Membership
from imports.forms import MOST
from imports.models import Sheet
from tenancy.scoping import scope
from tests.imports.files import file_of, page_url, send, url
from tests.okrs.views.forms import HTMX


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


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(file_of({"owner": "王芳"}).decode().encode("gbk"), "not UTF-8", id="GBK"),
        pytest.param(b"PK\x03\x04nothing", "This Excel file can’t be read.", id="no workbook"),
        pytest.param(b",,\n", "The sheet is empty.", id="empty"),
    ],
)
def test_an_unreadable_sheet_is_refused_at_the_form(
    client: Client, lead: Membership, content: bytes, error: str
) -> None:
    page = send(client, lead, content)

    assert page.status_code == 422
    assert error in page.text
    assert "\ufffd" not in page.text


def test_pasted_cells_are_stored_and_lead_on(client: Client, lead: Membership) -> None:
    pasted = "Objective\tKR\tTarget\r\nGrow\tSales\t28\r\n"

    answer = client.post(url(lead), {"lines": pasted}, headers=HTMX)

    with scope(lead.engagement_id):
        sheet = Sheet.objects.get()
    assert answer["HX-Redirect"] == f"{url(lead)}{sheet.public_id}/"
    assert (sheet.headings, sheet.name) == (["Objective", "KR", "Target"], "Pasted cells")


def test_the_example_passes(client: Client, lead: Membership) -> None:
    sheet = client.get(reverse("imports:sheet-example", args=[lead.engagement.slug]))
    page = send(client, lead, sheet.content)

    assert sheet["Content-Disposition"] == 'attachment; filename="okrs.csv"'
    assert "2 key results are ready to import." in " ".join(page.text.split())
    assert "Placeholder" not in page.text
    assert page_url(page).startswith(url(lead))
