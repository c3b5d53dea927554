"""A person's week, as tests read it."""

from __future__ import annotations

import datetime as dt

from checkins.queries.cards import WeekCard
from checkins.queries.my_week import MyWeek, my_week
from engagements.models import Membership
from tenancy.scoping import scope
from tests.checkins.posting import TUESDAY


def week(*memberships: Membership, now: dt.datetime = TUESDAY) -> MyWeek:
    with scope(*(one.engagement_id for one in memberships)):
        return my_week(memberships=memberships, now=now)


def only_card(found: MyWeek) -> WeekCard:
    ((card,),) = [group.cards for group in found.groups]
    return card
