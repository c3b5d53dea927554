"""The cached rows of home, cycle page and board: the same bytes for every role."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from engagements import row_cache
from engagements.models import Membership, Role
from okrs.models import KeyResult
from tests import build
from tests.checkins.posting import post
from tests.query_counts import queries_of

READERS = (Role.CONTRIBUTOR, Role.CHAMPION, Role.LEAD, Role.SPONSOR)
PAGES = ("/e/northwind/", "/e/northwind/board/", "/e/northwind/cycles/{cycle}/")


@pytest.fixture
def filled(onboarding: KeyResult, bob: Membership) -> KeyResult:
    post(onboarding, bob, actual=8)
    build.key_result(onboarding.objective)
    return onboarding


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All rows that pages render from now on."""
    found: list[str] = []

    def render(template: str, *args: Any, **kwargs: Any) -> Any:
        found.append(original(template, *args, **kwargs))
        return found[-1]

    original = row_cache.render_row
    monkeypatch.setattr(row_cache, "render_row", render)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_each_role_reads_the_same_bytes(filled: KeyResult, rendered: list[str], page: str) -> None:
    path, by_role = page.format(cycle=filled.objective.cycle.public_id), {}
    for role in READERS:
        client = Client()
        person = build.user(f"Reader {role}", time_zone="Pacific/Auckland")
        build.member(filled.engagement, f"Reader {role}", role, user=person)
        client.force_login(person)
        cache.clear()
        rendered.clear()
        text = client.get(path).text
        by_role[role] = tuple(rendered)
        assert all(row in text for row in rendered)

    assert by_role[Role.LEAD]
    assert set(by_role.values()) == {by_role[Role.LEAD]}
    assert not any("csrf" in row or "<form" in row for row in by_role[Role.LEAD])


@pytest.mark.parametrize("page", PAGES)
def test_cached_rows_are_read_again_after_a_write_alone_by_no_query_more(
    filled: KeyResult, rendered: list[str], client: Client, bob: Membership, page: str
) -> None:
    build.log_in(client, bob)
    path = page.format(cycle=filled.objective.cycle.public_id)
    client.get(path)
    rendered.clear()

    cached = queries_of(lambda: client.get(path))
    assert rendered == []

    post(filled, bob, actual=7)
    assert len(queries_of(lambda: client.get(path))) == len(cached)
    assert rendered
