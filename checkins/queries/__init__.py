from __future__ import annotations

from checkins.queries.asks import Asks, asks_of, open_asks
from checkins.queries.cards import DueCard, Group, MyWeek
from checkins.queries.clients import Client, clients
from checkins.queries.due import due_card, my_week
from checkins.queries.previews import Preview, preview
from checkins.queries.standing import recompute_standing, standings_at
from checkins.queries.states import CardState, Due
from checkins.queries.thread import KeyResultPage, ThreadEntry, key_result_page

__all__ = [
    "Asks",
    "CardState",
    "Client",
    "Due",
    "DueCard",
    "Group",
    "KeyResultPage",
    "MyWeek",
    "Preview",
    "ThreadEntry",
    "asks_of",
    "clients",
    "due_card",
    "key_result_page",
    "my_week",
    "open_asks",
    "preview",
    "recompute_standing",
    "standings_at",
]
