"""The order of the apps where imports do not show it; import-linter checks the imports."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest
from django.apps import apps
from django.template import Engine

from tests.test_house import LINTER, ROOMS, ROOT, modules

TEMPLATES = ROOT / "templates"
LAYERS = [re.findall(r"\w+", layer) for layer in LINTER["contracts"][0]["layers"]]
# The higher the number, the higher the app.
RANKS = {app: rank for rank, layer in enumerate(reversed(LAYERS)) for app in layer}
# Apps that name something of an app above them, and what.
NAMED_ABOVE = {
    ("tenancy", "engagements_engagement"),  # every tenant table has a key to it
    ("tenancy", "engagements_membership"),  # an author is one of the acting user's memberships
    ("metrics", "key_results"),  # which key results read a metric
}


def may_name(app: str, other: str) -> bool:
    return app == other or RANKS[other] < RANKS[app]


@cache
def strings(app: str) -> list[tuple[str, str]]:
    """The string constants of an app outside docstrings, each with its module."""
    found = []
    for path in modules(app):
        tree = ast.parse(path.read_text())
        docstrings = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        found += [
            (str(path.relative_to(ROOT)), node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
        ]
    return found


def owner(template: str) -> str | None:
    """The app of a template; None where all apps share it."""
    folder = template.split("/")[0]
    return folder if folder in RANKS else None


@cache
def needs(template: str) -> frozenset[str]:
    """The apps whose tags and templates a template uses, directly or by shared templates."""
    text = (TEMPLATES / template).read_text()
    libraries = Engine.get_default().libraries
    found = {
        libraries[name].split(".")[0]
        for names in re.findall(r"{%\s*load ([\w ]+?)\s*%}", text)
        for name in names.split()
        if name in libraries
    }
    for other in re.findall(r"""{%\s*(?:include|extends) ["']([\w/.-]+)""", text):
        app = owner(other)
        found |= {app} if app else needs(other)
    return frozenset(found & RANKS.keys())


def test_every_app_has_its_place() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "tests"}

    assert set(ROOMS) == set(RANKS) == packages


def test_templates_use_tags_and_templates_of_apps_below() -> None:
    templates = [str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.*")]

    assert [
        (template, other)
        for template in templates
        if (app := owner(template))
        for other in needs(template)
        if not may_name(app, other)
    ] == []


@pytest.mark.parametrize("app", RANKS)
def test_modules_render_templates_of_apps_below(app: str) -> None:
    assert [
        (module, template)
        for module, text in strings(app)
        for template in re.findall(r"^([\w/-]+\.(?:html|txt))(?:#[\w-]+)?$", text)
        if (other := owner(template)) and not may_name(app, other)
    ] == []


@pytest.mark.parametrize("app", RANKS)
def test_sql_names_tables_of_apps_below(app: str) -> None:
    tables = {model._meta.db_table: model._meta.app_label for model in apps.get_models()}
    above = [name for name, other in tables.items() if other in RANKS and not may_name(app, other)]
    pattern = re.compile(rf"\b({'|'.join(above) or '(?!)'})\b")

    assert [
        (module, name)
        for module, text in strings(app)
        for name in pattern.findall(text)
        if (app, name) not in NAMED_ABOVE
    ] == []


@pytest.mark.parametrize("app", RANKS)
def test_reverse_keys_are_followed_from_above(app: str) -> None:
    names = {
        name
        for model in apps.get_models()
        if model._meta.app_label in RANKS
        for relation in model._meta.related_objects
        if not relation.hidden
        and relation.related_model._meta.app_label in RANKS
        and may_name(app, model._meta.app_label)
        and not may_name(app, relation.related_model._meta.app_label)
        and (name := relation.get_accessor_name())
    }
    pattern = re.compile(rf"[.\"'](?:\w+__)?({'|'.join(names) or '(?!)'})(?:__\w+)?\b")

    assert [
        (str(path.relative_to(ROOT)), name)
        for path in modules(app)
        for name in pattern.findall(path.read_text())
        if (app, name) not in NAMED_ABOVE
    ] == []
