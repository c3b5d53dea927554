from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from config import health

handler500 = "config.health.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz/live", health.live, name="health-live"),
    path("healthz/ready", health.ready, name="health-ready"),
    path("accounts/", include("engagements.urls_sign_in")),
    path("", include("engagements.urls")),
    path("", include("reviews.urls")),
    path("e/<slug:slug>/", include("checkins.urls")),
    path("e/<slug:slug>/", include("okrs.urls")),
    path("e/<slug:slug>/", include("metrics.urls")),
]
