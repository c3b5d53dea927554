"""Exports of tests, unpacked."""

from __future__ import annotations

import csv
import io
from zipfile import ZipFile

from engagements.models import Engagement
from tenancy.scoping import scope
from tests.checkins.posting import TUESDAY
from workspace.exports.archive import export_engagement

Lines = list[dict[str, str]]
MARK = b"\xef\xbb\xbf"


def export(engagement: Engagement) -> dict[str, bytes]:
    """The files of a whole export, made in the engagement's scope."""
    packed = io.BytesIO()
    with scope(engagement.pk):
        export_engagement(engagement, to=packed, now=TUESDAY)
    return unpacked(packed.getvalue())


def unpacked(content: bytes) -> dict[str, bytes]:
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def lines_of(files: dict[str, bytes], name: str) -> Lines:
    assert files[name].startswith(MARK)
    return list(csv.DictReader(io.StringIO(files[name].decode("utf-8-sig"), newline="")))
