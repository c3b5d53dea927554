from __future__ import annotations

import re

from tests.checkins.views.conftest import clock, signed_in
from tests.reviews.conftest import lead

__all__ = ["clock", "lead", "signed_in", "squeezed"]


def squeezed(html: str) -> str:
    """Return HTML without the white space that readers do not see, and with plain spaces."""
    return re.sub(r" ?(<[^>]*>) ?", r"\1", " ".join(html.split()))
