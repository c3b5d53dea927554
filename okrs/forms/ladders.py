"""The rungs of a threshold ladder as a form shows them: rows of a threshold and its score."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from engagements.form_fields import DecimalTextField

ROWS = 5


class LadderWidget(forms.MultiWidget):
    template_name = "django/forms/widgets/ladder.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__([_cell(at) for at in range(2 * ROWS)], attrs)

    def decompress(self, value: Any) -> list[Any]:
        cells = [f"{Decimal(cell).normalize() + 0:f}" for rung in value or [] for cell in rung]
        return [*cells, *[None] * (2 * ROWS - len(cells))]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        cells = context["widget"]["subwidgets"]
        context["widget"]["rows"] = list(zip(cells[::2], cells[1::2], strict=True))
        return context


class LadderField(forms.MultiValueField):
    """Rungs best first, as pairs of Decimals; rows that are not used stay empty."""

    def __init__(self, **kwargs: Any) -> None:
        fields = [DecimalTextField(required=False) for _ in range(2 * ROWS)]
        super().__init__(
            fields,
            **{"widget": LadderWidget, "required": False, "require_all_fields": False, **kwargs},
        )

    def compress(self, data_list: list[Decimal | None]) -> list[tuple[Decimal, Decimal]]:
        rungs: list[tuple[Decimal, Decimal]] = []
        for row, (threshold, score) in enumerate(
            zip(data_list[::2], data_list[1::2], strict=True), start=1
        ):
            if threshold is None and score is None:
                continue
            if threshold is None or score is None:
                raise ValidationError(f"Rung {row} has one half only. Give both, or none.")
            rungs.append((threshold, score))
        return rungs


def _cell(at: int) -> forms.TextInput:
    row, side = divmod(at, 2)
    label = f"{('Score', 'Threshold')[side == 0]} of rung {row + 1}"
    return forms.TextInput(
        {"inputmode": "decimal", "autocomplete": "off", "aria-label": label, "maxlength": 60}
    )
