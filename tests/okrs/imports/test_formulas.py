from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagements.models import Membership
from engagements.scoping import scope
from okrs.imports import guarded, unguarded
from okrs.models import KeyResult
from tests.okrs.imports.files import file_of, load

RUN = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1+1", "＠SUM(A1)"]


@pytest.mark.parametrize("text", RUN)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "1+1", "a=b", "'tis", "’=1", " two words", "#1", "12:00"])
def test_other_words_stay_as_they_are(text: str) -> None:
    assert guarded(text) == text
    assert unguarded(text) == text


@given(st.text(alphabet="'=+-@＝\t\r\n a1") | st.text())
def test_what_was_guarded_comes_back_and_runs_nowhere(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in set("=+-@\t\r\n")


def test_the_importer_takes_the_guard_off(lead: Membership) -> None:
    load(
        file_of({"key_result": "'=HYPERLINK(A1)", "objective": "''+1", "baseline": "'-5"}), by=lead
    )

    with scope(lead.engagement_id):
        (made,) = KeyResult.objects.select_related("objective")
    assert [made.title, made.objective.title] == ["=HYPERLINK(A1)", "'+1"]
    assert made.baseline == -5
