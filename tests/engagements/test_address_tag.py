"""`{% url %}` does what Django's own does."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.template.base import FilterExpression
from django.template.defaulttags import URLNode
from django.test.utils import override_script_prefix
from django.urls import NoReverseMatch

from engagements.templatetags.addresses import AddressNode

SLUG = {"slug": "northwind", "odd": "a b/c", "none": ""}


def written(text: str) -> str:
    return Template(text).render(Context(SLUG))


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{% url 'okrs:board' slug %}", "/e/northwind/board/"),
        ("{% url 'okrs:board' 'harbor' %}", "/e/harbor/board/"),
        ("{% url 'okrs:board' slug=slug %}", "/e/northwind/board/"),
        ("{% url 'okrs:board' slug as board %}[{{ board }}]", "[/e/northwind/board/]"),
        ("{% url 'okrs:board' none as board %}[{{ board }}]", "[]"),
        ("{% url 'workspace:my-week' %}", "/"),
    ],
)
def test_it_writes_addresses(text: str, result: str) -> None:
    assert written(text) == result
    assert written(text) == result  # from what it keeps


@pytest.mark.parametrize("view", ["okrs:nowhere", "okrs:board"])
def test_an_address_that_is_none_raises_each_time(view: str) -> None:
    for _ in range(2):
        with pytest.raises(NoReverseMatch):
            written(f"{{% url '{view}' none %}}")


def test_it_knows_where_the_site_stands() -> None:
    with override_script_prefix("/okr/"):
        assert written("{% url 'workspace:my-week' %}") == "/okr/"
    assert written("{% url 'workspace:my-week' %}") == "/"


def test_the_project_s_templates_use_it() -> None:
    (node,) = Template("{% url 'okrs:board' slug %}").nodelist.get_nodes_by_type(URLNode)

    assert isinstance(node, AddressNode)
    assert isinstance(node.view_name, FilterExpression)
