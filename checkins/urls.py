from __future__ import annotations

from django.urls import path

from checkins import views

app_name = "checkins"

urlpatterns = [
    # /e/<slug>/key-results/<key_result>/
    path("key-results/<str:key_result>/", views.key_result_detail, name="key-result-detail"),
    path("key-results/<str:key_result>/check-in/", views.check_in_create, name="check-in-create"),
    path(
        "key-results/<str:key_result>/check-in/preview/",
        views.check_in_preview,
        name="check-in-preview",
    ),
    path("check-ins/<str:check_in>/undo/", views.check_in_undo, name="check-in-undo"),
    # What was asked
    path(
        "help-requests/<str:help_request>/answer/",
        views.help_request_answer,
        name="help-request-answer",
    ),
    path("blockers/<str:blocker>/resolve/", views.blocker_resolve, name="blocker-resolve"),
]
