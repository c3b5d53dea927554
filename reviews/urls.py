from __future__ import annotations

from django.urls import path

from reviews import views

app_name = "reviews"

urlpatterns = [
    path(
        "decisions/<str:decision>/supersede/", views.decision_supersede, name="decision-supersede"
    ),
    path("reviews/", views.review_list, name="review-list"),
    path("reviews/new/", views.review_create, name="review-create"),
    path("reviews/<str:review>/", views.review_detail, name="review-detail"),
    path("reviews/<str:review>/room/", views.review_room, name="review-room"),
    path("reviews/<str:review>/clock/", views.review_clock, name="review-clock"),
    path("reviews/<str:review>/edit/", views.review_update, name="review-update"),
    path("reviews/<str:review>/cancel/", views.review_cancel, name="review-cancel"),
    path("reviews/<str:review>/draw/", views.review_draw, name="review-draw"),
    path("reviews/<str:review>/start/", views.review_start, name="review-start"),
    path("reviews/<str:review>/next/", views.review_next, name="review-next"),
    path("reviews/<str:review>/previous/", views.review_previous, name="review-previous"),
    path("reviews/<str:review>/close/", views.review_close, name="review-close"),
    path("reviews/<str:review>/decide/", views.review_decide, name="review-decide"),
    path("reviews/<str:review>/act/", views.review_act, name="review-act"),
    path("reviews/<str:review>/here/<str:member>/", views.attendance_mark, name="attendance-mark"),
    path("reviews/<str:review>/items/new/", views.item_create, name="item-create"),
    path("reviews/<str:review>/items/<str:item>/show/", views.item_show, name="item-show"),
    path("reviews/<str:review>/items/<str:item>/move/", views.item_move, name="item-move"),
    path("reviews/<str:review>/items/<str:item>/park/", views.item_park, name="item-park"),
    path("reviews/<str:review>/items/<str:item>/unpark/", views.item_unpark, name="item-unpark"),
    path("reviews/<str:review>/items/<str:item>/answer/", views.item_answer, name="item-answer"),
    path(
        "reviews/<str:review>/items/<str:item>/done/<str:action>/",
        views.item_done,
        name="item-done",
    ),
]
