from __future__ import annotations

import re

import pytest
from django.test import Client

from engagements.models import Engagement
from okrs.models import Objective
from tests import build
from tests.okrs.views.key_results import only, typed, url_of

pytestmark = pytest.mark.django_db


def ladder(*rungs: tuple[str, str]) -> dict[str, str]:
    cells = [cell for rung in rungs for cell in rung]
    return {f"ladder_{at}": cell for at, cell in enumerate(cells)}


def test_it_drafts_a_ladder_and_leaves_empty_rows_out(
    client: Client, engagement: Engagement, objective: Objective
) -> None:
    rungs = ladder(("4", "1,0"), ("6", "0.7"), ("8", "0.3"))

    client.post(url_of(objective, "key-result-create"), typed(method="ladder", **rungs))

    assert only(engagement).ladder == [["4", "1.00"], ["6", "0.70"], ["8", "0.30"]]


def test_a_ladder_that_rises_is_refused_at_its_rungs(client: Client, objective: Objective) -> None:
    rungs = ladder(("6", "0.7"), ("4", "1.0"))

    answer = client.post(url_of(objective, "key-result-create"), typed(method="ladder", **rungs))

    assert answer.status_code == 422
    assert "1.00 follows 0.70. Put the best rung first" in answer.text
    assert 'name="ladder_0" value="6"' in answer.text


def test_half_a_rung_is_refused(client: Client, objective: Objective) -> None:
    answer = client.post(
        url_of(objective, "key-result-create"), typed(method="ladder", **ladder(("6", "")))
    )

    assert answer.status_code == 422
    assert "Rung 1 is incomplete." in answer.text


RUNGS = [["7", "1.00"], ["8", "0.90"], ["9.5", "0.80"], ["10", "0.70"], ["11", "0.60"]]
RUNGS += [["12", "0.50"], ["13", "0.40"]]


@pytest.mark.parametrize("count", [1, 3, 7])
def test_a_ladder_is_shown_and_saved_as_it_stands(
    client: Client, engagement: Engagement, objective: Objective, count: int
) -> None:
    key_result = build.key_result(
        objective, title="Median onboarding time", method="ladder", ladder=RUNGS[:count]
    )
    url = url_of(key_result, "key-result-update")

    shown = re.findall(r'name="(ladder_[0-9]+)"(?: value="([^"]*)")?', client.get(url).text)
    answer = client.post(
        url, typed(version=1, method="ladder", baseline="9", target="4", **dict(shown))
    )

    assert len(shown) >= 2 * (count + 1)  # room for one more
    assert answer.status_code == 302
    assert only(engagement).ladder == RUNGS[:count]


def marked(text: str) -> list[str]:
    cells = re.findall(r'<input[^>]*name="(ladder_\d+)"[^>]*>', text)
    return [one for one in cells if re.search(rf'name="{one}"[^>]*aria-invalid="true"', text)]


@pytest.mark.parametrize(
    ("rungs", "cells"),
    [
        (["20", "0.7", "16", "1"], ["ladder_0", "ladder_1", "ladder_2", "ladder_3"]),
        (["20", "1", "16"], ["ladder_2", "ladder_3"]),
    ],
)
def test_only_the_rungs_that_are_amiss_are_marked(
    client: Client, objective: Objective, rungs: list[str], cells: list[str]
) -> None:
    sent = {f"ladder_{at}": cell for at, cell in enumerate(rungs)}

    answer = client.post(url_of(objective, "key-result-create"), typed(method="ladder", **sent))

    assert answer.status_code == 422
    assert marked(answer.text) == cells
