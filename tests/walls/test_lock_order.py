"""No two commands wait for each other, whatever tables they share.

`RACE_ROUNDS=200` runs each pair 200 times; the usual run does a few.
"""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from tenancy.locks import lock
from tenancy.scoping import scope
from tests import build
from tests.lock_order import LockedOutOfOrder
from tests.walls import acts
from tests.walls.acts import Act, scene_of
from tests.walls.racing import deadlocks, waiting

pytestmark = pytest.mark.slow

# What the lead does while the other does the second.
PAIRS: dict[str, tuple[Act, Act]] = {
    "metric and engagement": (acts.renames_metric, acts.archives_metric),
    "key result, metric and engagement": (acts.renames_metric, acts.commits),
    "cycle, draft and engagement": (acts.extends_cycle, acts.drafts_objective),
    "cycle and commit": (acts.extends_cycle, acts.commits),
    "new metric in a draft": (acts.saves_with_new_metric, acts.creates_metric),
    "check-in and huddle": (acts.checks_in, acts.sets_huddle),
    "check-in and settings": (acts.checks_in, acts.changes_settings),
    "check-in and close": (acts.checks_in, acts.closes),
    "contributions": (acts.links, acts.unlinks),
    "discard and link": (acts.links_draft, acts.discards_draft),
    "discard and unlink": (acts.unlinks_draft, acts.discards_draft),
    "discard and child": (acts.drafts_child, acts.discards_parent),
    "decision and report": (acts.decides, acts.publishes),
    "two decisions": (acts.decides, acts.decides_elsewhere),
    "action and decision": (acts.decides, acts.ticks_action),
    "team and role": (acts.names_champion, acts.changes_role),
    "owner and role": (acts.drafts_for_other, acts.demotes_the_other_lead),
    "owner and close": (acts.drafts_for_other, acts.closes),
    "two roles": (acts.demotes_the_other_lead, acts.demotes_the_other_lead),
    "role and name": (acts.changes_role_of_other, acts.takes_name),
    "joining and inviting again": (acts.joins, acts.invites_again),
    "joining and removing": (acts.joins, acts.removes_guest),
    "joining and being named": (acts.joins, acts.names_as_owner),
    "removing and acting": (acts.removing("other"), acts.checks_in),
    "import and renaming": (acts.imports_metric, acts.renames_metric),
    "import and archiving": (acts.imports_metric, acts.archives_metric),
    "import and commit": (acts.imports_into_objective, acts.commits),
    "import and draft": (acts.imports_new_metric, acts.drafts_with_new_metric),
    "import and check-in": (acts.imports_contribution, acts.checks_in),
    "import and joining": (acts.imports_for_guest, acts.joins),
    "import and removing": (acts.imports_for_champion, acts.removing("champion")),
}


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_two_commands_never_wait_for_each_other(pair: tuple[Act, Act]) -> None:
    scene, doings = scene_of(*pair)

    assert deadlocks(scene.engagement.pk, *doings) == []


# What the discard waits for, the discard, what comes meanwhile, and why it is refused.
DISCARDS: dict[str, tuple[Act, Act, Act, str | None]] = {
    "of a source": (acts.links_draft, acts.discards_draft, acts.nothing, None),
    "of a target": (acts.links_draft, acts.discards_all_drafts, acts.nothing, None),
    "of a new child's parent": (acts.drafts_child, acts.discards_parent, acts.nothing, "children"),
    "of an old child's parent": (acts.names_parent, acts.discards_parent, acts.nothing, "children"),
    "of a link that is being removed": (
        acts.holds_link,
        acts.discards_draft,
        acts.unlinks_draft,
        None,
    ),
}


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize(("first", "discard", "then", "code"), DISCARDS.values(), ids=DISCARDS)
def test_a_discard_waits_for_who_points_at_the_draft_and_holds_up_no_commit(
    first: Act, discard: Act, then: Act, code: str | None
) -> None:
    scene, (holds, discards, goes_on) = scene_of(first, discard, then)
    client = scene.engagement.pk

    with waiting(lambda: holds(0), lambda: discards(0), engagement_id=client) as discarded:
        goes_on(0)

    refusal = discarded.exception()
    assert refusal is None or isinstance(refusal, ValidationError), refusal
    assert getattr(refusal, "code", None) == code


@pytest.mark.django_db
def test_a_lock_out_of_order_is_a_failure_of_the_test_that_takes_it() -> None:
    lead = build.member(build.engagement())
    with scope(lead.engagement_id):
        for row in (build.metric(lead.engagement), build.team(lead.engagement)):
            with transaction.atomic():
                lock(lead.engagement)
                with pytest.raises(LockedOutOfOrder):
                    lock(row)
