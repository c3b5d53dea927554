from __future__ import annotations

import pytest

from checkins.commands import undo_check_in
from checkins.effective_check_ins import is_kept, kept_posts
from checkins.models import CheckIn
from engagements.models import Membership
from okrs.models import KeyResult
from tests.checkins.posting import TUESDAY, newest, post


@pytest.mark.parametrize("script", ["p", "pu", "ppu", "pupu", "ppuu", "ppup", "ppuuup"])
def test_the_query_keeps_what_the_chain_keeps(
    onboarding: KeyResult, bob: Membership, script: str
) -> None:
    for step in script:
        if step == "p":
            post(onboarding, bob)
        elif row := newest(onboarding):
            undo_check_in(check_in=row, by=bob, now=TUESDAY)

    kept = CheckIn.objects.kept(at=TUESDAY).order_by("id")

    chain = list(CheckIn.objects.order_by("id"))
    undone = [row.undone_by_id is not None for row in chain]
    by_what_follows = [
        row for place, row in enumerate(chain) if not undone[place] and is_kept(undone[place + 1 :])
    ]
    assert len(chain) == len(script)
    assert list(kept) == list(kept_posts(chain)) == by_what_follows
