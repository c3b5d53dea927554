"""An engagement that is closed asks for nothing: every sweep leaves it out (M7.9)."""

from __future__ import annotations

import datetime as dt

import pytest

from checkins.jobs.digests import friday_digests
from checkins.jobs.reminders import escalate_missed, send_overdue, send_reminders
from engagements.commands import close_engagement, reopen_engagement
from engagements.models import Membership
from escalations.jobs.escalations import (
    activate_escalations,
    open_escalations,
    raise_escalations,
    recover_escalations,
)
from escalations.models import EscalationState
from okrs.models import KeyResult
from tests.checkins.posting import TUESDAY, at
from tests.escalations.escalating import put_in, red_weeks
from tests.escalations.jobs.telling import told

NEXT_WEEK = TUESDAY + dt.timedelta(weeks=1)
REMINDED = {send_reminders: at("2026-03-06T09:00"), send_overdue: at("2026-03-09T10:01")}
REMINDED |= {escalate_missed: at("2026-03-16T00:01"), friday_digests: at("2026-03-13T09:30")}


def run(sweep: object, now: dt.datetime) -> int:
    assert callable(sweep)
    return int(sweep(now=now, using="default"))


@pytest.mark.parametrize(("sweep", "now"), REMINDED.items(), ids=[one.__name__ for one in REMINDED])
def test_nobody_is_told_of_its_check_ins(
    onboarding: KeyResult, alice: Membership, sweep: object, now: dt.datetime
) -> None:
    close_engagement(engagement=alice.engagement, by=alice)
    assert run(sweep, now) == 0

    type(alice.engagement).objects.update(closed_at=None, closed_by=None)
    assert run(sweep, now) > 0


def test_no_escalation_opens_goes_on_or_ends(
    onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    red_weeks(onboarding, bob, weeks=3)
    onboarding.refresh_from_db()
    escalation = put_in(onboarding, bob, state=EscalationState.WATCHING, now=TUESDAY)
    close_engagement(engagement=alice.engagement, by=alice)
    KeyResult.objects.filter(pk=onboarding.pk).update(rag="green", red_since=None)

    assert run(recover_escalations, NEXT_WEEK) == 0

    KeyResult.objects.filter(pk=onboarding.pk).update(
        rag=onboarding.rag, red_since=onboarding.red_since
    )
    assert run(activate_escalations, NEXT_WEEK) == 0
    put_in(onboarding, bob, state=EscalationState.ACTIVE, now=TUESDAY)
    assert run(raise_escalations, NEXT_WEEK) == 0
    type(escalation).objects.update(streak=dt.date(2026, 1, 5), recovered_at=TUESDAY)
    assert run(open_escalations, NEXT_WEEK) == 0


def test_opened_again_it_asks_for_what_is_due_from_then_on(
    onboarding: KeyResult, alice: Membership
) -> None:
    close_engagement(engagement=alice.engagement, by=alice)
    again = reopen_engagement(engagement=alice.engagement, by=alice)
    assert again.rhythm_since is not None
    type(again).objects.update(rhythm_since=at("2026-03-09T12:00"))

    assert run(send_overdue, at("2026-03-09T13:00")) == 0
    assert run(send_reminders, at("2026-03-13T09:00")) == 1
    assert [one.period for one in told()] == [dt.date(2026, 3, 16)]
