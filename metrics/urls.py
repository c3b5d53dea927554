from django.urls import path

from metrics import views

app_name = "metrics"

urlpatterns = [
    path("metrics/", views.metric_list, name="metric-list"),
    path("metrics/new/", views.metric_create, name="metric-create"),
    path("metrics/<str:metric>/", views.metric_detail, name="metric-detail"),
    path("metrics/<str:metric>/edit/", views.metric_update, name="metric-update"),
    path("metrics/<str:metric>/archive/", views.metric_archive, name="metric-archive"),
]
