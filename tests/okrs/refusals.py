"""What a command refuses, by the codes of its errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.exceptions import ValidationError


@contextmanager
def refused(*codes: str) -> Iterator[pytest.ExceptionInfo[ValidationError]]:
    """The block must raise a ValidationError with exactly these codes, in any order."""
    with pytest.raises(ValidationError) as refusal:
        yield refusal
    errors = refusal.value.error_list
    assert sorted(str(error.code) for error in errors) == sorted(codes), refusal.value.messages
