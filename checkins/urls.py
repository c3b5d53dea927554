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
    path("reminders/", views.reminder_list, name="reminder-list"),
    # /e/<slug>/escalations/
    path("escalations/", views.escalation_list, name="escalation-list"),
    path(
        "escalations/<str:escalation>/activate/",
        views.escalation_activate,
        name="escalation-activate",
    ),
    path("escalations/<str:escalation>/huddle/", views.escalation_huddle, name="escalation-huddle"),
    path(
        "escalations/<str:escalation>/outcome/", views.escalation_outcome, name="escalation-outcome"
    ),
    path(
        "escalations/<str:escalation>/verdict/", views.escalation_verdict, name="escalation-verdict"
    ),
    # What was asked
    path(
        "help-requests/<str:help_request>/answer/",
        views.help_request_answer,
        name="help-request-answer",
    ),
    path("blockers/<str:blocker>/resolve/", views.blocker_resolve, name="blocker-resolve"),
]
