from django.urls import path

from decisions import views

app_name = "decisions"

urlpatterns = [
    path("decisions/", views.decision_list, name="decision-list"),
    path(
        "objectives/<str:objective>/decisions/",
        views.objective_decisions,
        name="objective-decisions",
    ),
    path(
        "key-results/<str:key_result>/decisions/",
        views.key_result_decisions,
        name="key-result-decisions",
    ),
    path("actions/", views.action_list, name="action-list"),
    path("actions/<str:action>/done/", views.action_done, name="action-done"),
    path("actions/<str:action>/reopen/", views.action_reopen, name="action-reopen"),
    path("actions/<str:action>/drop/", views.action_drop, name="action-drop"),
]
