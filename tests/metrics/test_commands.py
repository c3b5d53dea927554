"""The metric dictionary (M4.4): one name, one formula, frozen meanings (M5.10)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from engagements.models import Membership, Role
from metrics.commands import archive_metric, create_metric, update_metric
from metrics.models import Metric
from tenancy.locks import StaleEdit
from tenancy.scoping import scope
from tests import build


def create(by: Membership, name: str = "Churn", **fields: Any) -> Metric:
    return create_metric(engagement=by.engagement, by=by, name=name, **fields)


def update(metric: Metric, by: Membership, **fields: Any) -> Metric:
    same = {"version": metric.version, "name": metric.name}
    return update_metric(metric=metric, by=by, **{**same, **fields})


def refusal(by: Membership, **fields: Any) -> tuple[str, str]:
    with pytest.raises(ValidationError) as caught:
        create(by, **fields)
    return str(caught.value.code), caught.value.messages[0]


def test_it_enters_a_metric(lead: Membership) -> None:
    metric = create(lead, " Churn  rate ", unit="percent", steward=lead, valid_low=Decimal(0))

    assert (metric.name, metric.unit, metric.steward) == ("Churn rate", "percent", lead)
    assert metric.data_questions_open[1] == "refresh"


@pytest.mark.parametrize("name", ["Churn", "CHURN", "  churn "])
def test_a_second_one_of_that_name_is_pointed_to_the_first(lead: Membership, name: str) -> None:
    create(lead)

    code, message = refusal(lead, name=name)

    assert code == "duplicate"
    assert message.startswith("“Churn” already has this name.")


def test_umlauts_do_not_hide_a_second_one(lead: Membership) -> None:
    create(lead, "Überfällige Rechnungen")

    assert refusal(lead, name="überfällige rechnungen")[0] == "duplicate"


def test_a_second_one_of_that_formula_is_pointed_to_the_first(lead: Membership) -> None:
    create(lead, technical_definition="lost / all")

    code, message = refusal(lead, name="Loss", technical_definition=" Lost /  all\n")

    assert code == "duplicate"
    assert message.startswith("“Churn” already has this formula.")


def test_blank_formulas_are_not_the_same(lead: Membership) -> None:
    create(lead)

    assert create(lead, "Loss").name == "Loss"


def test_an_archived_name_is_still_taken(lead: Membership) -> None:
    archive_metric(metric=create(lead), by=lead)

    assert refusal(lead, name="churn")[1].startswith("“Churn” (archived) already has")


def test_another_client_may_have_the_same_metric(lead: Membership) -> None:
    create(lead)
    stranger = build.member(build.engagement("Harbor Clinics"), "Charlie")

    with scope(stranger.engagement_id):
        assert create(stranger).name == "Churn"


def test_the_highest_valid_value_is_above_the_lowest(lead: Membership) -> None:
    assert refusal(lead, valid_low=Decimal(5), valid_high=Decimal(5))[0] == "range"


def test_a_viewer_is_no_steward(lead: Membership) -> None:
    viewer = build.member(lead.engagement, "Vera", Role.VIEWER)

    assert refusal(lead, steward=viewer)[0] == "owner"


def test_an_update_changes_what_it_is_given(lead: Membership) -> None:
    metric = create(lead, unit="percent", source="Billing")

    changed = update(metric, lead, name="Churn rate", source="Warehouse")

    assert (changed.name, changed.unit, changed.source) == ("Churn rate", "percent", "Warehouse")
    assert changed.version == 2


def test_an_update_may_keep_its_own_name_and_formula(lead: Membership) -> None:
    metric = create(lead, technical_definition="lost / all")

    assert update(metric, lead, name="churn").name == "churn"


def test_an_update_may_not_take_anothers_name(lead: Membership) -> None:
    create(lead)
    other = create(lead, "Loss")

    with pytest.raises(ValidationError, match="“Churn” already has this name"):
        update(other, lead, name="Churn")


def test_a_steward_who_left_does_not_stop_other_edits(lead: Membership) -> None:
    when = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    leaver = build.member(lead.engagement, "Leo", Role.CONTRIBUTOR, removed_at=when)
    metric = build.metric(lead.engagement, steward=leaver)

    assert update(metric, lead, steward=leaver, unit="hours").unit == "hours"


def test_a_stale_edit_is_told(lead: Membership) -> None:
    metric = create(lead)
    update(metric, lead, unit="percent")

    with pytest.raises(StaleEdit):
        update(metric, lead, unit="share", version=1)


@pytest.fixture
def read(lead: Membership) -> Metric:
    """A metric that a committed key result reads."""
    metric = create(lead, unit="percent", technical_definition="lost / all")
    objective = build.objective(lead, build.cycle(lead.engagement))
    build.live_key_result(objective, metric, title="Share of clients lost")
    return metric


@pytest.mark.parametrize("field", ["unit", "technical_definition"])
def test_what_a_committed_key_result_reads_keeps_its_meaning(
    lead: Membership, read: Metric, field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        update(read, lead, **{field: "share"})

    assert list(refused.value.message_dict) == [field]
    assert "“Share of clients lost”" in refused.value.messages[0]


def test_the_rest_of_it_can_still_change(lead: Membership, read: Metric) -> None:
    changed = update(
        read, lead, unit="percent", definition="Who leaves", source="Billing", valid_high=Decimal(1)
    )

    assert (changed.definition, changed.source) == ("Who leaves", "Billing")


def test_what_was_left_blank_can_be_filled_in(lead: Membership, read: Metric) -> None:
    Metric.objects.update(unit="")

    assert update(read, lead, unit="percent").unit == "percent"


@pytest.mark.parametrize("stage", ["draft", "closed"])
def test_nothing_live_reads_it_so_it_may_change(lead: Membership, read: Metric, stage: str) -> None:
    read.key_results.update(stage=stage)

    assert update(read, lead, unit="share").unit == "share"


def test_it_archives_once(lead: Membership) -> None:
    metric = create(lead)
    first = archive_metric(metric=metric, by=lead)

    assert archive_metric(metric=metric, by=lead).archived_at == first.archived_at
    assert first.archived_by == lead
