"""How long `import_okrs` takes for a large file."""

from __future__ import annotations

import csv
import io
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from django.core.management import call_command

from engagements.commands import create_engagement
from engagements.models import User
from engagements.scoping import scope
from okrs.imports import COLUMNS
from okrs.models import KeyResult

ROWS = {"short": 2_000, "full": 10_000, "large": 10_000}
LIMIT = 20.0  # seconds
PER_OBJECTIVE, PER_TEAM, OWNERS = 4, 40, 300
SEED = 2026


def measure(size: str) -> bool:
    """Print rows, seconds (in all, and of Python alone) and rows per second of both runs.

    False where one took longer than the limit.
    """
    rows = ROWS[size]
    lead = User.objects.create_user(email="lead@bench.test", name="Lead")
    engagement = create_engagement(client_name="Bench", slug="bench", by_user=lead).engagement
    print(f"{'import_okrs':<24}{'rows':>8}{'seconds':>10}{'in Python':>11}{'rows/s':>8}")
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "okrs.csv")
        file.write_text(text(rows), encoding="utf-8")
        for name in ("into a new engagement", "the same file again"):
            seconds, in_python = timed(file)
            print(f"{name:<24}{rows:>8}{seconds:>10.2f}{in_python:>11.2f}{rows / seconds:>8.0f}")
            slowest = max(slowest, seconds)
    with scope(engagement.id):
        assert KeyResult.objects.filter(engagement=engagement).count() == rows
    print(f"Limit: {LIMIT:.0f} s, {'kept' if slowest <= LIMIT else 'MISSED'}.")
    return slowest <= LIMIT


def timed(file: Path) -> tuple[float, float]:
    began, worked = time.perf_counter(), time.process_time()
    call_command("import_okrs", str(file), "--engagement=bench", stdout=io.StringIO())
    return time.perf_counter() - began, time.process_time() - worked


def text(rows: int) -> str:
    """The same file each time: four quarters, a ladder in five lines, a link in four."""
    lines = io.StringIO()
    writer = csv.DictWriter(lines, COLUMNS)
    writer.writeheader()
    writer.writerows(generated(rows))
    return lines.getvalue()


def generated(rows: int) -> Iterator[dict[str, object]]:
    chance = random.Random(SEED)  # noqa: S311 - a fixed file, no secret
    for row in range(rows):
        objective, team, owner = row // PER_OBJECTIVE, row // PER_TEAM, chance.randrange(OWNERS)
        baseline = chance.randrange(100)
        laddered = row % 5 == 0
        yield {
            "cycle": f"2026-Q{team % 4 + 1}",
            "level": "team" if team else "company",
            "team": f"Team {team}" if team else "",
            "objective": f"Earn the trust of customer group {objective}",
            "key_result": f"Share of customers in group {row} who come back",
            "metric": f"Return rate {row}",
            "definition": f"Share in percent,\nread from the warehouse, part {row}",
            "unit": "percent",
            "direction": "higher",
            "baseline": baseline,
            "target": baseline + 1 + chance.randrange(100),
            "valid_low": 0,
            "valid_high": 200,
            "owner": f"Owner {owner}",
            "owner_email": f"owner.{owner}@bench.test",
            "source": "Warehouse",
            "refresh": chance.choice(("daily", "weekly")),
            "method": "ladder" if laddered else "linear",
            "ladder": f"{baseline + 9}:1.0;{baseline + 6}:0.7;{baseline + 3}:0.3" * laddered,
            "weight": chance.choice((1, 2)),
            "indicator": chance.choice(("leading", "lagging")),
            "commitment": chance.choice(("committed", "aspirational")),
            "contributes_to": f"Return rate {row - 1}" if row % PER_OBJECTIVE == 3 else "",
        }
