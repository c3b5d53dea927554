from django.urls import path

from imports import views

app_name = "imports"

urlpatterns = [
    path("import/", views.sheet_import, name="sheet-import"),
    path("import/okrs.csv", views.sheet_example, name="sheet-example"),
]
