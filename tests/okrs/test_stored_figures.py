from __future__ import annotations

from decimal import Decimal

import pytest

from okrs.formatting import is_early, plain
from scoring import Rag


@pytest.mark.parametrize(
    ("rag", "holds", "expected"),
    [
        (Rag.RED, True, True),
        (Rag.AMBER, True, True),
        ("red", True, True),
        (Rag.GREEN, True, False),
        (Rag.NO_DATA, True, False),
        (Rag.RED, False, False),
        (Rag.AMBER, None, False),
    ],
)
def test_early_is_red_or_amber_whose_forecast_holds(
    rag: str, *, holds: bool | None, expected: bool
) -> None:
    assert is_early(rag, forecast_holds=holds) is expected


@pytest.mark.parametrize(
    ("value", "kept"),
    [(None, None), ("6.00", "6"), ("-0.0", "0"), ("1E+3", "1000"), ("0.250", "0.25")],
)
def test_a_value_is_kept_in_plain_digits(value: str | None, kept: str | None) -> None:
    assert plain(None if value is None else Decimal(value)) == kept
