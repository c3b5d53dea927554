"""Which release writes the page: a new one makes cached pages stale."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from django.conf import settings


@cache
def release() -> str:
    """A short digest of templates and of the code of this page; the same on every host."""
    sources = [*Path(__file__).parent.glob("*.py"), *(settings.BASE_DIR / "static").rglob("*.*")]
    sources += (settings.BASE_DIR / "templates").rglob("*.html")
    digest = hashlib.sha256()
    for source in sorted(sources):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
