from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from engagements.edit_forms import difference
from engagements.form_fields import DecimalTextField


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
