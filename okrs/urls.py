from __future__ import annotations

from django.urls import path

from okrs import views

app_name = "okrs"

urlpatterns = [
    path("board/", views.board, name="board"),
    path("cycles/", views.cycle_list, name="cycle-list"),
    path("cycles/new/", views.cycle_create, name="cycle-create"),
    path("cycles/<str:cycle>/", views.cycle_detail, name="cycle-detail"),
    path("cycles/<str:cycle>/edit/", views.cycle_update, name="cycle-update"),
    path("cycles/<str:cycle>/objectives/new/", views.objective_create, name="objective-create"),
    path("cycles/<str:cycle>/objectives/check/", views.objective_check, name="objective-check"),
    path("import/", views.sheet_import, name="sheet-import"),
    path("import/okrs.csv", views.sheet_example, name="sheet-example"),
    path("teams/", views.team_list, name="team-list"),
    path("teams/new/", views.team_create, name="team-create"),
    path("teams/<str:team>/edit/", views.team_update, name="team-update"),
    path("objectives/<str:objective>/", views.objective_detail, name="objective-detail"),
    path("objectives/<str:objective>/edit/", views.objective_update, name="objective-update"),
    path("objectives/<str:objective>/commit/", views.objective_commit, name="objective-commit"),
    path(
        "objectives/<str:objective>/key-results/new/",
        views.key_result_create,
        name="key-result-create",
    ),
    path(
        "objectives/<str:objective>/key-results/check/",
        views.key_result_check,
        name="key-result-check",
    ),
    path(
        "objectives/<str:objective>/contributions/new/",
        views.contribution_create,
        name="contribution-create",
    ),
    path("objectives/<str:objective>/discard/", views.objective_discard, name="objective-discard"),
    path("key-results/<str:key_result>/edit/", views.key_result_update, name="key-result-update"),
    path("key-results/<str:key_result>/audit/", views.key_result_audit, name="key-result-audit"),
    path(
        "key-results/<str:key_result>/discard/",
        views.key_result_discard,
        name="key-result-discard",
    ),
    path(
        "contributions/<str:contribution>/delete/",
        views.contribution_delete,
        name="contribution-delete",
    ),
]
