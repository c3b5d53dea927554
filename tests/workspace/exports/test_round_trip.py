"""What `okrs.csv` of an export says, the importer makes again."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from engagements.models import Membership
from imports.columns import COLUMNS
from okrs.models import KeyResult, Objective, Stage
from tests import build
from tests.imports.files import SHIPPED, file_of, load
from tests.workspace.exports.archives import export, lines_of

HOSTILE = {
    "objective": "'=1+1",
    "key_result": "'@SUM(A1)",
    "metric": "''-2, or; so",
    "definition": 'Two lines:\r\n"=A1"\ttab',
    "owner": "'+Zoë",
    "unit": "％",
    "baseline": "-1200.5",
    "target": "0",
    "valid_low": "-99999999999999.999999",
    "valid_high": "0.000001",
    "weight": "1.25",
    "starts_on": "2026-01-05",
    "due_on": "2026-03-30",
    "refresh": "",
    "source": "",
    "indicator": "",
    "commitment": "aspirational",
}


def into_another(content: bytes, *, like: Membership) -> Membership:
    """The lead of a second installation of that client, which has nothing but the file."""
    copy = build.engagement(like.engagement.client_name, slug=f"{like.engagement.slug}-2")
    lead = build.member(copy, user=like.user)
    load(content, by=lead)
    return lead


def sheets_of(alice: Membership, other: Membership) -> tuple[str, str]:
    first, second = (export(one.engagement)["okrs.csv"].decode() for one in (alice, other))
    return first, second


@pytest.mark.parametrize("client", ["Northwind SaaS", "Cedar Advisory", "Lakeside Scheduling"])
def test_the_shipped_sets_come_back(db: None, client: str) -> None:
    lead = build.member(build.engagement(client))
    load(SHIPPED.read_bytes(), by=lead)

    first, second = sheets_of(lead, into_another(export(lead.engagement)["okrs.csv"], like=lead))

    assert first.splitlines()[0] == "\ufeff" + ",".join(COLUMNS)
    assert first.count(client) >= 6
    assert first == second


def test_whatever_people_type_comes_back(db: None) -> None:
    lead = build.member(build.engagement("=Northwind"))
    ladder = {"method": "ladder", "ladder": "-4:1;-6:0.7;-8.5:0.35", "baseline": "", "target": ""}
    team = {"level": "team", "team": "'-Platform", "objective": "=A1", "key_result": "'-1"}
    again = {"contributes_to": "'@SUM(A1)", "key_result": "Again"}
    others = ({**line, "owner": HOSTILE["owner"]} for line in (ladder, team, again))
    load(file_of(HOSTILE, *others), by=lead)

    first, second = sheets_of(lead, into_another(export(lead.engagement)["okrs.csv"], like=lead))

    assert first == second
    hostile = lines_of({"okrs.csv": first.encode()}, "okrs.csv")[0]
    assert hostile["engagement"] == "'=Northwind"
    assert {**HOSTILE, **hostile} == {**hostile, **HOSTILE}
    assert "'-4:1;-6:0.7;-8.5:0.35" in first


def test_the_order_and_the_stage_do_not_matter_to_it(alice: Membership, bob: Membership) -> None:
    later = build.cycle(
        alice.engagement, "2026-Q2", starts_on=dt.date(2026, 4, 1), ends_on=dt.date(2026, 6, 30)
    )
    cycle, metric = build.cycle(alice.engagement), build.metric(alice.engagement)
    second = build.objective(alice, cycle, title="Second", position=1)
    for objective in (build.objective(alice, later), second, build.objective(alice, cycle)):
        build.live_key_result(objective, metric, position=1, stage=Stage.CLOSED)
        build.key_result(objective, metric, position=0, owner_id=bob.pk)

    first, other = sheets_of(alice, into_another(export(alice.engagement)["okrs.csv"], like=alice))

    assert first == other
    assert [line["cycle"] for line in lines_of({"x": first.encode()}, "x")] == (
        ["2026-Q1"] * 4 + ["2026-Q2"] * 2
    )


def test_a_contribution_is_named_so_that_one_is_meant(alice: Membership) -> None:
    cycle = build.cycle(alice.engagement)
    here, there = (build.objective(alice, cycle, title=title) for title in ("Here", "There"))

    def made(objective: Objective, title: str, metric: str) -> KeyResult:
        return build.key_result(objective, build.metric(alice.engagement, metric), title=title)

    twins = made(here, "Twin", "Reach"), made(there, "Twin", "Trust")
    shadow = made(here, "Shadow", "Twin"), made(there, "Shadow", "Lone")
    lone = made(there, "Lone", "Pace")
    for source, targets in (
        (made(here, "By title", "A"), [lone, twins[0]]),  # the sheet has room for the first
        (made(here, "By metric", "B"), [twins[1]]),
        (made(here, "By nothing", "C"), [shadow[0]]),  # its metric is a title of others
        (made(here, "By nothing either", "D"), [shadow[1]]),
    ):
        for target in targets:
            build.contribution(source, target)

    files = export(alice.engagement)
    first, second = sheets_of(alice, into_another(files["okrs.csv"], like=alice))

    said = {line["key_result"]: line["contributes_to"] for line in lines_of(files, "okrs.csv")}
    assert {title: name for title, name in said.items() if title.startswith("By")} == {
        "By title": "Lone",
        "By metric": "Trust",
        "By nothing": "",
        "By nothing either": "",
    }
    assert first == second


def test_what_the_importer_would_refuse_stands_with_the_others(alice: Membership) -> None:
    objective = build.objective(alice, build.cycle(alice.engagement))
    metric = build.metric(alice.engagement)
    whole = build.key_result(objective, metric)
    build.key_result(objective)
    build.key_result(objective, metric, owner_id=None)
    build.key_result(objective, metric, method="ladder")
    unmeasured = build.key_result(objective, title="Without a metric", target=Decimal(3))
    build.contribution(whole, unmeasured)

    files = export(alice.engagement)

    (line,) = lines_of(files, "okrs.csv")
    assert (line["key_result"], line["contributes_to"]) == (whole.title, "")
    assert len(lines_of(files, "key_results.csv")) == 5


def test_those_who_left_are_named_too(alice: Membership) -> None:
    gone = build.member(alice.engagement, "Greta")
    objective = build.objective(alice, build.cycle(alice.engagement))
    build.key_result(objective, build.metric(alice.engagement), owner_id=gone.pk)
    build.change(gone, removed_at=objective.created_at, removed_by=alice)

    (line,) = lines_of(export(alice.engagement), "okrs.csv")

    assert (line["owner"], line["owner_email"]) == ("Greta", gone.email)
