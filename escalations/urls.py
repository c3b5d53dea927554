from __future__ import annotations

from django.urls import path

from escalations import views

app_name = "escalations"

urlpatterns = [
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
]
