from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from config import health

handler500 = "config.health.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz/live", health.live, name="health-live"),
    path("healthz/ready", health.ready, name="health-ready"),
    path("accounts/", include("accounts.urls")),
    path("", include("workspace.urls")),
    path("", include("status.urls")),
    path("e/<slug:slug>/", include("reviews.urls")),
    path("e/<slug:slug>/", include("escalations.urls")),
    path("e/<slug:slug>/", include("checkins.urls")),
    path("e/<slug:slug>/", include("decisions.urls")),
    path("e/<slug:slug>/", include("imports.urls")),
    path("e/<slug:slug>/", include("okrs.urls")),
    path("e/<slug:slug>/", include("metrics.urls")),
    path("", include("notifications.urls")),
    path("", include("engagements.urls")),
]
