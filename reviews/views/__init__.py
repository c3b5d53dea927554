from __future__ import annotations

from reviews.views.actions import action_done, action_drop, action_list, action_reopen
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
from reviews.views.decisions import (
    decision_list,
    key_result_decisions,
    objective_decisions,
)
from reviews.views.exports import engagement_export
from reviews.views.home import home
from reviews.views.my_week import my_week
from reviews.views.reviews import (
    review_cancel,
    review_close,
    review_create,
    review_list,
    review_start,
    review_update,
)
from reviews.views.rooms import review_clock, review_detail, review_room
from reviews.views.shared import shared_status
from reviews.views.status import report_create, report_detail, report_list, status
from reviews.views.summaries import summary_update

__all__ = [
    "action_done",
    "action_drop",
    "action_list",
    "action_reopen",
    "attendance_mark",
    "decision_list",
    "decision_supersede",
    "engagement_export",
    "home",
    "item_answer",
    "item_create",
    "item_done",
    "item_move",
    "item_park",
    "item_show",
    "item_unpark",
    "key_result_decisions",
    "my_week",
    "objective_decisions",
    "report_create",
    "report_detail",
    "report_list",
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
    "shared_status",
    "status",
    "summary_update",
]
