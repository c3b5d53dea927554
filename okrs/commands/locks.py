from __future__ import annotations

from okrs.models import Cycle


def lock_cycle(cycle_id: int) -> Cycle:
    """The cycle as it stands, held until the transaction ends.

    Cycle, objective, key results: every command locks in this order. Titles and guardrails are
    counted per cycle, and drafts take its dates: one writer at a time.
    """
    return Cycle.objects.select_for_update(of=("self",), no_key=True).get(pk=cycle_id)
