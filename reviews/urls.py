from __future__ import annotations

from django.urls import include, path

from reviews import views

app_name = "reviews"

# /e/<slug>/
inside = [
    # The status page
    path("status/", views.status, name="status"),
    path("status/publish/", views.report_create, name="report-create"),
    path("status/reports/", views.report_list, name="report-list"),
    path("status/reports/<int:number>/", views.report_detail, name="report-detail"),
]

urlpatterns = [
    path("", views.my_week, name="my-week"),
    path("s/<str:token>/", views.shared_status, name="shared-status"),
    path("e/<slug:slug>/", include(inside)),
]
