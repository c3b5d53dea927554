"""All commands of the app."""

from __future__ import annotations

from reviews.commands.agendas import (
    add_item,
    draw_agenda,
    move_item,
    next_item,
    park_item,
    previous_item,
    show_item,
    tick_off,
    unpark_item,
)
from reviews.commands.answering import answer_item
from reviews.commands.closing import close_review
from reviews.commands.recording import (
    add_review_action,
    record_review_decision,
    supersede_review_decision,
)
from reviews.commands.reviews import (
    cancel_review,
    mark_here,
    plan_review,
    start_review,
    update_review,
)

__all__ = [
    "add_item",
    "add_review_action",
    "answer_item",
    "cancel_review",
    "close_review",
    "draw_agenda",
    "mark_here",
    "move_item",
    "next_item",
    "park_item",
    "plan_review",
    "previous_item",
    "record_review_decision",
    "show_item",
    "start_review",
    "supersede_review_decision",
    "tick_off",
    "unpark_item",
    "update_review",
]
