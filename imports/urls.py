from django.urls import path

from imports import views

app_name = "imports"

urlpatterns = [
    path("import/", views.sheet_import, name="sheet-import"),
    path("import/okrs.csv", views.sheet_example, name="sheet-example"),
    path("import/<str:sheet>/", views.sheet_detail, name="sheet-detail"),
    path("import/<str:sheet>/problems.csv", views.sheet_problems, name="sheet-problems"),
]
