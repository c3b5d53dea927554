"""Many clients in mid-cycle, for measuring: no demo, nobody signs in to them with a password.

Each has four objectives with four key results and a check-in of nearly every week: 5,000 of them
are 80,000 key results with a million check-ins.
"""

from __future__ import annotations

from reviews.seeding.people import address
from reviews.seeding.write import seed

__all__ = ["address", "seed"]
