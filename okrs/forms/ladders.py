"""Form field for the rungs of a threshold ladder: rows of a threshold and its score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from engagements.form_fields import DecimalTextField

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
        _unmark(cell for cell in cells if cell not in _invalid_cells(rows))
        context["widget"]["rows"] = rows
        return context


def _invalid_cells(rows: list[tuple[dict[str, Any], dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the cells that an error is about: those of half-filled rungs, else of all rungs."""
    filled = [row for row in rows if any(cell["value"] for cell in row)]
    halves = [row for row in filled if not all(cell["value"] for cell in row)]
    return [cell for row in halves or filled for cell in row]


def _unmark(cells: Iterable[dict[str, Any]]) -> None:
    for cell in cells:
        cell["attrs"].pop("aria-invalid", None)


class LadderField(forms.MultiValueField):
    """Rungs as pairs of Decimals, best first; unused rows stay empty."""

    def __init__(self, *, rows: int = ROWS) -> None:
        super().__init__(
            [DecimalTextField(required=False) for _ in range(2 * rows)],
            widget=LadderWidget(rows),
            required=False,
            require_all_fields=False,
            label="Rungs, best first",
            help_text="The first rung that the value reaches gives the score. Leave unused rows empty.",
        )

    def prepare_value(self, value: Any) -> Any:
        """Return saved rungs as a flat list of cells; typed input is one already."""
        if value and isinstance(value[0], list | tuple):
            return [f"{Decimal(cell).normalize() + 0:f}" for rung in value for cell in rung]
        return value

    def compress(self, data_list: list[Decimal | None]) -> list[tuple[Decimal, Decimal]]:
        rungs: list[tuple[Decimal, Decimal]] = []
        for row, (threshold, score) in enumerate(
            zip(data_list[::2], data_list[1::2], strict=True), start=1
        ):
            if threshold is None and score is None:
                continue
            if threshold is None or score is None:
                raise ValidationError(
                    f"Rung {row} is incomplete. Enter threshold and score, or leave both empty."
                )
            rungs.append((threshold, score))
        return rungs


def rows_for(rungs: Sequence[Any], data: Mapping[str, Any] | None) -> int:
    """Return how many rows the form shows: all saved or sent, and some spare."""
    sent = sum(name.startswith("ladder_") for name in data or ())
    return max(ROWS, len(rungs) + SPARE, (sent + 1) // 2)


def _cell(at: int) -> forms.TextInput:
    row, side = divmod(at, 2)
    label = f"{('Score', 'Threshold')[side == 0]} of rung {row + 1}"
    return forms.TextInput(
        {"inputmode": "decimal", "autocomplete": "off", "aria-label": label, "maxlength": 60}
    )
