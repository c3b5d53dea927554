"""What a command refuses, by the codes of its errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.exceptions import ValidationError


class Refusal:
    """Filled when the block ends."""

    codes: list[str]
    messages: list[str]


@contextmanager
def refused(*codes: str) -> Iterator[Refusal]:
    """The block must raise a ValidationError with exactly these codes, in any order."""
    refusal = Refusal()
    with pytest.raises(ValidationError) as caught:
        yield refusal
    refusal.codes = sorted(str(error.code) for error in caught.value.error_list)
    refusal.messages = caught.value.messages
    assert refusal.codes == sorted(codes), refusal.messages
