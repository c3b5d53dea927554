from __future__ import annotations

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from checkins.forms import CheckInForm
from checkins.models import CheckIn
from decisions.forms import DecisionForm
from engagements.form_fields import LinkField
from engagements.web_links import LONGEST_LINK, read_link
from escalations.forms import VerdictOnBehalfForm
from escalations.models import Escalation
from metrics.forms import MetricForm
from metrics.models import Metric
from okrs.models import KeyResult

LONG = f"https://example.com/{'a' * (LONGEST_LINK - 20)}"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("", ""),
        ("  ", ""),
        ("https://example.com/report", "https://example.com/report"),
        ("http://wiki/reports/Q3%20final", "http://wiki/reports/Q3%20final"),
        (" https://intranet:8443/x y ", "https://intranet:8443/x%20y"),
        ("www.example.com/x", "https://www.example.com/x"),
        ("example.com/usage", "https://example.com/usage"),
        ("example.com:8443/x", "https://example.com:8443/x"),
        ("HTTPS://Wiki/Q3", "HTTPS://Wiki/Q3"),
        ("http://my_server/x", "http://my_server/x"),
        ("http://10.0.0.5:8080/x", "http://10.0.0.5:8080/x"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("https://müller.de/Übersicht", "https://müller.de/Übersicht"),
        ("https://हिन्दी.भारत/x", "https://हिन्दी.भारत/x"),
        ("https://x.test/Q3 (final).xlsx?d=1#a b", "https://x.test/Q3%20(final).xlsx?d=1#a%20b"),
        ('https://x.test/"<b>', "https://x.test/%22%3Cb%3E"),
        (LONG, LONG),
    ],
)
def test_a_link_is_read_as_people_paste_it(typed: str, stored: str) -> None:
    assert read_link(typed) == stored
    assert read_link(stored) == stored


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("javascript:alert(1)", "invalid"),
        ("javascript://example.com/%0aalert(1)", "invalid"),
        ("data:text/html,<b>", "invalid"),
        ("file:///etc/passwd", "invalid"),
        ("ftp://example.com/usage", "invalid"),
        ("mailto:alice@example.com", "invalid"),
        ("//example.com/x", "invalid"),
        ("banana", "invalid"),
        ("3.5", "invalid"),
        ("intranet/x", "invalid"),
        ("see https://example.com/x", "invalid"),
        ("https://", "invalid"),
        ("https://a..b/", "invalid"),
        ("https://wiki:99999/", "invalid"),
        ("https://[::zz]/", "invalid"),
        ("https://user:secret@example.com/", "invalid"),
        ("https://example.com\\@other.test/", "invalid"),
        ("https://example.com/a\r\nSet-Cookie: b", "invalid"),
        (f"{LONG}a", "max_length"),
        (f"{LONG[:-1]} ", ""),
        (f"{LONG[:-3]} ab", "max_length"),  # once its space is encoded
    ],
)
def test_what_is_no_link_to_a_page_is_refused(typed: str, code: str) -> None:
    found = ""
    try:
        read_link(typed)
    except ValidationError as refusal:
        found = str(refusal.code)

    assert found == code


@pytest.mark.parametrize(
    ("form", "name", "model"),
    [
        (CheckInForm, "evidence_url", CheckIn),
        (CheckInForm, "evidence_url", KeyResult),
        (DecisionForm, "evidence_url", None),
        (VerdictOnBehalfForm, "evidence_url", Escalation),
        (MetricForm, "source_url", Metric),
    ],
)
def test_every_form_reads_links_the_same_way_and_every_column_holds_them(
    form: type[forms.Form], name: str, model: type[models.Model] | None
) -> None:
    assert isinstance(form.base_fields[name], LinkField)
    column = None if model is None else model._meta.get_field(name)
    assert column is None or getattr(column, "max_length", 0) == LONGEST_LINK
