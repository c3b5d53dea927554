"""The field for the rungs of a threshold ladder."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from engagements.figure_fields import FigureField, NumberInput
from engagements.locales import DEFAULT_LOCALE

ROWS, SPARE = 5, 2


class LadderWidget(forms.MultiWidget):
    template_name = "django/forms/widgets/ladder.html"

    def __init__(self, rows: int = ROWS) -> None:
        super().__init__([_cell(at) for at in range(2 * rows)])

    def decompress(self, value: Any) -> list[Any]:
        return [None] * len(self.widgets)  # the field passes cells or nothing

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        cells = context["widget"]["subwidgets"]
        rows = list(zip(cells[::2], cells[1::2], strict=True))
        invalid = _invalid_cells(rows)
        for cell in cells:
            if cell not in invalid:
                cell["attrs"].pop("aria-invalid", None)
        context["widget"]["rows"] = rows
        return context


def _invalid_cells(rows: list[tuple[dict[str, Any], dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the cells that an error is about: those of half-filled rungs, else of all rungs."""
    filled = [row for row in rows if any(cell["value"] for cell in row)]
    halves = [row for row in filled if not all(cell["value"] for cell in row)]
    return [cell for row in halves or filled for cell in row]


class LadderField(forms.MultiValueField):
    """Rungs as pairs of Decimals, best first; unused rows stay empty."""

    def __init__(self, *, rows: int = ROWS, locale: str = DEFAULT_LOCALE) -> None:
        cells = [FigureField(required=False) for _ in range(2 * rows)]
        for cell in cells:
            cell.locale = locale
        for score in cells[1::2]:
            score.set_near(most=Decimal(1))
        super().__init__(
            cells,
            widget=LadderWidget(rows),
            required=False,
            require_all_fields=False,
            label="Rungs, best first",
            help_text="The first rung that the value reaches gives the score. Leave unused rows empty.",
        )

    def prepare_value(self, value: Any) -> Any:
        """Return saved rungs as a flat list of cells; typed input is one already."""
        if value and isinstance(value[0], list | tuple):
            write = self.fields[0].prepare_value
            return [write(Decimal(cell)) for rung in value for cell in rung]
        return value

    def bound_data(self, data: Any, initial: Any) -> Any:
        return [field.bound_data(cell, None) for field, cell in zip(self.fields, data, strict=True)]

    def compress(self, data_list: list[Decimal | None]) -> list[tuple[Decimal, Decimal]]:
        rungs: list[tuple[Decimal, Decimal]] = []
        pairs = zip(data_list[::2], data_list[1::2], strict=True)
        for row, (threshold, score) in enumerate(pairs, start=1):
            if threshold is None and score is None:
                continue
            if threshold is None or score is None:
                raise ValidationError(
                    f"Rung {row} is incomplete. Enter threshold and score, or leave both empty."
                )
            rungs.append((threshold, score))
        return rungs


def _cell(at: int) -> forms.TextInput:
    row, side = divmod(at, 2)
    label = f"{('Score', 'Threshold')[side == 0]} of rung {row + 1}"
    return NumberInput({"aria-label": label, "maxlength": 60})
