"""Every text has a limit: in each form, before anything reads it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import pytest
from django import forms
from django.apps import apps
from django.db import models

from tests.test_house import ROOT, modules

MEASURED_BY_THEIR_FORM = {"SheetForm.lines"}  # in bytes, as the file is


def form_classes() -> Iterator[type[forms.BaseForm]]:
    for path in modules():
        if "forms.Form" in path.read_text() or "Form)" in path.read_text():
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for value in vars(importlib.import_module(name)).values():
                is_form = isinstance(value, type) and issubclass(value, forms.Form)
                if is_form and value.__module__ == name:
                    yield value


def texts(form: type[forms.BaseForm]) -> Iterator[tuple[str, forms.CharField]]:
    for name, field in form.base_fields.items():  # type: ignore[attr-defined]
        if isinstance(field, forms.CharField) and not isinstance(field, forms.UUIDField):
            yield f"{form.__name__}.{name}", field


FIELDS = dict(text for form in form_classes() for text in texts(form))


@pytest.mark.parametrize("name", sorted(FIELDS.keys() - MEASURED_BY_THEIR_FORM))
def test_a_text_field_has_a_limit(name: str) -> None:
    limit = FIELDS[name].max_length

    assert limit is not None
    assert limit <= 20_000


def test_the_fields_are_found() -> None:
    assert {"ObjectiveForm.title", "CheckInForm.insight", "MetricForm.definition"} <= FIELDS.keys()


def test_a_text_column_has_a_limit() -> None:
    """The history's own label and hashed session data apart."""
    ours = {config.label for config in apps.get_app_configs() if (ROOT / config.label).is_dir()}

    assert [
        field
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if model._meta.app_label in ours
        and isinstance(field, models.CharField | models.TextField)
        and field.name not in {"pgh_label", "session_data"}
        and not (isinstance(field, models.CharField) and field.max_length)
    ] == []
