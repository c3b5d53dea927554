from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from engagements.models import Membership, Role
from metrics.models import Metric
from okrs.models import ContributionLink, KeyResultAudit, Objective
from tenancy.scoping import scope
from tests import build
from tests.okrs.views.forms import HTMX, only, typed, url_of

METRIC = {"name": "Onboarding time", "unit": "days", "source": "CRM", "refresh": "weekly"}
NEW = {f"metric_{field}": value for field, value in METRIC.items()}


def test_it_drafts_with_numbers_as_typed(client: Client, drafted: Objective) -> None:
    fields = typed(baseline="9,5", target="1.234,5", direction="higher")
    answer = client.post(url_of(drafted, "key-result-create"), fields)

    key_result = only(drafted)
    assert answer.headers["Location"] == url_of(drafted)
    assert (key_result.baseline, key_result.target) == (Decimal("9.5"), Decimal("1234.5"))


def test_a_start_on_the_due_date_is_an_error_at_its_field(
    client: Client, drafted: Objective
) -> None:
    """M5.11."""
    url = url_of(drafted, "key-result-create")
    refused = client.post(url, typed(starts_on="2026-03-31"))
    answer = client.post(url, typed(starts_on="2026-01-12"))

    assert refused.status_code == 422
    assert [*refused.context["form"].errors] == ["starts_on"]
    assert answer.status_code == 302
    assert only(drafted).starts_on == dt.date(2026, 1, 12)


@pytest.mark.parametrize(
    ("unit", "baseline", "target", "read"),
    [
        ("percent", "81,5 %", "95%", ("81.5", "95")),
        ("thousand USD", "$291k", "0.4m", ("291", "400")),
        ("points", "½", "40 points", ("0.5", "40")),
        ("", "900", "1.250", ("900", "1250")),  # the baseline settles the target
        ("", "0.9", "1,250", ("0.9", "1.25")),
    ],
)
def test_figures_are_read_in_the_unit_of_the_metric(
    *,
    client: Client,
    drafted: Objective,
    unit: str,
    baseline: str,
    target: str,
    read: tuple[str, str],
) -> None:
    metric = {**NEW, "metric_unit": unit}
    url = url_of(drafted, "key-result-create")
    client.post(url, typed(baseline=baseline, target=target, direction="higher", **metric))

    key_result = only(drafted)
    assert (key_result.baseline, key_result.target) == tuple(map(Decimal, read))


def test_each_unclear_figure_has_its_own_buttons(client: Client, drafted: Objective) -> None:
    metric = build.metric(drafted.owner.engagement, "Orders", unit="orders", valid_high=None)
    fields = typed(metric=metric.public_id, baseline="1.250", method="ladder", direction="higher")
    fields |= {"ladder_0": "2,500", "ladder_1": "1.000", "ladder_2": "€5", "ladder_3": "0,7"}
    url = url_of(drafted, "key-result-create")

    asked = client.post(url, fields)

    assert asked.status_code == 422
    buttons = set(re.findall(r'name="answer_(\w+)" value="([^"]+)"', asked.text))
    choices = {("baseline", "1250"), ("baseline", "1.25"), ("ladder_0", "2500")}
    assert buttons == choices | {("ladder_0", "2.5"), ("ladder_2", "5")}
    answers = {"answer_ladder_0": "2500", "answer_ladder_2": "5", "answer_baseline": "1250"}
    client.post(url, {**fields, **answers})
    assert only(drafted).baseline == Decimal(1250)
    assert only(drafted).ladder == [["2500", "1.00"], ["5", "0.70"]]


def test_what_a_commit_froze_is_shown_and_unchanged(client: Client, drafted: Objective) -> None:
    url = url_of(build.live_key_result(drafted), "key-result-update")
    dana = build.member(drafted.owner.engagement, "Dana", Role.CONTRIBUTOR)

    page = client.get(url).text
    client.post(url, typed(version=1, owner=dana.public_id, target="1"))

    assert "Frozen at commit" in page
    assert 'name="target"' not in page
    changed = only(drafted)
    assert (changed.owner_id, changed.target) == (dana.pk, Decimal(4))


ANSWERS = {"version": 1, "ambitious": "on", "note": "22 % above trend"}


def test_the_audit_keeps_answers_and_htmx_gets_the_card(client: Client, drafted: Objective) -> None:
    key_result = build.key_result(drafted)
    url = url_of(key_result, "key-result-audit")

    assert client.post(url, ANSWERS).headers["Location"].startswith(url_of(drafted))
    part = client.post(url, ANSWERS, headers=HTMX).text

    assert part.strip().startswith("<article")
    assert f'<details id="audit-{key_result.public_id}" open>' in part
    assert 'id="commit-problems" class="mt-4" hx-swap-oob="true"' in part
    assert 'id="commit-targets" hx-swap-oob="true"' in part
    with scope(drafted.engagement_id):
        kept = KeyResultAudit.objects.get()
    assert (kept.ambitious, kept.note) == (True, "22 % above trend")


def test_an_audit_of_what_changed_is_asked_again(client: Client, drafted: Objective) -> None:
    url = url_of(build.key_result(drafted, version=2), "key-result-audit")

    for headers in ({}, HTMX):
        answer = client.post(url, ANSWERS, headers=headers)
        assert answer.status_code == 409
        assert answer.text.index("data-keep") < answer.text.index(">Save answer<")
        for shown in ('name="ambitious" checked', "22 % above trend", 'name="version" value="2"'):
            assert shown in answer.text
    with scope(drafted.engagement_id):
        assert not KeyResultAudit.objects.exists()


def test_it_links_a_contribution_and_removes_it(client: Client, drafted: Objective) -> None:
    ours = build.key_result(drafted)
    above = build.key_result(build.objective(drafted.owner, drafted.cycle, title="Keep clients"))
    link = {"source": ours.public_id, "target": above.public_id, "how": "Fewer leave early"}

    client.post(url_of(drafted, "contribution-create"), link)

    assert "Fewer leave early" in client.get(url_of(drafted)).text
    with scope(drafted.engagement_id):
        kept = ContributionLink.objects.get().public_id
    client.post(reverse("okrs:contribution-delete", args=[drafted.owner.engagement.slug, kept]))
    with scope(drafted.engagement_id):
        assert not ContributionLink.objects.exists()


def test_a_loop_is_refused_and_the_input_kept(client: Client, drafted: Objective) -> None:
    ours = build.key_result(drafted).public_id
    link = {"source": ours, "target": ours, "how": "Both ways"}

    answer = client.post(url_of(drafted, "contribution-create"), link, headers=HTMX)

    assert answer.status_code == 422
    assert answer.text.strip().startswith('<section id="contributions"')
    assert 'value="Both ways"' in answer.text


RUNGS = [["7", "1.00"], ["8", "0.90"], ["9.5", "0.80"], ["10", "0.70"], ["11", "0.60"]]
RUNGS += [["12", "0.50"], ["13", "0.40"]]


@pytest.mark.parametrize("count", [1, 3, 7])
def test_a_ladder_is_shown_and_saved_as_is(client: Client, drafted: Objective, count: int) -> None:
    key_result = build.key_result(drafted, method="ladder", ladder=RUNGS[:count])
    url = url_of(key_result, "key-result-update")

    shown = re.findall(r'name="(ladder_[0-9]+)"(?: value="([^"]*)")?', client.get(url).text)
    answer = client.post(url, typed(version=1, method="ladder", **dict(shown)))

    assert len(shown) >= 2 * (count + 1)  # room for one more
    assert answer.status_code == 302
    assert only(drafted).ladder == RUNGS[:count]


@pytest.mark.parametrize(
    ("rungs", "marked"),
    [
        pytest.param(["20", "0.7", "16", "1"], [0, 1, 2, 3], id="M5.3-not-best-first"),
        pytest.param(["20", "1", "16"], [2, 3], id="half-a-rung"),
    ],
)
def test_only_the_rungs_with_an_error_are_marked(
    client: Client, drafted: Objective, rungs: list[str], marked: list[int]
) -> None:
    cells = {f"ladder_{at}": cell for at, cell in enumerate(rungs)}  # thresholds and scores in turn

    answer = client.post(url_of(drafted, "key-result-create"), typed(method="ladder", **cells))

    assert answer.status_code == 422
    assert 'name="ladder_0" value="20"' in answer.text
    invalid = re.findall(r'<input[^>]*name="ladder_(\d+)"[^>]*aria-invalid="true"', answer.text)
    assert [int(cell) for cell in invalid] == marked


@pytest.mark.parametrize("later", [False, True])
def test_a_new_metric_comes_with_its_key_result(
    client: Client, lead: Membership, objective: Objective, *, later: bool
) -> None:
    url = url_of(objective, "key-result-create")
    if later:
        url = url_of(build.key_result(objective), "key-result-update")

    client.post(url, typed(version=1, owner=lead.public_id, baseline="9", target="4", **NEW))

    metric = only(objective).metric
    assert {field: getattr(metric, field) for field in METRIC} == METRIC
    assert {metric.owner_id, metric.steward_id} == {lead.pk}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({**NEW, "metric_name": "CHURN"}, "metric_name", id="M4.4-name-taken"),
        pytest.param({"metric_unit": "days"}, "metric_name", id="M4.4-no-name"),
        pytest.param({**NEW, "metric": "churn"}, "metric_name", id="M4.4-two-metrics"),
        pytest.param({**NEW, "title": "Time to order"}, "title", id="M3-key-result-refused"),
        pytest.param({"baseline": "9", "target": "9"}, "target", id="M3-target-is-baseline"),
    ],
)
def test_of_a_refused_form_nothing_is_written_and_the_input_kept(
    client: Client, lead: Membership, objective: Objective, fields: dict[str, Any], field: str
) -> None:
    churn = build.metric(lead.engagement, "Churn")
    build.key_result(objective, title="Time to order")
    if "metric" in fields:
        fields = {**fields, "metric": churn.public_id}

    answer = client.post(url_of(objective, "key-result-create"), typed(**fields), headers=HTMX)

    assert answer.status_code == 422
    assert "<html" not in answer.text
    assert list(answer.context["form"].errors) == [field]
    assert 'aria-invalid="true"' in answer.text
    assert f'value="{fields.get("metric_unit", "9")}"' in answer.text
    with scope(lead.engagement_id):
        assert Metric.objects.get() == churn
        assert only(objective).title == "Time to order"


SENTENCE = "Raise on-time deliveries from 81.5 % to 95 % by 31 Mar, weekly from the ERP"


def fill(client: Client, objective: Objective, sentence: str, **fields: Any) -> Any:
    """Press Save with a sentence that was not read yet; return the form of the answer."""
    blank = {**typed(direction="higher"), "title": "", "sentence": sentence, **fields}
    answer = client.post(url_of(objective, "key-result-create"), blank)
    with scope(objective.engagement_id):
        assert not objective.key_results.exists()
    return answer.context["form"]


def values_of(form: Any) -> dict[str, Any]:
    return {name: form[name].value() for name in form.fields if form[name].value()}


def test_a_sentence_fills_the_form_which_then_saves(client: Client, drafted: Objective) -> None:
    form = fill(client, drafted, SENTENCE, owner=drafted.owner.public_id)
    assert not form.errors

    answer = client.post(url_of(drafted, "key-result-create"), values_of(form))

    assert answer.headers["Location"] == url_of(drafted)
    saved = only(drafted)
    assert (saved.title, saved.baseline, saved.target) == (
        "Raise on-time deliveries",
        Decimal("81.5"),
        Decimal(95),
    )
    metric = saved.metric
    assert (metric.name, metric.unit, metric.source, metric.refresh) == (
        "On-time deliveries",
        "%",
        "ERP",
        "weekly",
    )
    assert saved.owner_id == drafted.owner_id


def test_a_sentence_leaves_other_input_and_chooses_a_known_metric(
    client: Client, drafted: Objective
) -> None:
    known = build.metric(drafted.owner.engagement, "On-Time Deliveries")

    form = fill(client, drafted, SENTENCE, weight="3", indicator="leading")

    shown = values_of(form)
    assert (shown["metric"], shown["weight"], shown["indicator"]) == (
        known.public_id,
        "3",
        "leading",
    )
    assert "metric_name" not in shown
    assert form.unfolded()  # typed values stay in view


def test_another_sentence_replaces_what_the_first_one_filled(
    client: Client, drafted: Objective
) -> None:
    first = fill(client, drafted, SENTENCE)
    typed_since = {**values_of(first), "target": "97", "metric_source": "SAP"}

    typed_since["sentence"] = "Lift uptime to 99"
    second = fill(client, drafted, **typed_since)

    shown = values_of(second)
    assert (shown["title"], shown["target"], shown["metric_source"]) == (
        "Lift uptime",
        "99",
        "SAP",
    )
    assert not {"baseline", "metric_unit", "metric_refresh"} & shown.keys()


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        pytest.param("Raise NPS from 24 to 40 by 3/4", "Not understood: “by 3/4”.", id="date"),
        pytest.param("Improve engagement", "names the thing that is counted", id="M3-no-measure"),
        pytest.param("", 'id="id_sentence"', id="nothing"),
    ],
)
def test_fill_in_names_what_was_not_understood(
    client: Client, drafted: Objective, sentence: str, shown: str
) -> None:
    fields = typed(title="Typed before", sentence=sentence, read=sentence, fill="on")

    answer = client.post(url_of(drafted, "key-result-create"), fields, headers=HTMX)

    assert answer.status_code == 200
    assert shown in answer.text
    with scope(drafted.engagement_id):
        assert not drafted.key_results.exists()


def test_the_rest_is_folded_until_it_has_a_value_or_an_error(
    client: Client, drafted: Objective
) -> None:
    url = url_of(drafted, "key-result-create")

    new, refused = client.get(url), client.post(url, typed(weight="many"))

    assert not new.context["form"].unfolded()
    assert new.context["form"]["owner"].value() == drafted.owner.public_id
    assert '<details class="section">' in new.text
    assert '<details class="section" open>' in refused.text
    assert fill(client, drafted, "Keep uptime above 99.5%").unfolded()


def test_one_draft_leads_to_the_next(client: Client, drafted: Objective) -> None:
    url = url_of(drafted, "key-result-create")

    assert client.post(url, typed(also="on")).headers["Location"] == url


@pytest.mark.parametrize(
    ("title", "good"),
    [
        pytest.param("Share of buyers who return", True, id="M3-good"),
        pytest.param("Improve stuff", False, id="M3-stuff"),
        pytest.param("Improve engagement by 20%", False, id="M3-no-measure"),
        pytest.param("Launch the new website", False, id="M3-output"),
        pytest.param("Publish 12 guides", False, id="M3-activity"),
        pytest.param("Webinars held", False, id="M3-count"),
    ],
)
def test_only_a_title_without_findings_looks_good(
    client: Client, drafted: Objective, title: str, *, good: bool
) -> None:
    metric = build.metric(drafted.owner.engagement, source="CRM", refresh="weekly")
    fields = {"metric": metric.public_id, "owner": drafted.owner.public_id}
    fields |= {"title": title, "direction": "higher", "baseline": "5", "target": "9"}
    reasons = {"reason-no_measure": "Our words", "reason-activity": "Our words"}

    for given in ({}, reasons):
        answer = client.post(url_of(drafted, "key-result-check"), typed(**fields, **given))

        assert ("Looks good." in answer.text) is good
