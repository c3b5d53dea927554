"""The load generator, a process of its own: `python -m bench.load.visitors PLAN RECORD`.

It knows nothing of Django, so that it takes little of the cores that it shares.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from bench.load import plan as plans
from bench.load.figures import Answer
from bench.load.visits import Visitor


@dataclass(frozen=True, kw_only=True)
class Record:
    """What all visitors saw and sent, and the processor time that they took."""

    answers: Sequence[Answer]
    sent: Sequence[tuple[str, str, bool]]  # what, which, taken
    processor: float


def main() -> None:
    plan = plans.read(Path(sys.argv[1]))
    Path(sys.argv[2]).write_text(json.dumps(asdict(run(plan))))


def run(plan: plans.Plan) -> Record:
    """All visitors side by side, until the time of the plan is up."""
    visitors = [Visitor(plan, number=number) for number in range(plan.visitors)]
    began, worked = time.monotonic(), time.process_time()
    with ThreadPoolExecutor(plan.visitors) as pool:
        list(pool.map(partial(Visitor.run, begin=began), visitors))
    records = [visitor.record for visitor in visitors]
    return Record(
        answers=[answer for record in records for answer in record.answers],
        sent=[one for record in records for one in record.sent],
        processor=time.process_time() - worked,
    )


def read(path: Path) -> Record:
    plain = json.loads(path.read_text())
    return Record(
        answers=[Answer(*answer) for answer in plain["answers"]],
        sent=[(what, which, taken) for what, which, taken in plain["sent"]],
        processor=plain["processor"],
    )


if __name__ == "__main__":
    main()
