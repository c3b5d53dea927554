from django.urls import path

from checkins import views

app_name = "checkins"

urlpatterns = [
    path("key-results/<str:key_result>/check-in/", views.check_in_create, name="check-in-create"),
    path(
        "key-results/<str:key_result>/check-in/preview/",
        views.check_in_preview,
        name="check-in-preview",
    ),
    path("key-results/<str:key_result>/answer/", views.prompt_answer, name="prompt-answer"),
    path("check-ins/<str:check_in>/undo/", views.check_in_undo, name="check-in-undo"),
]
