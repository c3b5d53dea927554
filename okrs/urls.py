from __future__ import annotations

from django.urls import path

from okrs.views.cycles import (
    board,
    cycle_create,
    cycle_detail,
    cycle_list,
    cycle_update,
    team_create,
    team_list,
    team_update,
)
from okrs.views.key_results import (
    key_result_audit,
    key_result_check,
    key_result_create,
    key_result_discard,
    key_result_update,
)
from okrs.views.objectives import (
    contribution_create,
    contribution_delete,
    objective_check,
    objective_commit,
    objective_create,
    objective_detail,
    objective_discard,
    objective_update,
)
from okrs.views.sheets import sheet_example, sheet_import

app_name = "okrs"

urlpatterns = [
    path("board/", board, name="board"),
    path("cycles/", cycle_list, name="cycle-list"),
    path("cycles/new/", cycle_create, name="cycle-create"),
    path("cycles/<str:cycle>/", cycle_detail, name="cycle-detail"),
    path("cycles/<str:cycle>/edit/", cycle_update, name="cycle-update"),
    path("cycles/<str:cycle>/objectives/new/", objective_create, name="objective-create"),
    path("cycles/<str:cycle>/objectives/check/", objective_check, name="objective-check"),
    path("import/", sheet_import, name="sheet-import"),
    path("import/okrs.csv", sheet_example, name="sheet-example"),
    path("teams/", team_list, name="team-list"),
    path("teams/new/", team_create, name="team-create"),
    path("teams/<str:team>/edit/", team_update, name="team-update"),
    path("objectives/<str:objective>/", objective_detail, name="objective-detail"),
    path("objectives/<str:objective>/edit/", objective_update, name="objective-update"),
    path("objectives/<str:objective>/commit/", objective_commit, name="objective-commit"),
    path(
        "objectives/<str:objective>/key-results/new/",
        key_result_create,
        name="key-result-create",
    ),
    path(
        "objectives/<str:objective>/key-results/check/",
        key_result_check,
        name="key-result-check",
    ),
    path(
        "objectives/<str:objective>/contributions/new/",
        contribution_create,
        name="contribution-create",
    ),
    path("objectives/<str:objective>/discard/", objective_discard, name="objective-discard"),
    path("key-results/<str:key_result>/edit/", key_result_update, name="key-result-update"),
    path("key-results/<str:key_result>/audit/", key_result_audit, name="key-result-audit"),
    path(
        "key-results/<str:key_result>/discard/",
        key_result_discard,
        name="key-result-discard",
    ),
    path(
        "contributions/<str:contribution>/delete/",
        contribution_delete,
        name="contribution-delete",
    ),
]
