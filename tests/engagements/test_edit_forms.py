from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.http import QueryDict

from engagements.edit_forms import difference
from engagements.form_fields import DecimalTextField
from okrs.forms.cycles import CycleForm
from okrs.models import Cycle
from tenancy.scoping import scope
from tests import build


@pytest.mark.parametrize(
    ("typed", "read"), [("12,5", "12.5"), ("1.234,5", "1234.5"), ("−3", "-3"), ("0", "0")]
)
def test_it_reads_a_number_as_people_type_it(typed: str, read: str) -> None:
    assert str(DecimalTextField().clean(typed)) == read


@pytest.mark.parametrize("typed", ["12,5k", "nan", "1e5", "99999999999999999", "0.0000001"])
def test_it_refuses_what_is_no_number_or_does_not_fit(typed: str) -> None:
    with pytest.raises(ValidationError):
        DecimalTextField().clean(typed)


def test_an_empty_number_is_none_where_it_may_be() -> None:
    assert DecimalTextField(required=False).clean("") is None


def test_it_marks_the_words_that_differ() -> None:
    shown = difference(label="Name", theirs="The first quarter", yours="The second quarter")

    assert shown.theirs == [("The", False), ("first", True), ("quarter", False)]
    assert shown.yours == [("The", False), ("second", True), ("quarter", False)]


@pytest.mark.django_db
def test_a_stale_form_keeps_what_was_typed_on_the_version_that_stands() -> None:
    engagement = build.engagement()
    cycle = build.cycle(engagement)
    with scope(engagement.id):
        typed = CycleForm(_typed(name="2026-Q1 mine"), engagement=engagement, row=cycle)
        Cycle.objects.filter(pk=cycle.pk).update(version=2)
        current = Cycle.objects.get(pk=cycle.pk)

        again = typed.on_top_of(current)

        assert again["name"].value() == "2026-Q1 mine"
        assert again["version"].value() == "2"
        assert [row.label for row in again.compare()] == ["Name"]


def _typed(**fields: str) -> QueryDict:
    data = QueryDict(mutable=True)
    data.update({"version": "1", "kind": "quarterly", "starts_on": str(dt.date(2026, 1, 1))})
    data.update({"ends_on": "2026-03-31", **fields})
    return data
