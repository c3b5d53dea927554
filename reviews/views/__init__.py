from __future__ import annotations

from reviews.views.agendas import (
    attendance_mark,
    item_answer,
    item_create,
    item_done,
    item_move,
    item_park,
    item_show,
    item_unpark,
    review_draw,
    review_next,
    review_previous,
)
from reviews.views.captures import decision_supersede, review_act, review_decide
from reviews.views.live_updates import review_clock, review_detail, review_room
from reviews.views.reviews import (
    review_cancel,
    review_close,
    review_create,
    review_list,
    review_start,
    review_update,
)

__all__ = [
    "attendance_mark",
    "decision_supersede",
    "item_answer",
    "item_create",
    "item_done",
    "item_move",
    "item_park",
    "item_show",
    "item_unpark",
    "review_act",
    "review_cancel",
    "review_clock",
    "review_close",
    "review_create",
    "review_decide",
    "review_detail",
    "review_draw",
    "review_list",
    "review_next",
    "review_previous",
    "review_room",
    "review_start",
    "review_update",
]
