from django.urls import include, path

from status import views

app_name = "status"

# /e/<slug>/
inside = [
    path("status/", views.status, name="status"),
    path("status/publish/", views.report_create, name="report-create"),
    path("status/reports/", views.report_list, name="report-list"),
    path("status/reports/<int:number>/", views.report_detail, name="report-detail"),
    path("reviews/<str:closed_review>/summary/", views.summary_update, name="summary-update"),
]

urlpatterns = [
    path("s/<str:token>/", views.shared_status, name="shared-status"),
    path("e/<slug:slug>/", include(inside)),
]
