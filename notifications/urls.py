from django.urls import path

from notifications import views

app_name = "notifications"

urlpatterns = [
    path("profile/", views.profile, name="profile"),
    path("profile/sessions/end/", views.sessions_end, name="sessions-end"),
    path("notices/stop/<str:token>/", views.notices_stop, name="notices-stop"),
]
