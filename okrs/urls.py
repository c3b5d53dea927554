from django.urls import include, path

from okrs.views import cycles, key_results, objectives

app_name = "okrs"

of_cycle = [
    path("", cycles.cycle_detail, name="cycle-detail"),
    path("edit/", cycles.cycle_update, name="cycle-update"),
    path("objectives/new/", objectives.objective_create, name="objective-create"),
    path("objectives/check/", objectives.objective_check, name="objective-check"),
]
of_objective = [
    path("", objectives.objective_detail, name="objective-detail"),
    path("edit/", objectives.objective_update, name="objective-update"),
    path("commit/", objectives.objective_commit, name="objective-commit"),
    path("audit/", objectives.objective_audit, name="objective-audit"),
    path("discard/", objectives.objective_discard, name="objective-discard"),
    path("key-results/new/", key_results.key_result_create, name="key-result-create"),
    path("key-results/check/", key_results.key_result_check, name="key-result-check"),
    path("contributions/new/", objectives.contribution_create, name="contribution-create"),
]
of_key_result = [
    path("edit/", key_results.key_result_update, name="key-result-update"),
    path("audit/", key_results.key_result_audit, name="key-result-audit"),
    path("discard/", key_results.key_result_discard, name="key-result-discard"),
]
unlink = "contributions/<str:contribution>/delete/"

urlpatterns = [
    path("board/", cycles.board, name="board"),
    path("cycles/", cycles.cycle_list, name="cycle-list"),
    path("cycles/new/", cycles.cycle_create, name="cycle-create"),
    path("cycles/<str:cycle>/", include(of_cycle)),
    path("teams/", cycles.team_list, name="team-list"),
    path("teams/new/", cycles.team_create, name="team-create"),
    path("teams/<str:team>/edit/", cycles.team_update, name="team-update"),
    path("objectives/<str:objective>/", include(of_objective)),
    path("key-results/<str:key_result>/", include(of_key_result)),
    path(unlink, objectives.contribution_delete, name="contribution-delete"),
]
