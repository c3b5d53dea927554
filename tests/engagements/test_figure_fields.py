"""Fields of figures ask where a figure is unclear, and keep the answer for this value only."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django import forms

from engagements.figure_fields import FigureField


class Form(forms.Form):
    size = FigureField(required=False)

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        field: Any = self.fields["size"]
        field.locale, field.unit, field.asks_distance = "de_DE", "USD", True
        field.set_near(last_value=Decimal(12), baseline=Decimal(0))


def codes(form: Form) -> list[str]:
    return [error.code or "" for error in form.errors.as_data().get("size", [])]


@pytest.mark.parametrize(
    ("typed", "value"),
    [("12,5", "12.5"), ("$12.5", "12.5"), ("−3", "-3"), ("0", "0"), ("1.250", "1.25")],
)
def test_it_reads_a_figure_in_its_unit(typed: str, value: str) -> None:
    form = Form({"size": typed})

    assert form.is_valid()
    assert form.cleaned_data["size"] == Decimal(value)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("nan", "not_a_number"),
        ("€12", "other_unit"),
        ("1 2", "not_a_number"),
        ("1200", "far_off"),
        ("12.0000001", "too_long"),
        ("x" * 61, "max_length"),
    ],
)
def test_it_refuses_or_asks_and_keeps_what_was_typed(typed: str, code: str) -> None:
    form = Form({"size": typed})

    assert codes(form) == [code]
    assert form["size"].value() == typed


def test_a_figure_of_too_many_digits_is_refused() -> None:
    field = FigureField()
    with pytest.raises(forms.ValidationError, match="14 digits"):
        field.clean("99999999999999999")


@pytest.mark.parametrize(
    ("sent", "valid", "shown"),
    [
        ({"answer_size": "1200"}, True, "1200"),
        ({"answer_size": "12.5"}, True, "12,5"),
        ({"confirmed_size": "1200"}, True, "1200"),
        ({"confirmed_size": "1300"}, False, "1200"),  # for another text
        ({"answer_size": "x"}, False, "x"),
    ],
)
def test_an_answer_replaces_what_was_typed_and_holds_for_its_value(
    sent: dict[str, str], valid: bool, shown: str
) -> None:
    form = Form({"size": "1200", **sent})

    assert form.is_valid() is valid
    assert form["size"].value() == shown
    assert f'name="confirmed_size" value="{next(iter(sent.values()))}"' in str(form["size"])


def test_a_button_sends_each_answer() -> None:
    page = Form({"size": "1200"})["size"].as_field_group()

    assert "1200 is 100 times the last value (12). Is it right?" in page
    assert 'name="answer_size" value="1200" type="submit"' in " ".join(page.split())
    assert 'name="answer_size" value="12" type="submit"' in " ".join(page.split())


def test_a_saved_figure_is_written_in_the_locale_and_read_back() -> None:
    form = Form(initial={"size": Decimal("1.125000")})

    assert form["size"].value() == "1,1250"
    assert not Form({"size": "1,1250"}, initial={"size": Decimal("1.125")}).has_changed()


def test_an_empty_figure_is_none_where_it_may_be() -> None:
    form = Form({"size": ""})

    assert form.is_valid()
    assert form.cleaned_data["size"] is None
