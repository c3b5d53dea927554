from django.urls import path

from escalations import views

app_name = "escalations"

urlpatterns = [
    path("escalations/", views.escalation_list, name="escalation-list"),
    *(
        path(
            f"escalations/<str:escalation>/{act}/",
            views.escalation_act,
            {"act": act},
            name=f"escalation-{act}",
        )
        for act in views.FORMS
    ),
]
