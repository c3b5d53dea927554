from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from engagements.models import Membership
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, post
from tests.workspace.exports.archives import lines_of, unpacked
from workspace.exports import tables


@pytest.fixture(autouse=True)
def lead(committed: str) -> Membership:
    """Of Northwind, with a key result and a check-in, in a database of its own."""
    lead = build.member(build.engagement())
    objective = build.objective(lead, build.cycle(lead.engagement))
    onboarding: KeyResult = build.live_key_result(objective, build.metric(lead.engagement))
    with scope(lead.engagement_id):
        post(onboarding, lead)
    return lead


def run(*arguments: str | Path) -> str:
    said = StringIO()
    call_command("export_engagement", *map(str, arguments), stdout=said)
    return said.getvalue()


def test_writes_the_zip_or_says_why_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    said = run("northwind")

    (file,) = tmp_path.iterdir()
    assert file.name.startswith("northwind-20")
    assert said == f"Wrote {file.name}, {file.stat().st_size / 1024:.0f} KB.\n"
    before = file.read_bytes()
    assert len(lines_of(unpacked(before), "check_ins.csv")) == 1
    with pytest.raises(CommandError, match=r"is there already. Name another file."):
        run("northwind", file)
    assert file.read_bytes() == before
    with pytest.raises(CommandError, match=r"No engagement “harbor”. There are: northwind."):
        run("harbor")
    with pytest.raises(CommandError, match=r"nowhere/x.zip: No such file or directory."):
        run("northwind", tmp_path / "nowhere" / "x.zip")
    assert run("northwind", "other.zip").startswith("Wrote other.zip")


def test_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tables.Table, "write", full)

    with pytest.raises(CommandError, match="No space left on device"):
        run("northwind", tmp_path / "x.zip")

    assert list(tmp_path.iterdir()) == []


def test_more_rows_than_a_chunk_come_whole(
    lead: Membership, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "CHUNK", 2)
    with scope(lead.engagement_id):
        onboarding = KeyResult.objects.get()
        for actual in (5, 6, 7, 8):
            post(onboarding, lead, actual=actual, now=TUESDAY)

    run("northwind", tmp_path / "x.zip")

    lines = lines_of(unpacked((tmp_path / "x.zip").read_bytes()), "check_ins.csv")
    assert [line["actual"] for line in lines] == ["6", "5", "6", "7", "8"]
