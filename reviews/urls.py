from django.urls import path

from reviews.views import live_reviews as live
from reviews.views import reviews

app_name = "reviews"

urlpatterns = [
    path("decisions/<str:decision>/supersede/", live.decision_supersede, name="decision-supersede"),
    path("reviews/", reviews.review_list, name="review-list"),
    path("reviews/new/", reviews.review_create, name="review-create"),
    path("reviews/<str:review>/", live.review_detail, name="review-detail"),
    path("reviews/<str:review>/live/", live.live_review, name="live-review"),
    path("reviews/<str:review>/clock/", live.review_clock, name="review-clock"),
    path("reviews/<str:review>/edit/", reviews.review_update, name="review-update"),
    path("reviews/<str:review>/cancel/", reviews.review_cancel, name="review-cancel"),
    path("reviews/<str:review>/draw/", live.review_draw, name="review-draw"),
    path("reviews/<str:review>/start/", live.review_start, name="review-start"),
    path("reviews/<str:review>/next/", live.review_next, name="review-next"),
    path("reviews/<str:review>/previous/", live.review_previous, name="review-previous"),
    path("reviews/<str:review>/close/", reviews.review_close, name="review-close"),
    path("reviews/<str:review>/decide/", live.review_decide, name="review-decide"),
    path("reviews/<str:review>/act/", live.review_act, name="review-act"),
    path("reviews/<str:review>/here/<str:member>/", live.attendance_mark, name="attendance-mark"),
    path("reviews/<str:review>/items/new/", reviews.item_create, name="item-create"),
    path("reviews/<str:review>/items/<str:item>/show/", live.item_show, name="item-show"),
    path("reviews/<str:review>/items/<str:item>/move/", live.item_move, name="item-move"),
    path("reviews/<str:review>/items/<str:item>/park/", live.item_park, name="item-park"),
    path("reviews/<str:review>/items/<str:item>/unpark/", live.item_unpark, name="item-unpark"),
    path("reviews/<str:review>/items/<str:item>/answer/", live.item_answer, name="item-answer"),
    path(
        "reviews/<str:review>/items/<str:item>/done/<str:action>/", live.item_done, name="item-done"
    ),
]
