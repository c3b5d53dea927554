from django.urls import include, path

from workspace import views

app_name = "workspace"

# /e/<slug>/
inside = [
    path("key-results/<str:key_result>/", views.key_result_detail, name="key-result-detail"),
    path("reminders/", views.reminder_list, name="reminder-list"),
    path(
        "help-requests/<str:help_request>/answer/",
        views.help_request_answer,
        name="help-request-answer",
    ),
    path("blockers/<str:blocker>/resolve/", views.blocker_resolve, name="blocker-resolve"),
    path("", views.home, name="home"),
    path("export/", views.engagement_export, name="engagement-export"),
]

urlpatterns = [path("", views.my_week, name="my-week"), path("e/<slug:slug>/", include(inside))]
