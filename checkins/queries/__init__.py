from __future__ import annotations

from checkins.queries.asks import Asks, asks_of, open_asks
from checkins.queries.cards import DueCard, Group, MyWeek
from checkins.queries.clients import Client, clients
from checkins.queries.due import due_card, my_week
from checkins.queries.escalations import (
    EscalationCard,
    Escalations,
    escalation_card,
    escalations,
    escalations_of,
)
from checkins.queries.previews import Preview, preview
from checkins.queries.standing import recompute_standing, standings_at
from checkins.queries.states import CardState, Due
from checkins.queries.tellings import Telling, tellings
from checkins.queries.thread import KeyResultPage, ThreadEntry, key_result_page
from checkins.queries.waits import WaitingEscalation, Wanted, wait_of, waiting_escalations

__all__ = [
    "Asks",
    "CardState",
    "Client",
    "Due",
    "DueCard",
    "EscalationCard",
    "Escalations",
    "Group",
    "KeyResultPage",
    "MyWeek",
    "Preview",
    "Telling",
    "ThreadEntry",
    "WaitingEscalation",
    "Wanted",
    "asks_of",
    "clients",
    "due_card",
    "escalation_card",
    "escalations",
    "escalations_of",
    "key_result_page",
    "my_week",
    "open_asks",
    "preview",
    "recompute_standing",
    "standings_at",
    "tellings",
    "wait_of",
    "waiting_escalations",
]
